//! The codec and the queries together: what was exposed is what is read, and what a query says of it.

use proptest::prelude::*;

use super::*;

/// Scrapes of `payment-0`, one second apart from 0; `None` is a failed one.
fn recorded(texts: &[Option<&str>]) -> Samples {
    let mut writer = SampleWriter::new();
    let mut bytes = Vec::new();
    for (second, text) in texts.iter().enumerate() {
        let t_ms = second as u64 * 1_000;
        bytes.extend(match text {
            Some(text) => writer.scrape(t_ms, "payment", "payment-0", text),
            None => writer.dead(t_ms, "payment", "payment-0"),
        });
    }
    Samples::decode(&bytes).unwrap()
}

proptest! {
    #[test]
    fn what_was_exposed_is_read_back(
        scrapes in prop::collection::vec(
            prop::option::weighted(0.9, prop::collection::btree_map(0u8..6, any_value(), 0..6)), 1..20),
    ) {
        let mut writer = SampleWriter::new();
        let mut bytes = Vec::new();
        for (n, scrape) in scrapes.iter().enumerate() {
            let t_ms = n as u64 * 997;
            bytes.extend(match scrape {
                Some(values) => {
                    let text: String = values.iter().map(|(id, value)| format!("m{{id=\"{id}\"}} {value}\n")).collect();
                    writer.scrape(t_ms, "cart", "cart-1", &text)
                }
                None => writer.dead(t_ms, "cart", "cart-1"),
            });
        }
        let samples = Samples::decode(&bytes).unwrap();
        for (n, scrape) in scrapes.iter().enumerate() {
            for id in 0u8..6 {
                let read = samples.value_at("m", &[("id", &id.to_string()), ("instance", "cart-1")], n as u64 * 997);
                let exposed = scrape.as_ref().and_then(|values| values.get(&id).copied());
                prop_assert_eq!(read, exposed);
            }
        }
        // A recording cut anywhere behind its header still opens.
        for cut in [bytes.len() - 1, bytes.len() / 2, MAGIC.len()] {
            prop_assert!(Samples::decode(&bytes[..cut.max(MAGIC.len())]).is_ok());
        }
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-1_000_000i64..1_000_000).prop_map(|whole| whole as f64),
        -1e9f64..1e9,
        Just(9_007_199_254_740_993.0),
        Just(f64::INFINITY),
        Just(0.1),
    ]
}

#[test]
fn unchanged_series_cost_nothing() {
    let text: String = (0..500).map(|n| format!("m{{n=\"{n}\"}} 1\n")).collect();
    let mut writer = SampleWriter::new();
    let first = writer.scrape(0, "cart", "cart-0", &text).len();
    let second = writer.scrape(1_000, "cart", "cart-0", &text).len();
    assert!(first > 5_000 && second < 10, "{first} then {second} bytes");
}

#[test]
fn a_counter_reset_counts_from_zero() {
    let samples = recorded(&[Some("c 100\n"), Some("c 130\n"), None, Some("c 5\n"), Some("c 9\n")]);
    assert_eq!(samples.increase("c", &[], 0, 4_000), Some(39.0));
    assert_eq!(samples.increase("c", &[], 1_000, 3_000), Some(5.0));
}

#[test]
fn a_counter_that_was_counting_before_the_run_starts_from_its_first_value() {
    let samples = recorded(&[Some("old 100\n"), Some("old 110\nborn 7\n")]);
    assert_eq!(samples.increase("old", &[], 0, 1_000), Some(10.0));
    assert_eq!(samples.increase("born", &[], 0, 1_000), Some(7.0));
}

#[test]
fn no_data_is_none_and_never_zero() {
    let samples = recorded(&[Some("c 1\n"), None, None]);
    assert_eq!(samples.increase("absent", &[], 0, 2_000), None);
    assert_eq!(samples.increase("c", &[], 1_500, 2_000), None);
    assert_eq!(samples.value_at("c", &[], 2_000), None);
    assert_eq!(samples.increase("c", &[("pool", "main")], 0, 500), None);
}

#[test]
fn rates_are_taken_between_scrapes() {
    let samples = recorded(&[Some("c 0\n"), Some("c 450\n"), Some("c 900\n")]);
    assert_eq!(samples.rate("c", &[("service", "payment")], 0, 2_900), Some(450.0));
}

#[test]
fn gauges_are_weighted_by_time_and_stale_time_does_not_count() {
    let samples = recorded(&[Some("g 10\n"), Some("g 30\n"), Some("g 30\n"), None]);
    assert_eq!(samples.time_weighted_mean("g", &[], 0, 3_000), Some((10.0 + 30.0 + 30.0) / 3.0));
    assert_eq!(samples.time_weighted_mean("g", &[], 0, 9_000), Some((10.0 + 30.0 + 30.0) / 3.0));
    assert_eq!(samples.max_over("g", &[], 0, 500), Some(10.0));
    assert_eq!(samples.max_over("g", &[], 0, 9_000), Some(30.0));
}

#[test]
fn quantiles_interpolate_inside_a_bucket() {
    let empty = "h_bucket{le=\"0.1\"} 0\nh_bucket{le=\"0.2\"} 0\nh_bucket{le=\"+Inf\"} 0\n";
    let full = "h_bucket{le=\"0.1\"} 50\nh_bucket{le=\"0.2\"} 100\nh_bucket{le=\"+Inf\"} 100\n";
    let samples = recorded(&[Some(empty), Some(full)]);
    let quantile = |q| samples.histogram_quantile("h", &[], q, 0, 1_000).unwrap();
    assert!((quantile(0.5) - 0.1).abs() < 1e-9 && (quantile(0.75) - 0.15).abs() < 1e-9);
    assert_eq!(samples.histogram_quantile("h", &[], 0.5, 1_000, 2_000), None);
}

#[test]
fn series_of_several_instances_add_up() {
    let mut writer = SampleWriter::new();
    let mut bytes = writer.scrape(0, "payment", "payment-0", "g 1\n");
    bytes.extend(writer.scrape(10, "payment", "payment-1", "g 2\n"));
    let samples = Samples::decode(&bytes).unwrap();
    assert_eq!(samples.value_at("g", &[("service", "payment")], 10), Some(3.0));
    assert_eq!(samples.scrapes("payment").len(), 2);
    assert_eq!(export(&samples).lines().count(), 2);
}
