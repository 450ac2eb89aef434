//! The report of a run: the scorecard as a page that a person reads, in Markdown. Every number is from the scorecard;
//! nothing is computed here.

use std::fmt::Write as _;

use crate::finding::{Finding, Status, percent};
use crate::scorecard::{Criterion, Scorecard};

impl Scorecard {
    /// The report, ready to be written to the run's folder.
    pub fn report_markdown(&self) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_report(&mut page);
        page
    }

    fn write_report(&self, page: &mut String) -> std::fmt::Result {
        let player = self.candidate.as_deref().unwrap_or("a person");
        writeln!(
            page,
            "# {}: {} ({}, {player})\n",
            self.verdict.name().to_uppercase(),
            self.drill,
            self.variant
        )?;
        writeln!(page, "{}. Exit code {}.\n", capital(&self.reason), self.exit)?;
        self.write_cascade(page)?;
        self.write_impact(page)?;
        writeln!(page, "## Criteria\n")?;
        table(page, &self.criteria)?;
        writeln!(page, "## Was the experiment sound?\n")?;
        table(page, &self.proofs)?;
        self.write_money(page)?;
        self.write_doses(page)?;
        self.write_timeline(page)?;
        self.write_footer(page)
    }

    fn write_cascade(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "## What broke, and when\n")?;
        if self.cascade.is_empty() {
            writeln!(page, "Nothing broke.\n")?;
        }
        for broken in &self.cascade {
            writeln!(page, "- **{:+.0} s** {}: {}", broken.seconds, broken.service, broken.symptom)?;
        }
        let measures = &self.measures;
        let pool = [measures.payment_workers_busy_max, measures.payment_queue_depth_max];
        if let [Some(busy), Some(queued)] = pool {
            write!(
                page,
                "\nAt its worst payment had {busy:.0} workers busy and {queued:.0} requests queued"
            )?;
            match (measures.payment_throughput_rps, measures.payment_throughput_span) {
                (Some(rate), Some((from, to))) => {
                    writeln!(page, "; it finished {rate:.1} charges a second ({from:+.0} s to {to:+.0} s).")?;
                }
                _ => writeln!(page, ".")?,
            }
        }
        writeln!(page)
    }

    fn write_impact(&self, page: &mut String) -> std::fmt::Result {
        let measures = &self.measures;
        writeln!(page, "## What users saw\n")?;
        writeln!(
            page,
            "| journey | before | while the trigger was on | after | requests lost |\n|---|---|---|---|---|"
        )?;
        let share = |share: Option<&f64>| share.map_or("no data".to_owned(), |share| percent(*share));
        for (journey, lost) in &measures.goodput_lost_by_journey {
            writeln!(
                page,
                "| {journey} | {} | {} | {} | {lost:.0} |",
                share(measures.goodput_before.get(journey)),
                share(measures.goodput_during.get(journey)),
                share(measures.goodput_after.get(journey))
            )?;
        }
        writeln!(page)?;
        if let (Some(lost), Some(users)) = (measures.goodput_lost, measures.users_hit) {
            writeln!(page, "{lost:.0} requests were not answered in time, to {users} users.")?;
        }
        let seconds = |value: Option<f64>| value.map_or("never".to_owned(), |value| format!("{value:+.0} s"));
        writeln!(
            page,
            "First action {}, recovered {}, recovery verified {}.\n",
            seconds(measures.time_to.first_action),
            seconds(measures.time_to.recovery),
            seconds(measures.time_to.verified_recovery)
        )?;
        list(page, "Attempts per call while the fault was on", &measures.amplification, "")?;
        list(page, "Work done for users who had left", &measures.wasted_work_seconds, " worker-seconds")
    }

    fn write_money(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "## Money\n")?;
        let Some(money) = &self.money else { return writeln!(page, "There are no ledgers.\n") };
        writeln!(page, "| | orders | amount |\n|---|---|---|")?;
        let mut row =
            |name: &str, count: u64, cents: i64| writeln!(page, "| {name} | {count} | {} |", amount(cents));
        row("confirmed", money.confirmed, money.confirmed_cents)?;
        row("of these settled later", money.settled, money.settled_cents)?;
        row("lost", money.lost, money.lost_cents)?;
        row("charged twice or more", money.double, money.double_cents)?;
        row("unknown or pending", money.pending, money.pending_cents)?;
        if money.second_region > 0 {
            row(
                "charged in the bank's second region, and its fees",
                money.second_region,
                money.fees_cents as i64,
            )?;
        }
        if let Some(revenue) = &self.measures.revenue {
            row("saved while a trigger was on", revenue.saved_orders, revenue.saved_cents)?;
            row("missed checkouts (estimate)", revenue.missed_checkouts, revenue.missed_cents)?;
        }
        writeln!(page)
    }

    fn write_doses(&self, page: &mut String) -> std::fmt::Result {
        if self.dose.is_empty() {
            return Ok(());
        }
        writeln!(
            page,
            "## Dose\n\n| fault | measured by | calls | requested p50 | delivered p50 | as requested |\n|---|---|---|---|---|---|"
        )?;
        let ms = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1} ms"));
        for dose in &self.dose {
            let within = dose.within.map_or("not judged", |within| if within { "yes" } else { "**no**" });
            let (requested, delivered) = (ms(dose.requested_ms), ms(dose.delivered_ms));
            writeln!(
                page,
                "| {} | {} | {} | {requested} | {delivered} | {within} |",
                dose.fault, dose.source, dose.n
            )?;
        }
        writeln!(page)
    }

    fn write_timeline(&self, page: &mut String) -> std::fmt::Result {
        writeln!(
            page,
            "## Timeline\n\nSeconds count from the fault's start.\n\n| when | who | what | why |\n|---|---|---|---|"
        )?;
        for event in &self.timeline {
            let unstated = event.why.is_empty() && matches!(event.kind.as_str(), "policy" | "action");
            let why = if unstated { "*no reason stated*".to_owned() } else { cell(&event.why) };
            writeln!(
                page,
                "| {:+.1} s | {} | {} | {why} |",
                event.seconds,
                cell(&event.actor),
                cell(&event.what)
            )?;
        }
        writeln!(page)
    }

    fn write_footer(&self, page: &mut String) -> std::fmt::Result {
        writeln!(page, "## The run\n")?;
        writeln!(
            page,
            "- run `{}`, seed {}, scale {}, schedule `{}`",
            self.run, self.seed, self.scale, self.schedule_hash
        )?;
        let load = &self.load;
        if let (Some(offered), Some(achieved)) = (load.offered, load.achieved) {
            let late = load.lateness_p99_ms.unwrap_or_default();
            writeln!(
                page,
                "- load: {offered:.1} requests a second offered, {achieved:.1} sent, at most {late:.2} ms late (p99)"
            )?;
        }
        if let Some(law) = &self.measures.littles_law {
            writeln!(
                page,
                "- Little's law before the fault: {:.1}/s x {:.1} ms = {:.1} busy workers, measured {:.1} ({:+.1} %, busy from {})",
                law.rate,
                law.latency_s * 1e3,
                law.rate * law.latency_s,
                law.busy,
                law.error_share * 100.0,
                law.busy_from
            )?;
        }
        if let Some(footprint) = self.footprint.as_object() {
            let figures: Vec<String> =
                footprint.iter().map(|(name, value)| format!("{name} {value}")).collect();
            writeln!(page, "- footprint: {}", figures.join(", "))?;
        }
        for item in &self.residue {
            writeln!(page, "- **left behind**: {item}")?;
        }
        writeln!(page, "- head of the journal `{}`", self.head)
    }
}

