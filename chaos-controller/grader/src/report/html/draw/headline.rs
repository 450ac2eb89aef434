//! The one picture at the top: of all that users asked, what was answered in time.

use crate::report::html::words;
use crate::scorecard::Scorecard;
use crate::story::{Line, Plot, Point, Story, Top, Unit};

use super::plot;

/// Empty, if no request was recorded.
pub(in crate::report::html) fn draw(card: &Scorecard, story: &Story) -> String {
    let goodput = story.plots.iter().find(|plot| plot.id == "goodput").and_then(|plot| plot.rows.first());
    let Some(goodput) = goodput else { return String::new() };
    let share = |((seconds, good), (_, offered)): (&Point, &Point)| {
        let share = good.zip(*offered).filter(|(_, offered)| *offered > 0.0);
        (*seconds, share.map(|(good, offered)| good / offered))
    };
    let points = goodput.points.iter().zip(&goodput.against).map(share).collect();
    let recovered = card.measures.time_to.recovery.map(words::offset);
    let about = recovered.map_or("it never recovered".to_owned(), |at| format!("recovered at {at}"));
    let plot = Plot {
        id: "headline".to_owned(),
        title: format!("All requests that were answered in time, second by second: {about}"),
        about: String::new(),
        unit: Unit::Share,
        top: Top::One,
        source: String::new(),
        rows: vec![Line { name: "answered in time".to_owned(), points, against: Vec::new() }],
    };
    plot::draw(story, &plot).svg
}
