//! The templates and what they may say a number with. They are compiled in, and everything they print is escaped unless
//! it is markup of `draw`.

use minijinja::{Environment, UndefinedBehavior, Value};

use super::words;

/// Every template, by the name that others include it by.
const TEMPLATES: [(&str, &str); 14] = [
    ("page.html", include_str!("templates/page.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("summary.html", include_str!("templates/summary.html")),
    ("verdict.html", include_str!("templates/verdict.html")),
    ("timeline.html", include_str!("templates/timeline.html")),
    ("plots.html", include_str!("templates/plots.html")),
    ("topology.html", include_str!("templates/topology.html")),
    ("traces.html", include_str!("templates/traces.html")),
    ("money.html", include_str!("templates/money.html")),
    ("numbers.html", include_str!("templates/numbers.html")),
    ("changes.html", include_str!("templates/changes.html")),
    ("people.html", include_str!("templates/people.html")),
    ("rating.html", include_str!("templates/rating.html")),
    ("run.html", include_str!("templates/run.html")),
];

pub(super) const STYLE: &str = include_str!("templates/page.css");
pub(super) const SCRIPT: &str = include_str!("templates/page.js");

pub(super) fn render(context: Value) -> String {
    let page = environment().get_template("page.html").and_then(|page| page.render(context));
    page.expect("the templates are part of this program, and tests render every section of them")
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).expect("a template that is compiled in parses");
    }
    // A name that is not there is a mistake in a template. Tests find it; whoever waits for a verdict gets the rest.
    let undefined = if cfg!(test) { UndefinedBehavior::Strict } else { UndefinedBehavior::Lenient };
    environment.set_undefined_behavior(undefined);
    let number = |told: fn(f64) -> String| move |value: Option<f64>| value.map_or("no data".to_owned(), told);
    environment.add_filter("offset", number(words::offset));
    environment.add_filter("seconds", number(words::seconds));
    environment.add_filter("percent", number(words::percent));
    environment.add_filter("plain", number(words::plain));
    environment.add_filter("ms", number(|ms| format!("{ms:.1} ms")));
    environment.add_filter("count", |value: Option<u64>| value.map_or("no data".to_owned(), words::count));
    environment.add_filter("amount", |cents: Option<i64>| cents.map_or("no data".to_owned(), words::amount));
    environment.add_filter("words", |name: String| words::name(&name));
    environment.add_filter("capital", |text: String| words::capital(&text));
    environment.add_filter("date", words::date);
    environment
}