fn table(page: &mut String, criteria: &[Criterion]) -> std::fmt::Result {
    writeln!(page, "| | criterion | value | threshold | why | evidence |\n|---|---|---|---|---|---|")?;
    for criterion in criteria {
        let finding = &criterion.finding;
        let status = match finding.status {
            Status::Pass => "pass",
            Status::Fail => "**FAIL**",
            Status::Unknown => "*unknown*",
        };
        let optional = if criterion.required { "" } else { " (not required)" };
        let number = |value: Option<f64>| {
            value.map_or("-".to_owned(), |value| format!("{}", (value * 1e4).round() / 1e4))
        };
        writeln!(
            page,
            "| {status} | {}{optional} | {} | {} | {} | {} |",
            criterion.name,
            number(finding.value),
            number(finding.threshold),
            cell(&finding.reason),
            cell(&evidence(finding))
        )?;
    }
    writeln!(page)
}

/// Where to look, and what to ask there.
fn evidence(finding: &Finding) -> String {
    match &finding.query {
        Some(query) => format!("{}: `{query}`", finding.evidence),
        None => finding.evidence.clone(),
    }
}

fn list(
    page: &mut String,
    title: &str,
    values: &std::collections::BTreeMap<String, f64>,
    unit: &str,
) -> std::fmt::Result {
    if values.is_empty() {
        return Ok(());
    }
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value:.2}{unit}")).collect();
    writeln!(page, "{title}: {}.\n", values.join(", "))
}

/// Cents as a plain amount; a shop of this lab has no currency.
pub(crate) fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// Text that cannot break out of a table cell.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use evidence::kind;
    use serde_json::json;

    #[test]
    fn a_report_tells_what_broke_who_acted_and_why() {
        let bed = Bed::never_recovered().entry(
            12_000,
            kind::POLICY,
            "alice",
            json!({"version": 3, "reason": "stop | the bleeding", "patch": {"flags": {"checkout": "off"}}, "document": {"version": 1}}),
        );
        let report = crate::grade(&bed.recording()).card.report_markdown();
        for part in [
            "# FAIL: bank-slowdown (smoke, nothing)",
            "payment: the worker pool is full",
            "| **FAIL** | goodput |",
            "| +7.0 s | alice | policy 3: flags.checkout = off | stop \\| the bleeding |",
            "## Money",
            "## Dose",
        ] {
            assert!(report.contains(part), "no `{part}` in\n{report}");
        }
    }

    #[test]
    fn a_report_of_nothing_is_still_a_page() {
        let report = crate::grade(&evidence::Recording::default()).card.report_markdown();
        assert!(report.starts_with("# VOID"), "{report}");
    }

    #[test]
    fn amounts_read_as_amounts() {
        assert_eq!((amount(1_999), amount(-5)), ("19.99".to_owned(), "-0.05".to_owned()));
    }
}
