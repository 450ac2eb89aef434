//! What metrics tell of faults, and when they may. Prometheus and Grafana know no roles, and the lab's own samples are
//! everybody's: so nothing is told before everybody may know it. That is at the end of the run, at a reveal that is on
//! record in a mode that allows one to candidates, or always in a lab that was started with its book open.
//!
//! Left out: what a fault is (`faults`), and what is revealed over the API (`reveal`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drill::Mode;
use evidence::{Said, kind};
use serde_json::Value;

use crate::faults;
use crate::lab::Lab;
use crate::run::Run;

/// Between two looks at the doses of an open book.
const LOOK: Duration = Duration::from_secs(1);
/// Who measured a dose where the fault acts, as the journal has it.
const SHOP: &str = "shop";

/// The faults that the journal told of, as metrics.
#[derive(Debug)]
pub(crate) struct OpenBook {
    /// Whether faults are told while they are on.
    pub(crate) open: bool,
    faults: Mutex<BTreeMap<String, Known>>,
}

/// One fault.
#[derive(Debug, Default)]
struct Known {
    target: String,
    effect: String,
    /// The run in whose journal it is; none if it was done by hand between two runs.
    run: Option<String>,
    active: bool,
    /// By who measured it.
    doses: BTreeMap<String, Dose>,
}

/// Requested against delivered.
#[derive(Debug, Clone, PartialEq)]
struct Dose {
    /// What was measured and in which unit; none for a time, which is in seconds.
    of: Option<(String, String)>,
    requested: f64,
    delivered: f64,
}

/// Who may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told<'a> {
    Everything,
    OfRun(&'a str),
    Nothing,
}

impl OpenBook {
    pub(crate) fn new(open: bool) -> Self {
        Self { open, faults: Mutex::default() }
    }

    /// Takes note of an entry of the journal of `run`, or of the lab's own.
    pub(crate) fn hear(&self, entry_kind: &str, body: &Value, run: Option<&str>) {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let mut faults = self.faults();
        match entry_kind {
            // What was over before is of no run that will be told of.
            kind::RUN_STARTED => faults.retain(|_, fault| fault.active),
            kind::FAULT_INTENT => {
                let fault = Known {
                    target: text("target"),
                    effect: effect(&body["spec"]["effect"]),
                    run: run.map(str::to_owned),
                    ..Known::default()
                };
                faults.insert(text("id"), fault);
            }
            kind::FAULT_APPLIED | kind::FAULT_CLEARED => {
                if let Some(fault) = faults.get_mut(&text("id")) {
                    fault.active = entry_kind == kind::FAULT_APPLIED;
                }
            }
            kind::DOSE => {
                if let (Some(fault), Some(dose)) = (faults.get_mut(&text("fault")), Dose::of(body)) {
                    fault.doses.insert(text("source"), dose);
                }
            }
            _ => {}
        }
    }

    /// Takes what bank and guard say of their faults; of several of one name the youngest is the last.
    fn measured(&self, listed: &Value) {
        let mut faults = self.faults();
        let lists = ["ended", "faults"].into_iter().filter_map(|which| listed[which].as_array());
        for entry in lists.flatten() {
            let fault = entry["id"].as_str().and_then(|id| faults.get_mut(id));
            if let (Some(fault), Some(dose)) = (fault, Dose::listed(entry)) {
                fault.doses.insert(SHOP.to_owned(), dose);
            }
        }
    }

    /// As much as everybody may know now, as metrics; nothing at all otherwise, not even their names.
    pub(crate) fn exposition(&self, lab: &Lab) -> String {
        let run = lab.run();
        let told = match &run {
            _ if self.open => Told::Everything,
            Some(run) if is_public(run) => Told::OfRun(&run.book.name),
            _ => Told::Nothing,
        };
        self.written(told)
    }

