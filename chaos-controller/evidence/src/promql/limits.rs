//! What a question may cost: nothing that can be written in a query takes the controller down.

use super::evaluate::{Settings, instant, instant_with, range};
use super::failed::Failed;
use super::query::Query;
use crate::samples::{SampleWriter, Samples};

fn samples() -> Samples {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for second in 1..=60 {
        let text = format!("m{{a=\"1\"}} {second}\nm{{a=\"2\"}} {}\n", second * 2);
        bytes.extend(writer.scrape(second * 1_000, "cart", "cart-0", &text));
    }
    Samples::decode(&bytes).unwrap()
}

fn asked(text: &str) -> Result<(), Failed> {
    instant(&Query::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}")), &samples(), 30_000)
        .map(drop)
}

#[test]
fn a_subquery_of_too_many_steps_is_refused_at_its_step() {
    for text in ["max_over_time(vector(1)[10y:1ms])", "max_over_time(vector(1)[100000y:1ms])"] {
        let refused = Query::parse(text).expect_err(text);
        assert!(refused.message.contains("at most 11000"), "{refused}");
        assert_eq!(&text[refused.offset..=refused.offset], ":");
    }
    assert!(Query::parse("max_over_time(vector(1)[11s:1ms])").is_ok());
}

#[test]
fn what_would_look_at_too_much_gives_up_before_it_reserves_memory() {
    for text in [
        "max_over_time(vector(1)[290y:])",
        "sum_over_time(sum_over_time(sum_over_time(m[1h])[11s:1ms])[1d:10s])",
        "max_over_time(max_over_time(max_over_time(vector(1)[11s:1ms])[11000s:1s])[11000m:1m])",
        "quantile_over_time(0.5, quantile_over_time(0.5, vector(1)[11s:1ms])[11s:1ms])",
        "rate((vector(1) / 0)[11s:1ms]) + sum_over_time(rate((vector(1) / 0)[11s:1ms])[11s:1ms])",
        "count(count_values(\"v\", vector(time()))) + max_over_time(count(count_values(\"v\", vector(time())))[11s:1ms])",
    ] {
        assert!(matches!(asked(text), Err(Failed::TooMuch { .. })), "{text}: {:?}", asked(text));
    }
    assert_eq!(asked("max_over_time(sum(rate(m[10s]))[1m:1s])"), Ok(()));
}

#[test]
fn the_budget_is_what_one_question_may_look_at() {
    let query = Query::parse("sum(m)").unwrap();
    let ask = |budget| instant_with(&query, &samples(), 30_000, &Settings { budget, ..Settings::DEFAULT });
    assert_eq!(ask(20).unwrap_err(), Failed::TooMuch { limit: 20 });
    assert!(ask(200).is_ok());
}

#[test]
fn a_label_does_not_grow_without_end() {
    let mut text = "label_replace(m, \"x\", \"0123456789\", \"a\", \".*\")".to_owned();
    for _ in 0..40 {
        text = format!("label_replace({text}, \"x\", \"$1$1\", \"x\", \"(.*)\")");
    }
    assert!(matches!(asked(&text), Err(Failed::LongLabel { .. })), "{:?}", asked(&text));
}

#[test]
fn times_that_no_lab_reaches_are_refused_and_not_added_up() {
    let query = Query::parse("1").unwrap();
    let far = range(&query, &samples(), 0, u64::MAX, 1);
    assert_eq!(far, Err(Failed::TooManySteps { steps: u64::MAX, limit: 11_000 }));
    assert!(matches!(range(&query, &samples(), 0, u64::MAX, u64::MAX / 5), Err(Failed::TooFar { .. })));
    assert!(matches!(instant(&query, &samples(), u64::MAX), Err(Failed::TooFar { .. })));
    assert!(range(&query, &samples(), 0, 10, u64::MAX).is_ok());
    // Every border at its most, within each other.
    let nested = "max_over_time(m[290y] offset 290y)";
    let deep =
        (0..20).fold(nested.to_owned(), |of, _| format!("max_over_time({of}[290y:290y] offset -290y)"));
    assert!(asked(&deep).is_ok());
    assert!(asked("m @ 99999999999999999").is_ok());
}

#[test]
fn what_is_nested_too_deep_or_too_long_is_refused_where_it_is() {
    let parentheses = format!("{}1{}", "(".repeat(4_000), ")".repeat(4_000));
    let signs = format!("{}1", "-".repeat(8_000));
    let powers = format!("1{}", "^1".repeat(4_000));
    let sums = format!("1{}", "+1".repeat(4_000));
    // Each parenthesis is below the operators that follow it.
    let ladder = (0..40).fold("1".to_owned(), |of, _| format!("({of}){}", "+1".repeat(50)));
    for text in [parentheses, signs, powers, sums, ladder] {
        let refused = Query::parse(&text).expect_err("deep");
        assert_eq!(refused.message, "this is nested too deep");
    }
    let long = format!("m{{a=\"{}\"}}", "x".repeat(9_000));
    assert!(Query::parse(&long).expect_err("long").message.contains("too long"));
    let wide = (0..99).map(|one| format!("m{{a=\"{one}\", b!=\"+\"}}")).collect::<Vec<_>>().join(" or ");
    let calls = (0..100).fold("m".to_owned(), |of, _| format!("abs({of})"));
    let powers = format!("1{}", "^1".repeat(100));
    let parentheses = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    let walk =
        move || [wide, calls, powers, parentheses].iter().for_each(|text| assert_eq!(asked(text), Ok(())));
    // What is taken can be walked over, with half the stack that the threads of a controller have.
    std::thread::Builder::new().stack_size(4 << 20).spawn(walk).unwrap().join().unwrap();
}

#[test]
fn moments_are_shown_on_the_clock_of_whoever_asks() {
    let samples = samples();
    let show = |text: &str, clock_ms| {
        let settings = Settings { clock_ms, ..Settings::DEFAULT };
        let answer = instant_with(&Query::parse(text).unwrap(), &samples, 30_500, &settings);
        match answer.unwrap() {
            super::Value::Scalar(value) => value,
            super::Value::Vector(vector) => vector[0].value,
            other => panic!("{other:?}"),
        }
    };
    for (text, lab, run, unix) in [
        ("time()", 30.5, 10.5, 1_000_030.5),
        ("timestamp(m{a=\"1\"})", 30.0, 10.0, 1_000_030.0),
        ("timestamp(m{a=\"1\"} + 0)", 30.5, 10.5, 1_000_030.5),
        ("m{a=\"1\"} @ 10", 10.0, 30.0, f64::NAN),
        ("max_over_time(m{a=\"1\"}[5s] @ 10)", 10.0, 30.0, f64::NAN),
        ("timestamp(m{a=\"1\"} @ 10)", 10.0, 10.0, f64::NAN),
    ] {
        assert_eq!((show(text, 0), show(text, -20_000)), (lab, run), "{text}");
        if !unix.is_nan() {
            assert_eq!(show(text, 1_000_000_000), unix, "{text}");
        }
    }
    assert_eq!(show("m{a=\"1\"} @ 1000010", 1_000_000_000), 10.0);
}
