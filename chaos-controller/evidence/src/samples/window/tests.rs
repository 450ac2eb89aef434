//! The live store against the recording of the same scrapes, and its two bounds.

use proptest::prelude::*;

use super::*;
use crate::promql::{Query, instant, range};
use crate::samples::SampleWriter;

/// Of `a`, `b` and `c` in two processes, each second; `None` is a scrape that failed.
type Seconds = Vec<[Option<Vec<Option<u8>>>; 2]>;

fn seconds() -> impl Strategy<Value = Seconds> {
    let text = prop::collection::vec(prop::option::weighted(0.9, 0u8..4), 3);
    prop::collection::vec(
        [prop::option::weighted(0.9, text.clone()), prop::option::weighted(0.9, text)],
        1..60,
    )
}

fn text(values: &[Option<u8>]) -> String {
    let names = ["a", "b", "c{x=\"1\"}"];
    let lines = names.iter().zip(values).filter_map(|(name, value)| Some(format!("{name} {}\n", (*value)?)));
    lines.collect()
}

/// Scrapes into a window and into a recording.
fn both(seconds: &Seconds, mut window: Window) -> (Window, Samples) {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for (second, scrapes) in seconds.iter().enumerate() {
        let t_ms = second as u64 * 1_000 + 200;
        for (instance, scrape) in ["cart-0", "cart-1"].into_iter().zip(scrapes) {
            match scrape {
                Some(values) => {
                    window.scrape(t_ms, "cart", instance, &text(values));
                    bytes.extend(writer.scrape(t_ms, "cart", instance, &text(values)));
                }
                None => {
                    window.dead(t_ms, "cart", instance);
                    bytes.extend(writer.dead(t_ms, "cart", instance));
                }
            }
        }
    }
    (window, Samples::decode(&bytes).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_window_answers_as_a_recording_of_the_same_scrapes(seconds in seconds(), retention in 10u64..70) {
        let (window, recording) = both(&seconds, Window::new(retention * 1_000, 1 << 20));
        let last_ms = seconds.len() as u64 * 1_000 - 800;
        let since_ms = last_ms.saturating_sub((retention - 5) * 1_000);
        for text in ["a", "up", "rate(a[3s])", "{__name__=~\"b|c\"}", "sum by (instance) (increase(c[5s]))",
                     "avg_over_time(b[4s])", "changes(a[5s])", "absent(c)", "timestamp(a)", "last_over_time(b[2s])"] {
            let query = Query::parse(text).unwrap();
            // What looks back further than is kept may differ.
            for t_ms in (since_ms..last_ms + 5_000).step_by(1_300) {
                prop_assert_eq!(instant(&query, window.samples(), t_ms), instant(&query, &recording, t_ms), "{} {}", text, t_ms);
            }
            let rows = |samples| range(&query, samples, since_ms, last_ms + 3_000, 700);
            prop_assert_eq!(rows(window.samples()), rows(&recording), "{}", text);
        }
    }

    #[test]
    fn what_it_counts_is_what_it_holds(seconds in seconds(), retention in 1u64..20) {
        let (mut window, _) = both(&seconds, Window::new(retention * 1_000, 1 << 20));
        let counted = window.bytes();
        window.count();
        prop_assert!(counted.abs_diff(window.bytes()) <= 64 * window.samples.sources.len(), "{} {}", counted, window.bytes());
    }
}

#[test]
fn what_is_older_than_the_retention_goes_and_what_still_holds_stays() {
    let mut window = Window::new(10_000, 1 << 20);
    for second in 0..100 {
        window.scrape(second * 1_000, "cart", "cart-0", &format!("steady 7\nmoving {second}\n"));
    }
    assert!(window.since_ms().unwrap() >= 88_000, "{:?}", window.since_ms());
    assert_eq!(window.samples().value_at("steady", &[], 99_000), Some(7.0));
    let query = Query::parse("count_over_time(steady[1m])").unwrap();
    let crate::promql::Value::Vector(counted) = instant(&query, window.samples(), 99_000).unwrap() else {
        panic!()
    };
    assert!((10.0..=12.0).contains(&counted[0].value), "{counted:?}");
}

#[test]
fn bytes_are_bounded_whatever_comes() {
    let max = 64 << 10;
    let mut window = Window::new(u64::MAX / 2, max);
    for second in 0..500u64 {
        let text: String = (0..100).map(|n| format!("m{{n=\"{n}\"}} {}\n", second * n)).collect();
        window.scrape(second * 1_000, "cart", "cart-0", &text);
        // One scrape may be over until the next makes room.
        assert!(window.bytes() <= max + (8 << 10), "{} after {second} s", window.bytes());
    }
    assert_eq!(window.samples().value_at("m", &[("n", "99")], 499_000), Some(499.0 * 99.0));
    assert!(window.since_ms().unwrap() > 400_000);
}

#[test]
fn series_of_the_dead_are_forgotten_and_new_ones_find_no_room_only_when_there_is_none() {
    let mut window = Window::new(5_000, 32 << 10);
    for second in 0..400u64 {
        window.scrape(second * 1_000, "cart", "cart-0", &format!("m{{life=\"{second}\"}} 1\n"));
    }
    assert_eq!(window.left_out(), 0);
    assert!(window.samples().all().len() < 12, "{}", window.samples().all().len());
    let flood: String = (0..1_000).map(|n| format!("flood{{n=\"{n}\"}} 1\n")).collect();
    window.scrape(400_000, "cart", "cart-0", &flood);
    assert!(
        window.left_out() > 500 && window.bytes() <= 40 << 10,
        "{} {}",
        window.left_out(),
        window.bytes()
    );
}

#[test]
fn what_a_rule_records_is_asked_for_as_a_series_that_no_process_has() {
    let mut window = Window::new(60_000, 1 << 20);
    let labels = |service: &str| BTreeMap::from([("service".to_owned(), service.to_owned())]);
    for second in 0..5 {
        let value = second as f64;
        window.scrape(second * 1_000, "cart", "cart-0", "m 1\n");
        let answer = [(labels("cart"), value), (labels("order"), -value)];
        window.record(second * 1_000, "0", "service:m:sum", &answer[..if second < 3 { 2 } else { 1 }]);
    }
    let asked = |text: &str, t_ms| {
        let answer = instant(&Query::parse(text).unwrap(), window.samples(), t_ms).unwrap();
        let crate::promql::Value::Vector(answer) = answer else { panic!("{text}") };
        answer.into_iter().map(|sample| (sample.labels, sample.value)).collect::<Vec<_>>()
    };
    let of = |service: &str, value| {
        let mut labels = labels(service);
        labels.insert("__name__".to_owned(), "service:m:sum".to_owned());
        (labels, value)
    };
    assert_eq!(asked("service:m:sum", 2_500), [of("cart", 2.0), of("order", -2.0)]);
    assert_eq!(asked("service:m:sum", 4_500), [of("cart", 4.0)], "what it has no more has ended");
    assert_eq!(asked("service:m:sum{job=\"firedrill\"}", 2_500), []);
    assert_eq!(asked("delta(service:m:sum{service=\"cart\"}[3s])", 4_500).len(), 1);
    assert_eq!(asked("up", 4_500).len(), 1, "a rule is no process");
}