    fn written(&self, told: Told<'_>) -> String {
        let faults = self.faults();
        let may = |fault: &Known| match told {
            Told::Everything => true,
            Told::OfRun(run) => fault.run.as_deref() == Some(run),
            Told::Nothing => false,
        };
        let mut families = Families::default();
        for (id, fault) in faults.iter().filter(|(_, fault)| may(fault)) {
            let labels = format!(
                "fault=\"{}\",target=\"{}\",effect=\"{}\"",
                escaped(id),
                escaped(&fault.target),
                escaped(&fault.effect)
            );
            families.add("lab_fault_active", "One while the fault is on.", &labels, f64::from(fault.active));
            for (source, dose) in &fault.doses {
                let labels = format!("{labels},source=\"{}\"", escaped(source));
                match &dose.of {
                    None => families.doses("_seconds", "Median dose, in time", &labels, dose),
                    Some((of, unit)) => {
                        let labels = format!("{labels},of=\"{}\",unit=\"{}\"", escaped(of), escaped(unit));
                        families.doses("", "Dose, in its own unit", &labels, dose);
                    }
                }
            }
        }
        families.text()
    }

    /// A panic while they are held leaves one fault half told at worst.
    fn faults(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With its book open a lab tells doses while they are given, and not only what the journal says of them at the end.
pub(crate) async fn watch(lab: Arc<Lab>) {
    if !lab.open_book.open {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = lab.stop.cancelled() => return,
        }
        let listed = faults::list(&lab).await;
        lab.open_book.measured(&listed);
    }
}

/// Whether the run keeps no secret any more, for candidates either: operators may look into an assessed run before its
/// end, and what they see is not for all.
fn is_public(run: &Run) -> bool {
    let revealed = || run.words().iter().any(|told| matches!(told.said, Said::Reveal {}));
    run.is_over() || (!matches!(run.plan.mode, Mode::Assessed | Mode::Gate) && revealed())
}

impl Dose {
    /// Of the body of a `dose` in the journal; `None` where nothing was measured.
    fn of(body: &Value) -> Option<Self> {
        Self::latency(&body["requested_p50_ms"], &body["delivered_p50_ms"]).or_else(|| Self::measure(body))
    }

    /// As bank and guard list it.
    fn listed(entry: &Value) -> Option<Self> {
        let latency = Self::latency(&entry["requested_ms"]["p50"], &entry["delivered_ms"]["p50"]);
        latency.or_else(|| Self::measure(&entry["dose"]))
    }

    fn latency(requested_ms: &Value, delivered_ms: &Value) -> Option<Self> {
        Some(Self {
            of: None,
            requested: requested_ms.as_f64()? / 1e3,
            delivered: delivered_ms.as_f64()? / 1e3,
        })
    }

    fn measure(measure: &Value) -> Option<Self> {
        if measure["unit"] == "ms" {
            return Self::latency(&measure["requested"], &measure["delivered"]);
        }
        let text = |name: &str| measure[name].as_str().unwrap_or_default().to_owned();
        Some(Self {
            of: Some((text("of"), text("unit"))),
            requested: measure["requested"].as_f64()?,
            delivered: measure["delivered"].as_f64()?,
        })
    }
}

/// Series by family, because a scraper takes each family in one piece.
#[derive(Debug, Default)]
struct Families(BTreeMap<String, (String, String)>);

impl Families {
    fn add(&mut self, name: &str, help: &str, labels: &str, value: f64) {
        let (_, lines) = self.0.entry(name.to_owned()).or_insert_with(|| (help.to_owned(), String::new()));
        // A text takes every line.
        let _ = writeln!(lines, "{name}{{{labels}}} {value}");
    }

    fn doses(&mut self, suffix: &str, help: &str, labels: &str, dose: &Dose) {
        for (which, value) in [("requested", dose.requested), ("delivered", dose.delivered)] {
            self.add(
                &format!("lab_fault_{which}_dose{suffix}"),
                &format!("{help}, as {which}."),
                labels,
                value,
            );
        }
    }

