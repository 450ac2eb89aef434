//! What the templates are given: the words of the summary, the rows of the tables, and every picture.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::{criteria, draw, numbers, render, safety, summary, words};
use crate::report::edge;
use crate::scorecard::Scorecard;
use crate::story::{Exemplar, Lane, Line, Plot, Point, Story};

/// The whole page.
pub(crate) fn page(card: &Scorecard, story: &Story) -> String {
    let said = story.lanes.iter().any(|lane| lane.name == "words");
    let people = !card.people.names.is_empty() || !card.diagnoses.submitted.is_empty();
    let rated = !card.rating.rubric.is_empty()
        || !card.rating.signals.is_empty()
        || !card.rating.self_scores.is_empty();
    render::render(context! {
        style => Value::from_safe_string(render::STYLE.to_owned()),
        script => Value::from_safe_string(render::SCRIPT.to_owned()),
        policy => safety::policy(render::STYLE, render::SCRIPT),
        card => given(card),
        about => given(&story.about),
        summary => given(summary::of(card, story)),
        criteria => given(criteria::rows(&card.criteria, &card.run)),
        proofs => given(criteria::rows(&card.proofs, &card.run)),
        headline => picture(draw::headline::draw(card, story)),
        lanes => picture(draw::lanes::draw(story)),
        events => given(events(&story.lanes)),
        bands => given(&story.axis.bands),
        plots => story.plots.iter().map(|plot| plot_shown(story, plot)).collect::<Vec<Value>>(),
        breakers => picture(draw::strips::draw(story)),
        strips => given(&story.breakers),
        topology => picture(story.worst.as_ref().map(|worst| draw::topology::draw(card, worst)).unwrap_or_default()),
        worst => given(&story.worst),
        moments => numbers::moments(card),
        handed_over => card.candidate.is_none() && !card.measures.time_to.since_handover.is_empty(),
        burns => card.measures.error_budgets.iter().map(numbers::burns).collect::<Vec<_>>(),
        figures => numbers::figures(card),
        exemplars => story.exemplars.iter().map(exemplar_shown).collect::<Vec<Value>>(),
        traces => story.traces,
        revisions => given(&story.revisions),
        broke_first => card.truth.first_broken_edge.as_ref().map(edge::told),
        has_people => people || said,
        has_truth => !card.truth.roots.is_empty() || !card.truth.mechanisms.is_empty(),
        has_rating => rated || !card.rating.strengths.is_empty() || !card.rating.unexplained.is_empty(),
    })
}

fn given(value: impl Serialize) -> Value {
    Value::from(Serde(value))
}

fn picture(svg: String) -> Value {
    Value::from_safe_string(svg)
}

/// A line of the table below the axis.
#[derive(Serialize)]
struct Event<'a> {
    lane: &'a str,
    from: f64,
    to: Option<f64>,
    name: &'a str,
    what: &'a str,
    why: &'a str,
    actor: &'a str,
    seq: u64,
    /// Somebody changed something and did not say why.
    unexplained: bool,
}

/// Of all lanes, in the order of the journal.
fn events(lanes: &[Lane]) -> Vec<Event<'_>> {
    let event = |lane: &'_ str, mark: &'_ crate::story::Mark| {
        mark.why.is_empty()
            && matches!(lane, "policy" | "actions")
            && mark.actor != "controller"
            && !mark.name.starts_with("declare")
    };
    let mut events: Vec<Event<'_>> = lanes
        .iter()
        .flat_map(|lane| {
            lane.marks.iter().map(move |mark| Event {
                lane: &lane.name,
                from: mark.from,
                to: mark.to,
                name: &mark.name,
                what: &mark.what,
                why: &mark.why,
                actor: &mark.actor,
                seq: mark.seq,
                unexplained: event(&lane.name, mark),
            })
        })
        .collect();
    events.sort_by_key(|event| event.seq);
    events
}

fn plot_shown(story: &Story, plot: &Plot) -> Value {
    let drawn = draw::plot::draw(story, plot);
    let rows = plot.rows.iter().map(|row| {
        let extremes = draw::plot::extremes(&row.points);
        let told =
            |value: Option<f64>| value.map_or("no data".to_owned(), |value| words::value(plot.unit, value));
        context! {
            name => row.name.as_str(),
            before => told(before(row)),
            lowest => told(extremes.map(|(low, _)| low)),
            highest => told(extremes.map(|(_, high)| high)),
            last => told(row.points.iter().rev().find_map(|(_, value)| *value)),
        }
    });
    context! {
        id => plot.id.as_str(),
        title => plot.title.as_str(),
        about => plot.about.as_str(),
        source => plot.source.as_str(),
        is_query => !plot.source.contains("requests.bin"),
        svg => picture(drawn.svg),
        quiet => words::list(&drawn.quiet),
        rows => rows.collect::<Vec<Value>>(),
    }
}

/// The mean before the fault.
fn before(row: &Line) -> Option<f64> {
    let healthy: Vec<f64> = row
        .points
        .iter()
        .take_while(|(seconds, _)| *seconds <= 0.0)
        .filter_map(|(_, value): &Point| *value)
        .collect();
    (!healthy.is_empty()).then(|| healthy.iter().sum::<f64>() / healthy.len() as f64)
}

