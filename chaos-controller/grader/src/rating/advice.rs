//! What to do about a fact that does not hold, and what to read: a page of this repository and a public work by its author
//! and title.

use super::Resource;
use super::facts::{About, Fact, Part};

/// For one kind of gap.
pub(super) struct Advice {
    pub(super) text: &'static str,
    read: [Work; 2],
}

/// A title, and where it is.
type Work = (&'static str, &'static str);

const MOST: usize = 3;

const DEBUGGING: Work = ("A walk through a real incident", "docs/debugging.md");
const POLICY: Work = ("The policy document: every lever, its unit and what it cannot do", "docs/policy.md");
const STORM: Work = ("The retry storm, cure by cure", "docs/retry-storm.md");
const SCORECARD: Work = ("How a run is scored, and by which facts", "docs/scorecard.md");
const MONEY: Work = ("Runbook: money", "deploy/runbooks/money.md");
const WORKERS: Work = ("Runbook: all workers are busy", "deploy/runbooks/workers-full.md");
const RUNBOOKS: Work = ("The runbooks", "deploy/runbooks/README.md");
const RELEASE_IT: Work =
    ("Release It!, chapters on stability antipatterns and patterns", "Michael T. Nygard, 2nd edition");
const CASCADING: Work =
    ("Addressing Cascading Failures", "Mike Ulrich, in: Site Reliability Engineering (Google)");
const MANAGING: Work =
    ("Managing Incidents", "Andrew Stribblehill, in: Site Reliability Engineering (Google)");
const TROUBLE: Work = ("Effective Troubleshooting", "Chris Jones, in: Site Reliability Engineering (Google)");
const METASTABLE: Work =
    ("Metastable Failures in Distributed Systems", "Bronson, Aghayev, Charapko and Zhu, HotOS 2021");
const PAGERDUTY: Work =
    ("Incident response: before, during, after", "PagerDuty Incident Response documentation");
const IDEMPOTENCE: Work = ("Idempotence Is Not a Medical Condition", "Pat Helland, ACM Queue, 2012");
const BACKOFF: Work = ("Timeouts, retries and backoff with jitter", "Marc Brooker, Amazon Builders' Library");

/// By the part that failed, where one is known: a bound on the wait is no news to somebody who set one.
pub(super) fn advice(fact: &Fact) -> Advice {
    match fact.part {
        Some(part) => of_part(part),
        None => of(fact.about),
    }
}

fn of_part(part: Part) -> Advice {
    let (text, read) = match part {
        Part::PendingInHealth => (
            "answer \"pending\" only while the trigger is on: a breaker opens for less than the drill's grace, and the settler's rate leaves room for new orders",
            [POLICY, RELEASE_IT],
        ),
        Part::QueueWait => (
            "shorten the queue, or give its place to the newest: who has waited long has left",
            [WORKERS, CASCADING],
        ),
        Part::Amplification => ("bound the retries on every edge by a budget", [STORM, BACKOFF]),
        Part::Hold => (
            "stay until it is steady: look at what fills up again, a queue, a settler, the probes of a breaker",
            [POLICY, CASCADING],
        ),
        Part::Replay => {
            ("leave a policy behind under which the same trigger does nothing", [STORM, METASTABLE])
        }
        Part::SafeBounds => {
            ("a wider pool waits for more of the same; bound the wait instead", [POLICY, RELEASE_IT])
        }
        Part::Services => (
            "keep every service there: what is taken away is no longer sick, and no longer serves",
            [RUNBOOKS, CASCADING],
        ),
        Part::Lost => (
            "let a settler ask the bank what became of each charge whose answer was lost",
            [MONEY, IDEMPOTENCE],
        ),
        Part::Double => ("give every charge a key before anything tries it again", [MONEY, IDEMPOTENCE]),
        Part::LeftOpen => {
            ("let a settler decide what is open, at a rate that is done before the end", [MONEY, IDEMPOTENCE])
        }
    };
    Advice { text, read }
}

