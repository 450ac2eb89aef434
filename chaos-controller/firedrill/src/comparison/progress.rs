//! One person over their runs, oldest first: their own times, marks and readiness. Runs are put in the order in which they
//! were played and in no other: nobody is ranked, and no mean is taken over people.

use std::collections::BTreeSet;

use grader::Scorecard;
use serde::Serialize;

use super::marked::Marked;
use super::whose::{Whose, who};
use crate::figures::seconds;
use crate::output::{printable, table};

/// The times of a run, as the scorecard names them and as the table does. A run without one leaves it blank.
const TIMES: [(&str, &str); 8] = [
    ("detect", "DETECTED"),
    ("acknowledge", "HEARD"),
    ("first_message", "SPOKE"),
    ("right_diagnosis", "DIAGNOSED"),
    ("first_action", "ACTED"),
    ("mitigation", "MITIGATED"),
    ("recovery", "RECOVERED"),
    ("verified_recovery", "VERIFIED"),
];

/// The runs of one person, or of a drill.
#[derive(Debug, Serialize)]
pub(crate) struct Progress {
    runs: Vec<Step>,
    /// Runs that scripts played, and were not asked for.
    left_out: usize,
}

/// One run of it.
#[derive(Debug, Serialize)]
struct Step {
    run: String,
    drill: String,
    variant: String,
    scale: String,
    mode: String,
    who: Vec<String>,
    verdict: &'static str,
    exit: i32,
    counted_from: Began,
    /// Seconds since then.
    times: Vec<(&'static str, f64)>,
    /// Of the last diagnosis, 0 to 1.
    diagnosis: Option<f64>,
    hints: usize,
    marks: Vec<Marked>,
    ready: Option<bool>,
    readiness: Option<f64>,
}

/// When the clock of whoever played began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Began {
    Handover,
    /// Nothing was handed over: a script played.
    Fault,
}

impl Progress {
    /// Cards in any order: the name of a run begins with its time.
    pub(crate) fn of(mut cards: Vec<Scorecard>, whose: &Whose, left_out: usize) -> Self {
        cards.retain(|card| whose.are(card));
        cards.sort_by(|a, b| a.run.cmp(&b.run));
        Self { left_out, runs: cards.iter().map(step).collect() }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = if self.runs.is_empty() { "no such runs\n".to_owned() } else { self.table() };
        if self.left_out > 0 {
            text.push_str(&format!(
                "\n{} runs that scripts played are left out (--all shows them)\n",
                self.left_out
            ));
        }
        text
    }

    fn table(&self) -> String {
        let seen: BTreeSet<&str> =
            self.runs.iter().flat_map(|step| step.times.iter().map(|(name, _)| *name)).collect();
        let times: Vec<(&str, &str)> = TIMES.into_iter().filter(|(name, _)| seen.contains(name)).collect();
        let marks: Vec<&str> = self
            .runs
            .iter()
            .max_by_key(|step| step.marks.len())
            .map_or_else(Vec::new, |step| step.marks.iter().map(|mark| mark.row.as_str()).collect());
        let titles: Vec<String> = marks.iter().map(|row| row.replace('_', " ").to_uppercase()).collect();
        let mut head = vec!["RUN", "DRILL", "BY", "VERDICT", "FROM"];
        head.extend(times.iter().map(|(_, title)| *title));
        head.extend(["DIAGNOSIS", "HINTS"]);
        head.extend(titles.iter().map(String::as_str));
        head.push("READINESS");
        let rows: Vec<Vec<String>> = self.runs.iter().map(|step| step.cells(&times, &marks)).collect();
        let mut text = table(&head, &rows);
        if !times.is_empty() {
            text.push_str(
                "\ntimes count from what FROM names, and what was before it is blank; they are the player's own, and compare \
                 with nobody else's\n",
            );
        }
        text
    }
}

impl Step {
    fn cells(&self, times: &[(&str, &str)], marks: &[&str]) -> Vec<String> {
        let blank = || "-".to_owned();
        let of =
            |name: &str| self.times.iter().find(|(time, _)| *time == name).map(|(_, time)| seconds(*time));
        let mark = |row: &&str| self.marks.iter().find(|mark| mark.row == **row).map(Marked::cell);
        let mut cells = vec![
            self.run.clone(),
            format!("{}/{} {}", self.drill, self.variant, self.scale),
            if self.who.is_empty() { blank() } else { self.who.join(", ") },
            self.verdict.to_uppercase(),
            if self.counted_from == Began::Handover { "handover" } else { "fault" }.to_owned(),
        ];
        cells.extend(times.iter().map(|(name, _)| of(name).unwrap_or_else(blank)));
        cells.push(self.diagnosis.map_or_else(blank, |score| format!("{:.0} %", score * 100.0)));
        cells.push(self.hints.to_string());
        cells.extend(marks.iter().map(|row| mark(row).unwrap_or_else(blank)));
        let ready = self.ready.map_or("", |ready| if ready { ", ready" } else { ", not yet" });
        cells.push(self.readiness.map_or_else(blank, |average| format!("{average:.1}{ready}")));
        cells.iter().map(|cell| printable(cell).into_owned()).collect()
    }
}

