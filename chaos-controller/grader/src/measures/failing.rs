//! The highest shares of failing answers while the fault was on, in any span of one recovery window.

use super::Measures;
use crate::cascade::{TIMED_OUT, UNAVAILABLE, blank, shares};
use crate::case::Case;
use crate::finding::round;
use crate::moments::{Span, millis};

pub(super) fn measure(case: &Case<'_>, outage: Span, measures: &mut Measures) {
    let samples = &case.recording.samples;
    let width = millis(case.plan.windows.length);
    let order = highest(&shares(samples, "order", &UNAVAILABLE, outage), width);
    let cart = highest(&shares(samples, "cart", &TIMED_OUT, outage), width);
    let home = highest(&blank(case, outage), width);
    measures.order_503_share_max = order.map(|(_, share)| share);
    measures.cart_504_share_max = cart.map(|(_, share)| share);
    measures.home_failing_share_max = home.map(|(_, share)| share);
    let replies = "samples.bin: rpc_server_call_duration_seconds_count of Checkout and PrepareCheckout";
    for (name, found, from) in [
        (
            "order_503_share_max",
            order,
            format!("{replies} at order, UNAVAILABLE and RESOURCE_EXHAUSTED of all"),
        ),
        ("cart_504_share_max", cart, format!("{replies} at cart, DEADLINE_EXCEEDED and CANCELLED of all")),
        ("home_failing_share_max", home, "requests.bin: home, by the moment of the answer".to_owned()),
    ] {
        let Some((at, share)) = found else { continue };
        let window = Span { from: at.saturating_sub(width), to: at };
        measures.note(
            format!("measures.{name}"),
            Some(share),
            "share",
            format!("{from}, {}", case.moments.name(window)),
        );
    }
}

/// The highest share of bad among all in any run of samples that is `width` long, and where that ends. The run must be
/// whole: the first seconds alone are too few requests to say anything.
fn highest(rows: &[(u64, f64, f64)], width: u64) -> Option<(u64, f64)> {
    let mut most: Option<(u64, f64)> = None;
    for (last, row) in rows.iter().enumerate() {
        let since = row.0.saturating_sub(width);
        if rows[0].0 > since + 1_500 {
            continue;
        }
        let window = rows[..=last].iter().rev().take_while(|(t, _, _)| *t > since);
        let (bad, all) = window.fold((0.0, 0.0), |(bad, all), row| (bad + row.1, all + row.2));
        if all > 0.0 && most.is_none_or(|(_, share)| bad / all > share) {
            most = Some((row.0, bad / all));
        }
    }
    most.map(|(at, share)| (at, round(share)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn the_worst_window_of_an_outage_counts() {
        let measures = measured(&Bed::never_recovered());
        assert_eq!(measures.order_503_share_max, Some(1.0));
        assert_eq!(measures.cart_504_share_max, Some(1.0));
        assert_eq!(measures.home_failing_share_max, Some(1.0));
        let well = measured(&Bed::well("layered", None));
        assert_eq!((well.order_503_share_max, well.home_failing_share_max), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn without_samples_or_requests_it_is_unknown() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.push("order");
        bed.requests.clear();
        let measures = measured(&bed);
        assert_eq!((measures.order_503_share_max, measures.home_failing_share_max), (None, None));
    }

    #[test]
    fn a_window_that_is_not_whole_says_nothing() {
        let rows = [(11_000, 10.0, 10.0), (12_000, 0.0, 10.0), (13_000, 0.0, 10.0), (14_000, 5.0, 10.0)];
        assert_eq!(highest(&rows, 3_000), Some((13_000, 0.333333)));
    }
}
