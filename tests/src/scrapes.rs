//! What a scraper of a live lab saw: every process's metrics as text, each second, also while the lab is being hurt.
//!
//! Times are stamped on a grid of our own, so that a test can ask between the scrapes and never at one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use evidence::samples::{SampleWriter, Samples};
use serde_json::{Value, json};

use crate::http::Ask;
use crate::site::{Lab, Member};

/// What has not answered by then is dead for this second.
const PATIENCE: Duration = Duration::from_millis(900);

/// One attempt to scrape one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrape {
    pub t_ms: u64,
    pub service: String,
    pub instance: String,
    /// `None` if it did not answer.
    pub text: Option<String>,
}

/// Something that is done to the lab in some second of a recording, beside the scraper.
pub type Deed<'a> = (u64, &'a (dyn Fn(&Lab) + Sync));

/// The time of the `n`th scrape. It wanders by less than 100 ms, as real ones do.
pub fn scraped_at(n: u64) -> u64 {
    n * 1_000 + 211 + n * 37 % 97
}

/// Scrapes the lab each second.
///
/// # Panics
/// When a deed does.
pub fn record(lab: &Lab, seconds: u64, deeds: &[Deed<'_>]) -> Vec<Scrape> {
    let start = Instant::now();
    let mut scrapes = Vec::new();
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    std::thread::scope(|scope| {
        for second in 0..seconds {
            std::thread::sleep(
                (start + Duration::from_secs(second)).saturating_duration_since(Instant::now()),
            );
            for (_, deed) in deeds.iter().filter(|(when, _)| *when == second) {
                scope.spawn(move || deed(lab));
            }
            let t_ms = scraped_at(second);
            let seen = scrape(lab);
            for (instance, service) in &known {
                // Taken out of the lab: dead once, and then no more a target.
                if !seen.iter().any(|(member, _)| member.instance == *instance) {
                    let (service, instance) = (service.clone(), instance.clone());
                    scrapes.push(Scrape { t_ms, service, instance, text: None });
                }
            }
            known =
                seen.iter().map(|(member, _)| (member.instance.clone(), member.service.clone())).collect();
            scrapes.extend(seen.into_iter().map(|(member, text)| Scrape {
                t_ms,
                service: member.service,
                instance: member.instance,
                text,
            }));
        }
    });
    scrapes
}

/// The scrapes as a recording holds them.
///
/// # Panics
/// When what was just written cannot be read.
pub fn samples(scrapes: &[Scrape]) -> Samples {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for Scrape { t_ms, service, instance, text } in scrapes {
        bytes.extend(match text {
            Some(text) => writer.scrape(*t_ms, service, instance, text),
            None => writer.dead(*t_ms, service, instance),
        });
    }
    Samples::decode(&bytes).expect("what was written is read")
}

/// Everybody, all at once, as one that is dead takes its whole patience.
pub fn scrape(lab: &Lab) -> Vec<(Member, Option<String>)> {
    let members = lab.members().into_iter().filter(|member| !member.admin.is_empty());
    let members = members.chain([controller(lab)]);
    std::thread::scope(|scope| {
        let asked: Vec<_> = members
            .map(|member| {
                let ask = Ask::get(&member.admin, "/metrics").patience(PATIENCE);
                (member, scope.spawn(move || ask.send().ok().filter(|answer| answer.status == 200)))
            })
            .collect();
        let answers = asked.into_iter().map(|(member, asked)| {
            let answer = asked.join().expect("a question does not panic");
            (member, answer.map(|answer| answer.body))
        });
        answers.collect()
    })
}

/// Scraped like any other, though it is not a process of its own list.
fn controller(lab: &Lab) -> Member {
    let name = "controller".to_owned();
    Member {
        instance: name.clone(),
        service: name,
        pid: lab.pid("/controller/pid"),
        traffic: String::new(),
        admin: lab.text("/controller/url"),
        state: "up".to_owned(),
    }
}

/// One scrape a line, to be kept.
pub fn to_lines(scrapes: &[Scrape]) -> String {
    let line = |scrape: &Scrape| json!({"t_ms": scrape.t_ms, "service": scrape.service, "instance": scrape.instance, "text": scrape.text});
    scrapes.iter().map(|scrape| format!("{}\n", line(scrape))).collect()
}

/// Scrapes that were kept.
///
/// # Panics
/// When they were not written by [`to_lines`].
pub fn from_lines(lines: &str) -> Vec<Scrape> {
    let scrape = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of kept scrapes is JSON");
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        Scrape {
            t_ms: line["t_ms"].as_u64().expect("a kept scrape has a time"),
            service: text("service").expect("a kept scrape has a service"),
            instance: text("instance").expect("a kept scrape has an instance"),
            text: text("text"),
        }
    };
    lines.lines().map(scrape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_scrapes_are_read_back() {
        let one = |text: Option<&str>| Scrape {
            t_ms: 1_248,
            service: "cart".to_owned(),
            instance: "cart-0".to_owned(),
            text: text.map(str::to_owned),
        };
        let scrapes = vec![one(Some("a 1\n")), one(None)];
        assert_eq!(from_lines(&to_lines(&scrapes)), scrapes);
    }
}
