//! The conductor: hears the run, keeps the agenda, and puts marks on record where they belong at that moment. It acts as
//! an operator; the candidate hears of none of it but the hints.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use controller::api::words::{AskHint, Hint, Record};
use controller::api::{Event, RunStatus};
use drill::{Mode, Plan, RubricRow};
use evidence::review::Note;
use evidence::{Said, kind};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::agenda::{Agenda, Cue};
use super::keymap::{self, Press, ROWS};
use super::terminal::Keys;
use crate::api::Api;
use crate::exit::Failure;
use crate::paint::Tone;
use crate::review;
use crate::watch::pulse::clock;
use crate::watch::screen::Screen;

/// Between two looks at the agenda.
const TICK: Duration = Duration::from_millis(250);
/// Who the journal and the review say has marked.
const INTERVIEWER: &str = "interviewer";

/// An interview beside a run.
#[derive(Debug)]
pub(crate) struct Conductor {
    api: Api,
    keys: Option<Keys>,
    ticks: Interval,
    agenda: Agenda,
    rubric: BTreeMap<String, RubricRow>,
    /// When it was handed over.
    begun: Option<Instant>,
    /// The last mark of each row.
    marks: BTreeMap<&'static str, &'static str>,
    /// Marks that were given while the journal was closed and the run not yet sealed.
    waiting: Vec<Note>,
    /// The folder of the run, once its verdict is there.
    sealed: Option<PathBuf>,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Key(char),
    Tick,
}