    fn text(&self) -> String {
        let family = |(name, (help, lines)): (&String, &(String, String))| {
            format!("# HELP {name} {help}\n# TYPE {name} gauge\n{lines}")
        };
        self.0.iter().map(family).collect()
    }
}

/// The one key of the effect's document.
fn effect(document: &Value) -> String {
    let key = document.as_object().and_then(|fields| fields.keys().next()).map(String::as_str);
    key.or(document.as_str()).unwrap_or_default().to_owned()
}

/// A label's value as the text format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn book() -> OpenBook {
        let book = OpenBook::new(false);
        let spec = json!({"effect": {"latency": {"fixed": {"value": "3s"}}}});
        let of = |id: &str| json!({"id": id, "target": "bank", "spec": spec});
        book.hear(kind::FAULT_INTENT, &of("slow"), Some("run-1"));
        book.hear(kind::FAULT_APPLIED, &json!({"id": "slow"}), Some("run-1"));
        book.hear(kind::FAULT_INTENT, &of("by \"hand\""), None);
        book
    }

    #[test]
    fn nothing_is_told_but_to_whom_it_may_be_told() {
        let book = book();
        assert_eq!(book.written(Told::Nothing), "");
        assert_eq!(book.written(Told::OfRun("run-2")), "");
        let of_run = book.written(Told::OfRun("run-1"));
        assert!(of_run.contains("lab_fault_active{fault=\"slow\",target=\"bank\",effect=\"latency\"} 1\n"));
        assert!(!of_run.contains("hand"), "{of_run}");
        let all = book.written(Told::Everything);
        assert!(all.contains("fault=\"by \\\"hand\\\"\"") && all.matches("# TYPE").count() == 1, "{all}");
    }

    #[test]
    fn a_fault_that_is_over_is_told_as_zero_until_the_next_run() {
        let book = book();
        book.hear(kind::FAULT_CLEARED, &json!({"id": "slow"}), Some("run-1"));
        assert!(book.written(Told::OfRun("run-1")).contains("effect=\"latency\"} 0\n"));
        book.hear(kind::RUN_STARTED, &json!({}), Some("run-2"));
        assert_eq!(book.written(Told::Everything), "");
    }

    #[test]
    fn a_dose_is_told_in_seconds_or_in_its_own_unit() {
        let book = book();
        let latency = json!({"fault": "slow", "source": "shop", "requested_p50_ms": 3000.0, "delivered_p50_ms": 3000.5,
            "requested": null});
        book.hear(kind::DOSE, &latency, Some("run-1"));
        let share = json!({"fault": "by \"hand\"", "source": "shop", "requested_p50_ms": null, "of": "share of calls",
            "unit": "", "requested": 0.5, "delivered": 0.52});
        book.hear(kind::DOSE, &share, None);
        let text = book.written(Told::Everything);
        for wanted in [
            "lab_fault_requested_dose_seconds{fault=\"slow\",target=\"bank\",effect=\"latency\",source=\"shop\"} 3\n",
            "lab_fault_delivered_dose_seconds{fault=\"slow\",target=\"bank\",effect=\"latency\",source=\"shop\"} 3.0005\n",
            "source=\"shop\",of=\"share of calls\",unit=\"\"} 0.52\n",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
    }
    #[test]
    fn of_a_dose_the_place_where_it_acts_tells_the_newest() {
        let book = book();
        let slow = |delivered: f64| json!({"id": "slow", "requested_ms": {"p50": 3000.0}, "delivered_ms": {"p50": delivered}});
        book.measured(
            &json!({"faults": [slow(3002.0)], "ended": [slow(1.0), {"id": "unknown"}], "silent": []}),
        );
        let text = book.written(Told::OfRun("run-1"));
        assert!(text.contains("lab_fault_delivered_dose_seconds{fault=\"slow\",target=\"bank\",effect=\"latency\",source=\"shop\"} 3.002\n"), "{text}");
    }
}
