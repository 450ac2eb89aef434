//! The verdict in a few lines, for the end of a run. All numbers are the
//! scorecard's; the report says the rest.

use std::fmt::Write as _;

use grader::{Criterion, Exit, Money, Scorecard, Status, Storm, TimeTo, Verdict};

use crate::paint::{Paint, Tone};
use crate::rating;

/// The end of a run, for a person.
pub(crate) fn summary(card: &Scorecard, dir: &str, paint: Paint) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_summary(&mut text, card, dir, paint);
    text
}

fn write_summary(text: &mut String, card: &Scorecard, dir: &str, paint: Paint) -> std::fmt::Result {
    let player = card.candidate.as_deref().unwrap_or("a person");
    writeln!(
        text,
        "{} {}/{} played by {player}: {}",
        word(card.verdict, paint),
        card.drill,
        card.variant,
        card.reason
    )?;
    writeln!(text, "     seed {}, scale {}, exit code {}", card.seed, card.scale, card.exit)?;
    if card.exit == Exit::INTERRUPTED.0 {
        write_residue(text, card, paint)?;
        return writeln!(text, "report  {dir}/report.html");
    }
    if !card.cascade.is_empty() {
        writeln!(text, "\nwhat broke, seconds after the fault")?;
        for broken in &card.cascade {
            writeln!(text, "  {:>6.1}  {}: {}", broken.seconds, broken.service, broken.symptom)?;
        }
    }
    let told = card.criteria.iter();
    let told = told.filter(|criterion| criterion.required || criterion.finding.status != Status::Pass);
    write_criteria(text, "criteria", &told.collect::<Vec<_>>(), paint)?;
    let broken_proofs: Vec<&Criterion> =
        card.proofs.iter().filter(|proof| proof.finding.status != Status::Pass).collect();
    if !broken_proofs.is_empty() {
        write_criteria(text, "why the run proves nothing", &broken_proofs, paint)?;
    }
    if let Some(storm) = &card.measures.storm {
        writeln!(text, "\nstorm   {}", storm_words(storm))?;
    }
    if let Some(back) = back_words(&card.measures.time_to) {
        writeln!(text, "back    {back}")?;
    }
    if let Some(money) = &card.money {
        writeln!(text, "\nmoney   {}", money_words(money))?;
    }
    if let (Some(offered), Some(achieved)) = (card.load.offered, card.load.achieved) {
        let lateness =
            card.load.lateness_p99_ms.map_or(String::new(), |ms| format!(", sent within {ms:.1} ms (p99)"));
        writeln!(text, "load    {achieved:.1} of {offered:.1} requests/s{lateness}")?;
    }
    text.push_str(&rating::lines(card));
    write_residue(text, card, paint)?;
    writeln!(text, "report  {dir}/report.html")
}

fn write_residue(text: &mut String, card: &Scorecard, paint: Paint) -> std::fmt::Result {
    card.residue.iter().try_for_each(|left| writeln!(text, "{}    {left}", paint.bad("LEFT")))
}

/// A heading, and the names in a column as wide as the longest.
fn write_criteria(text: &mut String, what: &str, all: &[&Criterion], paint: Paint) -> std::fmt::Result {
    writeln!(text, "\n{what}")?;
    let width = all.iter().map(|criterion| criterion.name.len() + 2).max().unwrap_or_default().max(16);
    all.iter().try_for_each(|criterion| write_criterion(text, criterion, width, paint))
}

/// What the shop was like by itself.
fn storm_words(storm: &Storm) -> String {
    let share = |share: Option<f64>| share.map_or("?".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let number =
        |value: Option<f64>, digits: usize| value.map_or("?".to_owned(), |v| format!("{v:.digits$}"));
    format!(
        "{:+.0} s to {:+.0} s: goodput {}, {} attempts per call, {} per request of a user, {} workers busy ({}), {} queued, {} for nobody",
        storm.from,
        storm.to,
        share(storm.goodput),
        number(storm.amplification, 2),
        number(storm.attempts_per_offered, 1),
        number(storm.workers_busy, 0),
        share(storm.busy),
        number(storm.queue_depth, 0),
        share(storm.waste)
    )
}

/// How soon goodput was back, where that is judged after the trigger.
fn back_words(time_to: &TimeTo) -> Option<String> {
    let named = [
        (time_to.after_trigger, "the trigger"),
        (time_to.after_action, "the first action"),
        (time_to.after_replay, "the trigger that was fired again"),
    ];
    let words =
        named.into_iter().filter_map(|(seconds, what)| Some(format!("{:.0} s after {what}", seconds?)));
    Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
}

fn write_criterion(text: &mut String, criterion: &Criterion, width: usize, paint: Paint) -> std::fmt::Result {
    let (tone, mark) = match criterion.finding.status {
        Status::Pass => (Tone::Good, "pass"),
        Status::Fail => (Tone::Bad, "FAIL"),
        Status::Unknown => (Tone::Warn, "unknown"),
    };
    let required = if criterion.required { "" } else { " (not required)" };
    writeln!(
        text,
        "  {}  {:<width$}{}{required}",
        paint.paint(tone, &format!("{mark:<7}")),
        criterion.name,
        criterion.finding.reason
    )
}

pub(crate) fn word(verdict: Verdict, paint: Paint) -> String {
    let tone = match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail => Tone::Bad,
        Verdict::Void => Tone::Warn,
    };
    paint.paint(tone, &verdict.name().to_uppercase())
}

fn money_words(money: &Money) -> String {
    let fees = match money.second_region {
        0 => String::new(),
        charges => {
            format!("; fees {} for {charges} charges in the second region", amount(money.fees_cents as i64))
        }
    };
    format!(
        "{} orders confirmed ({}); lost {}, double {}, pending {}{fees}",
        money.confirmed,
        amount(money.confirmed_cents),
        money.lost,
        money.double,
        money.pending
    )
}

/// Cents as a sum of money; the shop's currency has no name.
pub(crate) fn amount(cents: i64) -> String {
    let whole = (cents / 100).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{:02}", if cents < 0 { "-" } else { "" }, (cents % 100).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(amount(0), "0.00");
        assert_eq!(amount(123_456_789), "1,234,567.89");
        assert_eq!(amount(-5), "-0.05");
        assert_eq!(amount(100_000), "1,000.00");
    }

    #[test]
    fn money_is_told_with_what_is_wrong() {
        let money = Money {
            confirmed: 12,
            confirmed_cents: 120_000,
            lost: 1,
            double: 2,
            pending: 3,
            ..Money::default()
        };
        assert_eq!(money_words(&money), "12 orders confirmed (1,200.00); lost 1, double 2, pending 3");
        let dear = Money { second_region: 4, fees_cents: 120, ..money };
        let words = money_words(&dear);
        assert!(words.ends_with("pending 3; fees 1.20 for 4 charges in the second region"), "{words}");
    }
}