fn of(about: About) -> Advice {
    let (text, read) = match about {
        About::Recovered | About::PartlyBack => (
            "bound the wait for what is slow first, then give an answer that does not need it",
            [WORKERS, CASCADING],
        ),
        About::Lasted => {
            ("leave a policy behind under which the same trigger does nothing", [STORM, METASTABLE])
        }
        About::Layers => (
            "a timeout alone gives up the work; add a breaker, room of its own and an answer without it",
            [POLICY, RELEASE_IT],
        ),
        About::Money => {
            ("give every charge a key, and let a settler decide what is open", [MONEY, IDEMPOTENCE])
        }
        About::Bounds => {
            ("a wider pool waits for more of the same; bound the wait instead", [POLICY, RELEASE_IT])
        }
        About::Prompt | About::MitigatedFirst => (
            "stop the bleeding before the search, since users cannot wait for the cause",
            [RUNBOOKS, MANAGING],
        ),
        About::Declared => ("look at the users' goodput before saying that it is over", [RUNBOOKS, MANAGING]),
        About::Cause | About::Mechanism | About::Propagation => (
            "follow one failing request down, and submit what you find with `firedrill diagnose`",
            [DEBUGGING, TROUBLE],
        ),
        About::NobodyBlamed => (
            "who shows the error is rarely who made it, so ask where the request waits",
            [DEBUGGING, TROUBLE],
        ),
        About::Amplification => ("count attempts per call on every edge", [STORM, BACKOFF]),
        About::BlastRadius => {
            ("say what users can and cannot do, journey by journey", [SCORECARD, PAGERDUTY])
        }
        About::Severity | About::Heard => {
            ("call a severity in the first two minutes; it may be corrected later", [SCORECARD, PAGERDUTY])
        }
        About::Roles | About::Tasks => {
            ("one leads, another acts, and each task has a name on it", [SCORECARD, PAGERDUTY])
        }
        About::Told | About::Cadence => (
            "tell users and stakeholders what works and what does not, and say when the next news comes",
            [SCORECARD, PAGERDUTY],
        ),
        About::Reasons => {
            ("state a reason with each change, so that another can judge it", [SCORECARD, MANAGING])
        }
        About::WayBack => (
            "before a change, put on record what it should do and how it is taken back",
            [SCORECARD, MANAGING],
        ),
        About::Hypothesis => (
            "say what you believe, what you then expect to see, and what would change your mind",
            [DEBUGGING, TROUBLE],
        ),
    };
    Advice { text, read }
}

/// Two or three, for the gaps in their order; none if there is no gap. Each gap's public work first, then the pages.
pub(super) fn resources(gaps: &[&Fact]) -> Vec<Resource> {
    let mut chosen: Vec<Resource> = Vec::new();
    for turn in [1, 0] {
        for fact in gaps {
            let (title, place) = advice(fact).read[turn];
            if chosen.len() < MOST && chosen.iter().all(|one| one.title != title) {
                let gap = advice(fact).text.to_owned();
                chosen.push(Resource { title: title.to_owned(), place: place.to_owned(), gap });
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gap_has_a_public_work_and_a_page() {
        let fact = Fact::judged(About::Money, false, "double");
        let places: Vec<String> = resources(&[&fact]).into_iter().map(|one| one.place).collect();
        assert_eq!(places, ["Pat Helland, ACM Queue, 2012", "deploy/runbooks/money.md"]);
        assert!(resources(&[]).is_empty());
    }

    #[test]
    fn advice_follows_what_failed() {
        let fact = Fact::judged(About::Recovered, false, "orders were left pending");
        assert!(advice(&fact).text.contains("bound the wait"));
        let pending = fact.part(Some(Part::PendingInHealth));
        assert!(
            !advice(&pending).text.contains("bound the wait") && advice(&pending).text.contains("settler")
        );
        let removed = Fact::judged(About::Bounds, false, "payment is gone").part(Part::of("services"));
        assert!(advice(&removed).text.contains("every service"));
    }

    #[test]
    fn every_fact_has_advice_and_nothing_is_named_twice() {
        for about in About::ALL {
            assert!(!of(about).text.is_empty());
        }
        let gaps =
            [About::Cause, About::Mechanism, About::Hypothesis].map(|about| Fact::judged(about, false, "x"));
        let chosen = resources(&gaps.iter().collect::<Vec<_>>());
        assert_eq!(chosen.len(), 2);
    }
}