fn step(card: &Scorecard) -> Step {
    let counted_from = counted_from(card);
    let time_to = &card.measures.time_to;
    let measured = match counted_from {
        Began::Handover => serde_json::to_value(&time_to.since_handover),
        Began::Fault => serde_json::to_value(time_to),
    };
    let measured = measured.expect("times are plain data");
    let times = TIMES.iter().filter_map(|(name, _)| Some((*name, measured.get(name)?.as_f64()?)));
    let rating = &card.rating;
    let marks = rating.rubric.iter().filter(|row| row.machine.is_some() || row.human.is_some());
    Step {
        run: card.run.clone(),
        drill: card.drill.clone(),
        variant: card.variant.clone(),
        scale: card.scale.clone(),
        mode: card.mode.clone(),
        who: who(card),
        verdict: card.verdict.name(),
        exit: card.exit,
        counted_from,
        times: times.collect(),
        diagnosis: card.diagnoses.submitted.last().map(|last| last.score),
        hints: card.people.hints.len(),
        marks: marks.map(Marked::of).collect(),
        ready: rating.readiness.ready,
        readiness: rating.readiness.average,
    }
}

/// A person's clock begins when the shop is handed over, whatever was done after that.
fn counted_from(card: &Scorecard) -> Began {
    let handed_over = || {
        !card.measures.time_to.since_handover.is_empty()
            || card.timeline.iter().any(|event| event.what == "phase handover")
    };
    if card.candidate.is_none() && handed_over() { Began::Handover } else { Began::Fault }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::comparison::testbed::card;

    fn played(run: &str, who: &str, recovered: f64, mark: &str) -> Scorecard {
        let row = json!({"name": "system_thinking", "machine": mark, "why": "", "evidence": [], "human": null, "anchor": ""});
        card(
            run,
            &json!({
                "candidate": Value::Null, "mode": "practice",
                "people": {"names": [who], "roles": [], "severity": [], "messages": [], "hypotheses": [], "decisions": [],
                    "tasks": [], "hints": [], "longest_silence_s": null, "mitigated_before_cause": null},
                "measures": {"time_to": {"first_action": 42.0, "recovery": recovered + 30.0,
                    "since_handover": {"first_action": 12.0, "recovery": recovered}}},
                "rating": {"rubric": [row], "signals": [], "self_scores": [], "strengths": [], "improvements": [],
                    "resources": [], "unexplained": [],
                    "readiness": {"ready": mark == "expert", "average": 4.2, "lowest": 3, "sampled": 4, "why": ""}},
            }),
        )
    }

    fn of(author: Option<&str>) -> Whose {
        Whose { author: author.map(str::to_owned), ..Whose::default() }
    }

    #[test]
    fn the_runs_of_one_person_are_told_in_the_order_in_which_they_were_played() {
        let cards = vec![
            played("20260302-a", "ada", 20.0, "expert"),
            played("20260301-a", "ada", 70.0, "novice"),
            played("20260301-b", "bob", 10.0, "expert"),
            card("20260303-a", &json!({})),
        ];
        let text = Progress::of(cards, &of(Some("Ada")), 0).text();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0][..7], ["RUN", "DRILL", "BY", "VERDICT", "FROM", "ACTED", "RECOVERED"], "{text}");
        assert_eq!(
            lines[1],
            [
                "20260301-a",
                "bank-slowdown/smoke",
                "1",
                "ada",
                "FAIL",
                "handover",
                "12.0",
                "s",
                "70.0",
                "s",
                "-",
                "0",
                "novice",
                "4.2,",
                "not",
                "yet"
            ]
        );
        assert_eq!(lines[2][0], "20260302-a");
        assert!(text.contains("4.2, ready") && !text.contains("bob"), "{text}");
    }

    #[test]
    fn how_many_runs_of_scripts_are_left_out_is_said() {
        let text = Progress::of(vec![played("1", "ada", 9.0, "novice")], &of(None), 1).text();
        assert!(text.contains("1 runs that scripts played are left out"), "{text}");
        assert_eq!(Progress::of(Vec::new(), &Whose::default(), 0).text(), "no such runs\n");
    }

    #[test]
    fn a_program_gets_both_marks() {
        let card = played("1", "ada", 9.0, "novice");
        let progress = serde_json::to_value(Progress::of(vec![card], &of(None), 0)).unwrap();
        let expected = json!([{"row": "system_thinking", "machine": "novice", "human": null, "by": null, "overrules": false}]);
        assert_eq!(progress["runs"][0]["marks"], expected);
    }

    #[test]
    fn a_script_s_clock_begins_with_the_fault() {
        let script = card("1", &json!({"measures": {"time_to": {"first_action": 22.0}}}));
        let step = step(&script);
        assert_eq!((step.counted_from, step.times), (Began::Fault, vec![("first_action", 22.0)]));
    }

    #[test]
    fn who_did_nothing_after_the_handover_has_no_times() {
        let mut idle = played("1", "ada", 9.0, "novice");
        idle.measures.time_to.since_handover.clear();
        idle.timeline.push(grader::Event {
            t_ms: 40_000,
            seconds: 30.0,
            kind: "phase".into(),
            actor: "controller".into(),
            what: "phase handover".into(),
            why: String::new(),
        });
        let step = step(&idle);
        assert_eq!((step.counted_from, step.times), (Began::Handover, Vec::new()));
    }
}
