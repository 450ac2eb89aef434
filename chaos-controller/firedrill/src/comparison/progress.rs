//! One person over their runs, oldest first: their own times, marks and readiness. Runs are put in the order in which they
//! were played and in no other: nobody is ranked, and no mean is taken over people.

use std::collections::BTreeSet;

use grader::{Mark, Scorecard};
use serde::Serialize;

use crate::figures::seconds;
use crate::output::{printable, table};
use crate::recorded::Started;

/// The times of a run, as the scorecard names them and as the table does. A run without one leaves it blank.
const TIMES: [(&str, &str); 8] = [
    ("detect", "DETECTED"),
    ("acknowledge", "HEARD"),
    ("first_message", "SPOKE"),
    ("right_diagnosis", "DIAGNOSED"),
    ("first_action", "ACTED"),
    ("effective_mitigation", "MITIGATED"),
    ("recovery", "RECOVERED"),
    ("verified_recovery", "VERIFIED"),
];

/// Whose runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Whose {
    pub(crate) author: Option<String>,
    pub(crate) drill: Option<String>,
    /// Scripts too.
    pub(crate) scripts: bool,
}

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
    /// Seconds after the fault.
    times: Vec<(&'static str, f64)>,
    /// Of the last diagnosis, 0 to 1.
    diagnosis: Option<f64>,
    hints: usize,
    /// Row and mark that counts.
    marks: Vec<(String, String)>,
    ready: Option<bool>,
    readiness: Option<f64>,
}

impl Whose {
    /// Whether it is worth grading, by how it began: whether a script played, and what. Who says a name wants its runs,
    /// and whose they are is known when they are graded.
    pub(crate) fn may_have_played(&self, started: &Started) -> bool {
        let drill = self.drill.as_ref().is_none_or(|drill| started.drill == *drill);
        let wanted = match (&started.script, &self.author) {
            (None, _) => true,
            (Some(_), None) => self.scripts,
            (Some(script), Some(author)) => same(script, author),
        };
        drill && wanted
    }

    /// How many of these are runs of scripts that nobody asked for.
    pub(crate) fn scripts_among(&self, unwanted: &[Started]) -> usize {
        let drill = |started: &&Started| self.drill.as_ref().is_none_or(|drill| started.drill == *drill);
        if self.author.is_some() { 0 } else { unwanted.iter().filter(drill).count() }
    }