impl Conductor {
    /// One, if a person is examined and the drill has an agenda.
    pub(crate) fn of(plan: &Plan, api: &Api) -> Option<Self> {
        if plan.mode != Mode::Assessed || plan.candidate.is_some() || plan.agenda.is_empty() {
            return None;
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(Self {
            api: api.clone(),
            keys: None,
            ticks,
            agenda: Agenda::new(plan.agenda.clone()),
            rubric: plan.rubric.clone(),
            begun: None,
            marks: BTreeMap::new(),
            waiting: Vec::new(),
            sealed: None,
        })
    }

    /// Takes the terminal, and says what can be done.
    pub(crate) fn open(&mut self, screen: &mut Screen, flag: &str) {
        self.keys = Keys::open();
        screen.note(&format!(
            "this is an interview: the candidate plays in another terminal, each command with `--as candidate{flag}`"
        ));
        if self.keys.is_some() {
            for line in keymap::legend() {
                screen.note(&line);
            }
        } else {
            screen.note("no terminal here: mark with `firedrill review mark` once the run is over; Ctrl-C ends the interview then");
        }
    }

    /// The next key or the next look at the agenda. Nothing is lost if it is given up.
    pub(crate) async fn due(&mut self) -> Due {
        let Some(keys) = &mut self.keys else {
            self.ticks.tick().await;
            return Due::Tick;
        };
        let pressed = tokio::select! {
            key = keys.next() => key.map(Due::Key),
            _ = self.ticks.tick() => Some(Due::Tick),
        };
        pressed.unwrap_or_else(|| {
            // The terminal is gone; the agenda goes on.
            self.keys = None;
            Due::Tick
        })
    }

    pub(crate) async fn act(&mut self, due: Due, screen: &mut Screen) {
        match due {
            Due::Tick => {
                if let Some(now) = self.now() {
                    let cues = self.agenda.tick(now);
                    self.cue(cues, screen);
                }
            }
            Due::Key(key) => self.press(key, screen).await,
        }
    }

    /// Hears what happens in the run.
    pub(crate) fn hear(&mut self, event: &Event, screen: &mut Screen) {
        let Event::Journal { kind, body, .. } = event else { return };
        if kind == kind::PHASE && body["name"] == kind::phase::HANDOVER && self.begun.is_none() {
            self.begun = Some(Instant::now());
            let cues = self.agenda.begin();
            self.cue(cues, screen);
        }
    }

    /// The run has its verdict: what is marked from now on follows the seal.
    pub(crate) fn run_is_over(&mut self, status: &RunStatus, screen: &mut Screen) {
        self.sealed = Some(PathBuf::from(&status.dir));
        for note in std::mem::take(&mut self.waiting) {
            self.review(&note, screen);
        }
        if !self.is_over() {
            let left = self.now().map(|now| self.agenda.left(now)).unwrap_or_default();
            screen.note(&format!(
                "the run is sealed and graded; the interview goes on, this part for another {}. The lab stays as it is",
                clock(left.as_millis() as u64)
            ));
        }
    }

    /// Whether there is nothing more to conduct: the run is over and so is the agenda, or there never was an outage to
    /// hand over.
    pub(crate) fn is_over(&self) -> bool {
        self.sealed.is_some() && (self.begun.is_none() || self.agenda.is_over())
    }

    fn now(&self) -> Option<Duration> {
        self.begun.map(|begun| begun.elapsed())
    }

    fn cue(&self, cues: Vec<Cue>, screen: &mut Screen) {
        for cue in cues {
            match cue {
                Cue::Enter { part, left } => self.enter(part, left, screen),
                Cue::Warn { part, left } => {
                    let name = self.agenda.part(part).map_or("", |part| part.name.as_str());
                    let next = self.agenda.part(part + 1).map_or("the end", |part| part.name.as_str());
                    screen.say(Tone::Warn, &format!("{} left of `{name}`; then: {next}", words(left)));
                }
                Cue::Over => {
                    let unmarked: Vec<String> = ROWS
                        .iter()
                        .filter(|row| self.rubric.contains_key(**row) && !self.marks.contains_key(*row))
                        .map(|row| row.replace('_', " "))
                        .collect();
                    let marks = if unmarked.is_empty() {
                        "every row is marked".to_owned()
                    } else {
                        format!("not marked: {}", unmarked.join(", "))
                    };
                    screen.say(Tone::Strong, &format!("the interview is over; {marks}"));
                    if self.sealed.is_none() {
                        screen.note("the run is not: the scorecard comes when it is. Marks are still taken");
                    }
                }
            }
        }
    }

    fn enter(&self, part: usize, left: Duration, screen: &mut Screen) {
        let Some(item) = self.agenda.part(part) else { return };
        let text = format!(
            "part {} of {}: {} ({})",
            part + 1,
            self.agenda.len(),
            item.name.to_uppercase(),
            words(left)
        );
        screen.say(Tone::Strong, &text);
        for prompt in &item.prompts {
            screen.note(&format!("  - {prompt}"));
        }
    }

    async fn press(&mut self, key: char, screen: &mut Screen) {
        let Some(press) = keymap::press(key) else { return };
        let now = self.now();
        match press {
            Press::Mark { row, mark } => self.mark(row, mark, screen).await,
            Press::Anchors => self.anchors(screen),
            Press::Next | Press::Back => {
                let Some(now) = now else { return screen.note("the agenda begins with the handover") };
                let cues = if press == Press::Next { self.agenda.next(now) } else { self.agenda.back(now) };
                self.cue(cues, screen);
            }
            Press::Hint => self.hint(screen).await,
        }
    }

    async fn mark(&mut self, row: &'static str, mark: &'static str, screen: &mut Screen) {
        let Some(anchors) = self.rubric.get(row) else {
            return screen.note(&format!("this drill's rubric has no row `{row}`"));
        };
        let anchor = match mark {
            "novice" => &anchors.novice,
            "intermediate" => &anchors.intermediate,
            _ => &anchors.expert,
        };
        screen.say(Tone::Good, &format!("{}: {} ({anchor})", row.replace('_', " "), mark.to_uppercase()));
        self.marks.insert(row, mark);
        let (row, mark) = (row.to_owned(), mark.to_owned());
        if self.sealed.is_some() {
            return self.review(&Note::Mark { row, mark, reason: String::new() }, screen);
        }
        let said = Said::Mark { row: row.clone(), mark: mark.clone(), reason: String::new() };
        let record = Record { author: INTERVIEWER.to_owned(), said };
        if self.api.post::<Said>("/api/record", &record).await.is_err() {
            // Between the closing of the journal and the verdict: a few seconds.
            self.waiting.push(Note::Mark { row, mark, reason: String::new() });
        }
    }

    fn review(&self, note: &Note, screen: &mut Screen) {
        let Some(dir) = &self.sealed else { return };
        if let Err(failure) = review::append(dir, INTERVIEWER, note) {
            screen.say(Tone::Bad, &format!("NOT marked: {}", failure.message));
        }
    }

    fn anchors(&self, screen: &mut Screen) {
        for row in ROWS {
            let Some(anchors) = self.rubric.get(row) else { continue };
            let mark = self.marks.get(row).map_or_else(String::new, |mark| format!(" (now {mark})"));
            screen.note(&format!("{}{mark}", row.replace('_', " ")));
            let lines = [&anchors.novice, &anchors.intermediate, &anchors.expert];
            for (mark, anchor) in keymap::MARKS.into_iter().zip(lines) {
                screen.note(&format!("  {mark:<13} {anchor}"));
            }
        }
        for line in keymap::legend() {
            screen.note(&line);
        }
    }

    async fn hint(&mut self, screen: &mut Screen) {
        let asked = AskHint { author: INTERVIEWER.to_owned(), level: String::new() };
        let given: Result<Hint, Failure> = self.api.post("/api/hint", &asked).await;
        match given {
            Ok(hint) => {
                screen.say(
                    Tone::Strong,
                    &format!("read this out; what follows it is graded as helped ({}):", hint.level),
                );
                for line in hint.text.trim_end().lines() {
                    screen.note(&format!("  {line}"));
                }
            }
            Err(failure) => screen.note(&failure.message),
        }
    }
}

/// `15 minutes`, `50 seconds`.
fn words(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} seconds"),
        (1, 0) => "a minute".to_owned(),
        (minutes, 0) => format!("{minutes} minutes"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        for (seconds, text) in [(900, "15 minutes"), (60, "a minute"), (50, "50 seconds"), (95, "1 min 35 s")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }
}