fn exemplar_shown(exemplar: &Exemplar) -> Value {
    let fall = &exemplar.fall;
    let mut critical =
        fall.critical.iter().take(3).map(|(what, ns)| format!("{what} {}", words::nanoseconds(*ns)));
    let broken = fall.broken.as_ref().map(|edge| {
        let how = serde_json::to_value(edge.how).ok().and_then(|how| how.as_str().map(words::name));
        format!(
            "{} → {} {}: {}, {}",
            edge.caller,
            edge.callee,
            edge.operation,
            how.unwrap_or_default(),
            words::nanoseconds(edge.took_ns)
        )
    });
    context! {
        when => exemplar.when.as_str(),
        why => exemplar.why.as_str(),
        seconds => exemplar.seconds,
        trace => fall.trace.to_string(),
        order => fall.order.as_deref(),
        took => fall.took_ns.map(words::nanoseconds),
        extent => words::nanoseconds(fall.extent_ns),
        late => fall.took_ns.is_some_and(|took| took < fall.extent_ns * 99 / 100),
        failed => fall.error,
        spans => fall.spans,
        critical => critical.by_ref().collect::<Vec<String>>().join(", "),
        broken => broken,
        rows => given(&fall.rows),
        svg => picture(draw::waterfall::draw(&exemplar.when, fall)),
    }
}

#[cfg(test)]
mod tests {
    use evidence::{Recording, kind};
    use serde_json::json;

    use crate::testbed::Bed;

    fn page(bed: &Bed) -> String {
        crate::grade(&bed.recording()).report_html()
    }

    #[test]
    fn the_same_recording_gives_the_same_bytes() {
        let bed = Bed::recovered();
        assert_eq!(page(&bed), page(&bed));
    }

    #[test]
    fn a_recording_of_nothing_is_still_a_page() {
        let page = crate::grade(&Recording::default()).report_html();
        assert!(page.contains("<h1") && page.contains("Void") && page.contains("no data"), "{page}");
    }

    #[test]
    fn what_people_write_stays_text() {
        let hostile = "</script><img src=x onerror=alert(1)>\u{202e}gnp.exe 🙂 \"'<!--";
        let bed = Bed::recovered()
            .entry(9_000, kind::ACTION, "<b>eve</b>", json!({"verb": "say", "text": hostile}))
            .entry(9_100, kind::ACTION, "eve", json!({"verb": "restart", "targets": [hostile], "reason": hostile}))
            .entry(9_200, kind::POLICY, "eve", json!({"version": 7, "reason": hostile, "patch": {hostile: hostile}, "document": {"version": 1}}))
            .entry(9_300, kind::ALERT, "controller", json!({"name": hostile, "state": "firing", "summary": hostile, "labels": {}}));
        let page = page(&bed);
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "it is told");
        for markup in ["<img", "<b>eve", "alert(1)>", "onerror=alert(1)\""] {
            assert!(!page.contains(markup), "{markup}");
        }
        assert_eq!(page.matches("</script>").count(), 1);
    }

    /// Templates are strict in tests: a section that names what is not there fails here.
    #[test]
    fn what_people_did_and_how_it_was_graded_is_told_when_there_is_any() {
        let said = |verb: &str, more: serde_json::Value| {
            let mut body = json!({"verb": verb});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let words = [
            said("role", json!({"role": "commander", "name": "ada"})),
            said("severity", json!({"level": "sev1"})),
            said("say", json!({"text": "paying is down", "to": "users"})),
            said(
                "hypothesis",
                json!({"id": "h1", "text": "the bank", "prediction": "slow", "reversal": "fast"}),
            ),
            said("decide", json!({"text": "a breaker", "reason": "it waits"})),
            said("task", json!({"id": "t1", "text": "watch", "owner": "bob"})),
            said("hint", json!({"level": "nudge"})),
            said("diagnose", json!({"text": "the bank is slow, payment's pool is full"})),
        ];
        let mut bed = Bed::recovered();
        for (n, body) in words.into_iter().enumerate() {
            bed = bed.entry(9_000 + n as u64, kind::ACTION, "ada", body);
        }
        let mut graded = crate::grade(&bed.recording());
        graded.card.diagnoses.submitted.push(crate::Diagnosis {
            seconds: 4.0,
            actor: "ada".to_owned(),
            said: "the bank is slow".to_owned(),
            grade: crate::Grade::Partial,
            score: 0.5,
            points: vec![crate::Point {
                name: "cause.component".to_owned(),
                worth: 0.3,
                got: 0.3,
                claimed: "bank".to_owned(),
                recorded: "bank".to_owned(),
                why: "it is".to_owned(),
                evidence: "journal: entry 7".to_owned(),
            }],
            blamed: Vec::new(),
            explanation: "Half of it.".to_owned(),
            evidence: "journal: entry 9".to_owned(),
        });
        let page = graded.report_html();
        for part in [
            "commander",
            "sev1",
            "paying is down",
            "a breaker",
            "watch",
            "nudge",
            "partial, 50 %",
            "0.3 of 0.3",
            "Rubric",
        ] {
            assert!(page.contains(part), "no `{part}`");
        }
    }

    #[test]
    fn a_page_asks_for_nothing_from_outside() {
        let page = page(&Bed::never_recovered());
        for outside in ["http://", "https://", "src=", "@import", "url(http", " style=", " onclick="] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn headings_go_down_one_step_at_a_time_and_there_is_one_first() {
        let page = page(&Bed::recovered());
        let levels: Vec<u8> = page
            .match_indices("<h")
            .filter_map(|(at, _)| page.as_bytes().get(at + 2).copied())
            .filter(u8::is_ascii_digit)
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == b'1').count(), 1);
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    }
}
