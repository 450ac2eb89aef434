//! The answer to a range of raw samples, back into scrapes: of each instance, when it was scraped, whether it answered,
//! and what it exposed, as the text that it would have written. Pure.
//!
//! All samples of one scrape have its time, and a query sees a scrape whole or not at all. `up` has a sample for each.

use std::collections::BTreeMap;

use evidence::exposition::series_text;
use serde::Deserialize;

/// What a scraper says of its own work: of these only `up` is read.
const OF_THE_SCRAPER: &str = "scrape_";
/// Labels that are the target's.
const OF_THE_TARGET: [&str; 4] = ["__name__", "job", "service", "instance"];

/// One scrape of one instance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scraped {
    /// By the clock of the Prometheus.
    pub(super) unix_ms: i64,
    pub(super) service: String,
    pub(super) instance: String,
    /// `None` if it did not answer.
    pub(super) text: Option<String>,
}

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// Not JSON of that form.
    #[error("it answers with something else than Prometheus does")]
    Form(#[from] serde_json::Error),
    /// Its own words.
    #[error("it says: {0}")]
    Said(String),
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// Where each instance was read up to, in ms of the Prometheus.
pub(super) type Cursors = BTreeMap<String, i64>;

/// The scrapes in an answer that are younger than their instance's cursor, the oldest first.
pub(super) fn scrapes(body: &[u8], cursors: &Cursors) -> Result<Vec<Scraped>, Unusable> {
    let answer: Answer = serde_json::from_slice(body)?;
    if answer.status != "success" {
        return Err(Unusable::Said(answer.error));
    }
    let all = answer.data.map(|data| data.result).unwrap_or_default();
    let mut found: BTreeMap<(&str, i64), Scraped> = BTreeMap::new();
    for series in all.iter().filter(|series| series.is("up")) {
        let (service, instance) = (series.label("service"), series.label("instance"));
        if service.is_empty() || instance.is_empty() {
            continue;
        }
        let since = cursors.get(instance).copied().unwrap_or(i64::MIN);
        for (at, value) in series.values.iter().filter(|(at, _)| millis(*at) > since) {
            let text = (value == "1").then(String::new);
            let unix_ms = millis(*at);
            let scraped =
                Scraped { unix_ms, service: service.to_owned(), instance: instance.to_owned(), text };
            found.insert((instance, unix_ms), scraped);
        }
    }
    for series in &all {
        let (name, instance) = (series.label("__name__"), series.label("instance"));
        if name == "up" || name.starts_with(OF_THE_SCRAPER) {
            continue;
        }
        let mut own = series.metric.clone();
        own.retain(|label, _| !OF_THE_TARGET.contains(&label.as_str()));
        let written = series_text(name, &own);
        for (at, value) in &series.values {
            if let Some(Scraped { text: Some(text), .. }) = found.get_mut(&(instance, millis(*at))) {
                for part in [written.as_str(), " ", value, "\n"] {
                    text.push_str(part);
                }
            }
        }
    }
    let mut scrapes: Vec<Scraped> = found.into_values().collect();
    scrapes.sort_by_key(|scrape| scrape.unix_ms);
    Ok(scrapes)
}

/// The number that an instant query answers with.
pub(super) fn number(body: &[u8]) -> Result<f64, Unusable> {
    let answer: serde_json::Value = serde_json::from_slice(body)?;
    let value = answer.pointer("/data/result/1").and_then(serde_json::Value::as_str);
    value
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| Unusable::Said(answer["error"].as_str().unwrap_or("nothing of use").to_owned()))
}

/// `# HELP` and `# TYPE` of every metric, as a process would write them, from the answer of `/api/v1/metadata`.
pub(super) fn described(body: &[u8]) -> Result<String, Unusable> {
    #[derive(Deserialize)]
    struct Metadata {
        data: BTreeMap<String, Vec<Metric>>,
    }
    #[derive(Deserialize)]
    struct Metric {
        r#type: String,
        help: String,
    }
    let Metadata { data } = serde_json::from_slice(body)?;
    let mut text = String::new();
    for (name, said) in &data {
        if let Some(Metric { r#type: kind, help }) = said.first() {
            let help = help.replace('\n', " ");
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        }
    }
    Ok(text)
}

impl Series {
    fn label(&self, name: &str) -> &str {
        self.metric.get(name).map_or("", String::as_str)
    }

    fn is(&self, name: &str) -> bool {
        self.label("__name__") == name
    }
}

/// Times are seconds with three digits after the point.
fn millis(seconds: f64) -> i64 {
    (seconds * 1e3).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","instance":"cart-0","job":"firedrill","service":"cart"},
         "values":[[10.001,"1"],[11.001,"1"],[12.001,"0"]]},
        {"metric":{"__name__":"m","instance":"cart-0","job":"firedrill","service":"cart","said":"a \"b\""},
         "values":[[10.001,"0.1"],[11.001,"+Inf"]]},
        {"metric":{"__name__":"gone","instance":"cart-0","job":"firedrill","service":"cart"},"values":[[10.001,"7"]]},
        {"metric":{"__name__":"scrape_duration_seconds","instance":"cart-0","job":"firedrill","service":"cart"},
         "values":[[11.001,"0.01"]]}]}}"#;

    #[test]
    fn samples_of_one_time_are_the_scrape_that_they_came_in() {
        let scrapes = scrapes(ANSWER.as_bytes(), &Cursors::new()).unwrap();
        let told: Vec<_> = scrapes.iter().map(|one| (one.unix_ms, one.text.as_deref())).collect();
        let first = "m{said=\"a \\\"b\\\"\"} 0.1\ngone 7\n";
        let second = "m{said=\"a \\\"b\\\"\"} +Inf\n";
        assert_eq!(told, [(10_001, Some(first)), (11_001, Some(second)), (12_001, None)]);
        assert!(scrapes.iter().all(|one| one.service == "cart" && one.instance == "cart-0"));
    }

    #[test]
    fn what_was_read_before_is_not_read_again() {
        let cursors = Cursors::from([("cart-0".to_owned(), 11_001)]);
        assert_eq!(scrapes(ANSWER.as_bytes(), &cursors).unwrap().len(), 1);
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let body = br#"{"status":"error","errorType":"bad_data","error":"too many samples"}"#;
        assert_eq!(scrapes(body, &Cursors::new()).unwrap_err().to_string(), "it says: too many samples");
        assert!(scrapes(b"<html>", &Cursors::new()).is_err());
    }

    #[test]
    fn the_time_of_a_prometheus_and_the_words_of_its_metrics_are_read() {
        assert_eq!(
            number(br#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"1.5"]}}"#).unwrap(),
            1.5
        );
        let body = br#"{"status":"success","data":{"m":[{"type":"gauge","help":"What m is.","unit":""}]}}"#;
        assert_eq!(described(body).unwrap(), "# HELP m What m is.\n# TYPE m gauge\n");
    }
}
