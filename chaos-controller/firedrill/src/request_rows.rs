//! Requests of a recorded run as rows, for people, programs and spreadsheets, and what they add up to. Which of them
//! are good is the grader's word.

use std::collections::BTreeMap;

use drill::Journey;
use evidence::Request;
use evidence::requests::JOURNEYS;
use grader::{Bad, Judged, RequestLog, Tally};
use serde::Serialize;

use crate::figures::seconds;
use crate::output::table;
use crate::since_fault;

/// Which requests are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) journey: Option<Journey>,
    pub(crate) user: Option<u32>,
    /// Intended times in milliseconds since the start of the run, the end not included.
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    /// Rows are those that are not good; the totals are of all.
    pub(crate) bad: bool,
    /// Most rows, the first to be intended first.
    pub(crate) limit: usize,
}

/// The answer.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Listing {
    /// The fault's start, in seconds of the run; null: there was none, and all seconds are the run's.
    fault_seconds: Option<f64>,
    /// Rows that there are; at most the limit of them follow.
    pub(crate) matched: usize,
    pub(crate) rows: Vec<Row>,
    totals: Vec<Total>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The intended time, since the start of the run.
    run_seconds: f64,
    /// The same, since the fault's start.
    seconds: f64,
    journey: &'static str,
    index: u64,
    /// Of a checkout, as the ledgers name it; null: they know none.
    order: Option<String>,
    user: u32,
    lateness_ms: f64,
    latency_ms: f64,
    outcome: &'static str,
    good: bool,
    why: Option<Bad>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Total {
    journey: &'static str,
    offered: u64,
    good: u64,
    share: Option<f64>,
}

impl Choice {
    /// Whether the request counts for the totals.
    fn counts(&self, request: &Request) -> bool {
        self.journey.is_none_or(|journey| journey.index() == request.journey)
            && self.user.is_none_or(|user| user == request.user)
            && request.intended_us >= self.from_ms.saturating_mul(1_000)
            && request.intended_us < self.to_ms.saturating_mul(1_000)
    }
}

/// The rows of a choice, and its totals by journey.
pub(crate) fn listing(log: &RequestLog, orders: &BTreeMap<u64, &str>, choice: &Choice) -> Listing {
    let counted = || log.rows.iter().filter(|row| choice.counts(&row.request));
    let shown = || counted().filter(|row| !choice.bad || row.bad.is_some());
    let mut tallies: BTreeMap<u8, Tally> = log
        .journeys
        .iter()
        .filter(|journey| choice.journey.is_none_or(|chosen| chosen == **journey))
        .map(|journey| (journey.index(), Tally::default()))
        .collect();
    counted().for_each(|row| tallies.entry(row.request.journey).or_default().count(row.bad.is_none()));
    let mut totals: Vec<Total> =
        tallies.iter().map(|(journey, tally)| Total::of(name(*journey), *tally)).collect();
    if totals.len() > 1 {
        let all = tallies.values().fold(Tally::default(), |all, tally| Tally {
            offered: all.offered + tally.offered,
            good: all.good + tally.good,
        });
        totals.push(Total::of("all", all));
    }
    let fault_ms = log.fault_ms.unwrap_or_default();
    Listing {
        fault_seconds: log.fault_ms.map(|ms| ms as f64 / 1e3),
        matched: shown().count(),
        rows: shown().take(choice.limit).map(|row| Row::of(row, orders, fault_ms)).collect(),
        totals,
    }
}

fn name(journey: u8) -> &'static str {
    JOURNEYS.get(usize::from(journey)).copied().unwrap_or("?")
}

impl Total {
    fn of(journey: &'static str, tally: Tally) -> Total {
        Total { journey, offered: tally.offered, good: tally.good, share: tally.share() }
    }
}

impl Row {
    fn of(judged: &Judged, orders: &BTreeMap<u64, &str>, fault_ms: u64) -> Row {
        let request = &judged.request;
        let checkout = request.journey == Journey::Checkout.index();
        Row {
            run_seconds: request.intended_us as f64 / 1e6,
            seconds: since_fault::seconds(request.intended_us, fault_ms),
            journey: name(request.journey),
            index: request.index,
            order: checkout.then(|| orders.get(&request.index).map(|id| (*id).to_owned())).flatten(),
            user: request.user,
            lateness_ms: request.lateness_us as f64 / 1e3,
            latency_ms: request.latency_us as f64 / 1e3,
            outcome: request.outcome.name(),
            good: judged.bad.is_none(),
            why: judged.bad,
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            format!("{:>9.3}", self.run_seconds),
            format!("{:>+9.3}", self.seconds),
            self.journey.to_owned(),
            self.index.to_string(),
            self.order.clone().unwrap_or_else(|| "-".to_owned()),
            format!("u{}", self.user),
            seconds(self.lateness_ms / 1e3),
            seconds(self.latency_ms / 1e3),
            self.outcome.to_owned(),
            self.why.map_or("good", Bad::words).to_owned(),
        ]
    }

    /// No cell of these can hold a comma: ids and outcomes are the lab's own.
    fn csv(&self) -> String {
        let why = self.why.map(|why| serde_json::to_value(why).unwrap_or_default());
        format!(
            "{},{},{},{},{},{},{},{},{},{},{}\n",
            self.run_seconds,
            self.seconds,
            self.journey,
            self.index,
            self.order.as_deref().unwrap_or_default(),
            self.user,
            self.lateness_ms,
            self.latency_ms,
            self.outcome,
            self.good,
            why.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default()
        )
    }
}

