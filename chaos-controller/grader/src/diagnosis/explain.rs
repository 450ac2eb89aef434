//! The paragraph under a grade: what was right, what was missing, what the recording shows instead, and where to look.

use super::points::BLAME;
use super::{Grade, Point};

pub(super) fn paragraph(grade: Grade, score: f64, points: &[Point], told: &[String]) -> String {
    let opening = match grade {
        Grade::Right => "Right",
        Grade::Partial => "Right in part",
        _ => "Wrong",
    };
    let mut text = vec![format!("{opening}: {score:.2} of 1.")];
    let (asked, blame): (Vec<&Point>, Vec<&Point>) = points.iter().partition(|point| point.name != BLAME);
    for point in asked {
        let told = told.contains(&point.name);
        let whole = point.got >= point.worth - 0.001 || told;
        text.push(match whole {
            true => format!("{}: {}.", name(point), point.why),
            false => format!(
                "{}: {}; the recording shows {} ({}).",
                name(point),
                point.why,
                point.recorded,
                point.evidence
            ),
        });
    }
    for point in blame.into_iter().filter(|point| point.got < 0.0) {
        let shown = if point.recorded.is_empty() { String::new() } else { format!(" ({})", point.recorded) };
        text.push(format!("Blame costs {:.2}: {}{shown}.", -point.got, point.why));
    }
    text.join(" ")
}

/// What the recording shows, where nothing was said that could be compared with it.
pub(super) fn shown(points: &[Point]) -> String {
    let shown = points.iter().filter(|point| point.name != BLAME && !point.recorded.is_empty());
    let shown: Vec<String> =
        shown.map(|point| format!("{}: {} ({}).", name(point), point.recorded, point.evidence)).collect();
    if shown.is_empty() { String::new() } else { format!("The recording shows: {}", shown.join(" ")) }
}

fn name(point: &Point) -> &str {
    match point.name.as_str() {
        super::points::COMPONENT => "Who began it",
        super::points::KIND => "What is wrong with it",
        super::points::MECHANISM => "What made an outage of it",
        super::points::PROPAGATION => "How it climbed",
        other => other,
    }
}