    fn are(&self, card: &Scorecard) -> bool {
        let drill = self.drill.as_ref().is_none_or(|drill| card.drill == *drill);
        let author = self.author.as_ref().is_none_or(|author| who(card).iter().any(|who| same(who, author)));
        drill && author
    }
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
            .map_or_else(Vec::new, |step| step.marks.iter().map(|(row, _)| row.as_str()).collect());
        let titles: Vec<String> = marks.iter().map(|row| row.replace('_', " ").to_uppercase()).collect();
        let mut head = vec!["RUN", "DRILL", "BY", "VERDICT"];
        head.extend(times.iter().map(|(_, title)| *title));
        head.extend(["DIAGNOSIS", "HINTS"]);
        head.extend(titles.iter().map(String::as_str));
        head.push("READINESS");
        let rows: Vec<Vec<String>> = self.runs.iter().map(|step| step.cells(&times, &marks)).collect();
        let mut text = table(&head, &rows);
        if !times.is_empty() {
            text.push_str(
                "\ntimes count from the fault; they are the player's own, and compare with nobody else's\n",
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
        let mark = |row: &&str| self.marks.iter().find(|(name, _)| name == row).map(|(_, mark)| mark.clone());
        let mut cells = vec![
            self.run.clone(),
            format!("{}/{} {}", self.drill, self.variant, self.scale),
            self.who.join(", "),
            self.verdict.to_uppercase(),
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
    let measured = serde_json::to_value(&card.measures.time_to).expect("times are plain data");
    let time = |name: &str| match name {
        "effective_mitigation" => card.measures.mitigation.as_ref().map(|helped| helped.seconds),
        name => measured.get(name)?.as_f64(),
    };
    let times = TIMES.iter().filter_map(|(name, _)| Some((*name, time(name)?)));
    let rating = &card.rating;
    let marks = rating.rubric.iter().filter_map(|row| {
        let mark = row.human.as_ref().map(|human| human.mark.clone()).or_else(|| row.machine.map(word));
        Some((row.name.clone(), mark?))
    });
    Step {
        run: card.run.clone(),
        drill: card.drill.clone(),
        variant: card.variant.clone(),
        scale: card.scale.clone(),
        mode: card.mode.clone(),
        who: who(card),
        verdict: card.verdict.name(),
        exit: card.exit,
        times: times.collect(),
        diagnosis: card.diagnoses.submitted.last().map(|last| last.score),
        hints: card.people.hints.len(),
        marks: marks.collect(),
        ready: rating.readiness.ready,
        readiness: rating.readiness.average,
    }
}

/// The script, or the people, and where none of them said anything those who acted.
fn who(card: &Scorecard) -> Vec<String> {
    if let Some(script) = &card.candidate {
        return vec![script.clone()];
    }
    if !card.people.names.is_empty() {
        return card.people.names.clone();
    }
    let mut names: Vec<String> = Vec::new();
    for event in card.timeline.iter().filter(|event| matches!(event.kind.as_str(), "policy" | "action")) {
        if event.actor != "controller" && !names.contains(&event.actor) {
            names.push(event.actor.clone());
        }
    }
    names
}

fn same(who: &str, author: &str) -> bool {
    who.to_lowercase() == author.trim_start_matches("script:").to_lowercase()
}

fn word(mark: Mark) -> String {
    match mark {
        Mark::Novice => "novice",
        Mark::Intermediate => "intermediate",
        Mark::Expert => "expert",
    }
    .to_owned()
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
                "measures": {"time_to": {"first_action": 12.0, "recovery": recovered}},
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
        assert_eq!(lines[0][..6], ["RUN", "DRILL", "BY", "VERDICT", "ACTED", "RECOVERED"], "{text}");
        assert_eq!(
            lines[1],
            [
                "20260301-a",
                "bank-slowdown/smoke",
                "1",
                "ada",
                "FAIL",
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
    fn scripts_are_left_out_unless_asked_for() {
        let began = |drill: &str, script: Option<&str>| Started {
            drill: drill.to_owned(),
            script: script.map(str::to_owned),
        };
        let (script, person) = (began("bank-slowdown", Some("nothing")), began("bank-slowdown", None));
        assert!(of(None).may_have_played(&person) && !of(None).may_have_played(&script));
        assert!(of(Some("script:nothing")).may_have_played(&script));
        assert!(Whose { scripts: true, ..Whose::default() }.may_have_played(&script));
        let other = Whose { drill: Some("retry-storm".to_owned()), ..Whose::default() };
        assert!(!other.may_have_played(&person));
        assert_eq!((of(None).scripts_among(&[script.clone()]), other.scripts_among(&[script])), (1, 0));
        let text = Progress::of(vec![played("1", "ada", 9.0, "novice")], &of(None), 1).text();
        assert!(text.contains("1 runs that scripts played are left out"), "{text}");
        assert_eq!(Progress::of(Vec::new(), &other, 0).text(), "no such runs\n");
    }

    #[test]
    fn a_mark_that_a_person_gave_stands() {
        let mut card = played("1", "ada", 9.0, "novice");
        card.rating.rubric[0].human = Some(grader::Given {
            mark: "expert".into(),
            by: "eve".into(),
            reason: "saw it".into(),
            overrules: true,
            evidence: String::new(),
        });
        let progress = serde_json::to_value(Progress::of(vec![card], &of(None), 0)).unwrap();
        assert_eq!(progress["runs"][0]["marks"], json!([["system_thinking", "expert"]]));
    }
}