impl Listing {
    /// For a person: the rows, and under them the totals.
    pub(crate) fn text(&self) -> String {
        const HEAD: [&str; 10] = [
            "    RUN s",
            "  FAULT s",
            "JOURNEY",
            "INDEX",
            "ORDER",
            "USER",
            "LATE BY",
            "LATENCY",
            "OUTCOME",
            "JUDGED",
        ];
        let rows: Vec<Vec<String>> = self.rows.iter().map(Row::cells).collect();
        let rows = if rows.is_empty() { String::new() } else { table(&HEAD, &rows) + "\n" };
        rows + &self.totals()
    }

    /// A line for each journey.
    pub(crate) fn totals(&self) -> String {
        let cells = |total: &Total| {
            vec![
                total.journey.to_owned(),
                format!("{:>7}", total.offered),
                format!("{:>7}", total.good),
                total.share.map_or_else(|| "-".to_owned(), |share| format!("{share:.4}")),
            ]
        };
        let rows: Vec<Vec<String>> = self.totals.iter().map(cells).collect();
        table(&["TOTAL", "OFFERED", "   GOOD", "SHARE"], &rows)
    }

    /// The rows for a spreadsheet.
    pub(crate) fn csv(&self) -> String {
        let head = "run_seconds,seconds,journey,index,order,user,lateness_ms,latency_ms,outcome,good,why\n"
            .to_owned();
        self.rows.iter().fold(head, |text, row| text + &row.csv())
    }
}

#[cfg(test)]
mod tests {
    use evidence::Outcome;

    use super::*;

    const ALL: Choice =
        Choice { journey: None, user: None, from_ms: 0, to_ms: u64::MAX, bad: false, limit: 20 };

    /// A home and a checkout each second from the first on, the fault from the second on; every other checkout is bad.
    fn log() -> RequestLog {
        let row = |second: u64, journey: Journey| {
            let bad = (journey == Journey::Checkout && second.is_multiple_of(2)).then_some(Bad::Late);
            let request = Request {
                intended_us: second * 1_000_000,
                journey: journey.index(),
                index: second,
                user: second as u32,
                lateness_us: 200,
                latency_us: 1_500_000,
                outcome: Outcome::Ok,
            };
            Judged { request, bad }
        };
        let journeys = [Journey::Home, Journey::Checkout];
        RequestLog {
            fault_ms: Some(2_000),
            journeys: journeys.to_vec(),
            rows: (1..=4).flat_map(|second| journeys.map(|journey| row(second, journey))).collect(),
        }
    }

    fn listed(choice: Choice) -> Listing {
        listing(&log(), &BTreeMap::from([(4, "o1-1-4")]), &choice)
    }

    fn totals(listing: &Listing) -> Vec<(&str, u64, u64)> {
        listing.totals.iter().map(|total| (total.journey, total.offered, total.good)).collect()
    }

    #[test]
    fn the_totals_are_of_the_span_whatever_rows_are_shown() {
        let span = Choice { from_ms: 2_000, to_ms: 4_000, ..ALL };
        let expected = [("home", 2, 2), ("checkout", 2, 1), ("all", 4, 3)];
        for choice in [span, Choice { bad: true, ..span }, Choice { limit: 0, ..span }] {
            assert_eq!(totals(&listed(choice)), expected, "{choice:?}");
        }
        let bad = listed(Choice { bad: true, ..span });
        assert_eq!((bad.matched, bad.rows.len(), bad.rows[0].why), (1, 1, Some(Bad::Late)));
        assert_eq!(listed(Choice { limit: 3, ..ALL }).matched, 8);
    }

    #[test]
    fn one_journey_or_one_user_has_totals_of_its_own() {
        let checkouts = listed(Choice { journey: Some(Journey::Checkout), ..ALL });
        assert_eq!(totals(&checkouts), [("checkout", 4, 2)]);
        let user = listed(Choice { user: Some(3), ..ALL });
        assert_eq!(totals(&user), [("home", 1, 1), ("checkout", 1, 1), ("all", 2, 2)]);
        let nobody = listed(Choice { journey: Some(Journey::Checkout), user: Some(99), ..ALL });
        assert_eq!(nobody.text(), "TOTAL     OFFERED     GOOD  SHARE\ncheckout        0        0  -\n");
    }

    #[test]
    fn a_row_tells_both_clocks_and_the_order() {
        let last = Choice { journey: Some(Journey::Checkout), from_ms: 4_000, ..ALL };
        let text = listed(last).text();
        let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        let expected = "4.000 +2.000 checkout 4 o1-1-4 u4 200 µs 1.50 s ok too late";
        assert_eq!(row.join(" "), expected);
        let csv = listed(last).csv();
        assert_eq!(csv.lines().nth(1), Some("4,2,checkout,4,o1-1-4,4,0.2,1500,ok,false,late"));
        let first = listed(Choice { limit: 1, ..ALL });
        assert_eq!((first.rows[0].seconds, first.rows[0].order.as_deref()), (-1.0, None));
    }
}
