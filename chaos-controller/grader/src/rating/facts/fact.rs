//! One statement about whoever played, and the list of all that are made. The order is that of importance: strengths and
//! improvements are taken from the front.

/// Whether it holds, and how that is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    pub(crate) about: About,
    /// `None`: the run does not show it.
    pub(crate) holds: Option<bool>,
    /// One clause for a person.
    pub(crate) text: String,
    /// Where to look.
    pub(crate) evidence: String,
    /// Which part of it failed, where advice differs by that.
    pub(crate) part: Option<Part>,
}

/// What of a fact failed: one of the criteria that it sums up, or one side of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Users had their answers, and orders were left pending with a healthy bank.
    PendingInHealth,
    QueueWait,
    Amplification,
    Hold,
    Replay,
    SafeBounds,
    Services,
    Lost,
    Double,
    LeftOpen,
}

impl Part {
    /// That of a criterion; `None` where advice does not go further than the fact.
    pub(crate) fn of(criterion: &str) -> Option<Part> {
        match criterion {
            "queue_wait" => Some(Part::QueueWait),
            "amplification" => Some(Part::Amplification),
            "hold" => Some(Part::Hold),
            "replay" => Some(Part::Replay),
            "safe_bounds" => Some(Part::SafeBounds),
            "services" => Some(Part::Services),
            _ => None,
        }
    }
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// The shop was well again, through what was done.
    Recovered,
    /// It stayed well, also when the trigger came again.
    Lasted,
    /// The cause was named.
    Cause,
    /// So was what made an outage of it.
    Mechanism,
    /// The users did not wait for the search.
    MitigatedFirst,
    /// Users or stakeholders were told.
    Told,
    /// No order lost, double or left open.
    Money,
    /// Several kinds of levers were in force.
    Layers,
    /// Every change had a reason.
    Reasons,
    /// Something was done soon.
    Prompt,
    /// How it climbed was named.
    Propagation,
    /// No victim was blamed.
    NobodyBlamed,
    /// Who was hit was said.
    BlastRadius,
    /// How bad it is was said, soon.
    Severity,
    /// Somebody led and somebody else acted.
    Roles,
    /// Decisions said what to expect and how to go back.
    WayBack,
    /// A belief was put to the test.
    Hypothesis,
    /// Nobody waited long for news.
    Cadence,
    /// The first word came soon.
    Heard,
    /// What there was to do had an owner, and was done.
    Tasks,
    /// Recovery was declared when it was there.
    Declared,
    /// What multiplied the load was named.
    Amplification,
    /// Inside the safe bounds, with every service there.
    Bounds,
    /// A journey that was lost came back.
    PartlyBack,
}

/// What a fact belongs to: remarks are spread over these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Recovery,
    Cascade,
    Response,
    Care,
}

impl About {
    pub(crate) const ALL: [About; 24] = [
        About::Recovered,
        About::Lasted,
        About::Cause,
        About::Mechanism,
        About::MitigatedFirst,
        About::Told,
        About::Money,
        About::Layers,
        About::Reasons,
        About::Prompt,
        About::Propagation,
        About::NobodyBlamed,
        About::BlastRadius,
        About::Severity,
        About::Roles,
        About::WayBack,
        About::Hypothesis,
        About::Cadence,
        About::Heard,
        About::Tasks,
        About::Declared,
        About::Amplification,
        About::Bounds,
        About::PartlyBack,
    ];

    pub(crate) fn subject(self) -> Subject {
        match self {
            About::Recovered
            | About::Lasted
            | About::Money
            | About::Layers
            | About::Prompt
            | About::Bounds
            | About::Declared
            | About::PartlyBack => Subject::Recovery,
            About::Cause
            | About::Mechanism
            | About::Propagation
            | About::NobodyBlamed
            | About::BlastRadius
            | About::Amplification => Subject::Cascade,
            About::MitigatedFirst
            | About::Told
            | About::Severity
            | About::Roles
            | About::Cadence
            | About::Heard
            | About::Tasks => Subject::Response,
            About::Reasons | About::WayBack | About::Hypothesis => Subject::Care,
        }
    }
}

impl Fact {
    pub(crate) fn judged(about: About, holds: bool, text: impl Into<String>) -> Fact {
        Fact { about, holds: Some(holds), text: text.into(), evidence: String::new(), part: None }
    }

    pub(crate) fn unseen(about: About, why: impl Into<String>) -> Fact {
        Fact { about, holds: None, text: why.into(), evidence: String::new(), part: None }
    }

    pub(crate) fn at(mut self, evidence: impl Into<String>) -> Fact {
        self.evidence = evidence.into();
        self
    }

    pub(crate) fn part(mut self, part: Option<Part>) -> Fact {
        self.part = part;
        self
    }

    /// As it stands in the evidence of a row.
    pub(crate) fn line(&self) -> String {
        let mark = match self.holds {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not seen",
        };
        match self.evidence.is_empty() {
            true => format!("{mark}: {}", self.text),
            false => format!("{mark}: {} ({})", self.text, self.evidence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whether_why_and_where() {
        let fact = Fact::judged(About::Told, true, "users were told").at("journal: entry 4");
        assert_eq!(fact.line(), "yes: users were told (journal: entry 4)");
        assert_eq!(Fact::unseen(About::Roles, "one person alone").line(), "not seen: one person alone");
    }
}
