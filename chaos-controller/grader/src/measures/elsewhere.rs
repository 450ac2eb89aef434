//! Where the numbers come from that stand in other parts of the scorecard: the cascade, what propagated, the doses, the
//! money and the load.

use evidence::kind;

use super::Measures;
use super::figure::journal;
use crate::cascade::cascade;
use crate::case::Case;
use crate::finding::round;
use crate::proofs::generator;
use crate::summary;

pub(super) fn note(case: &Case<'_>, measures: &mut Measures) {
    broken(case, measures);
    doses(case, measures);
    money(case, measures);
    load(case, measures);
}

fn broken(case: &Case<'_>, measures: &mut Measures) {
    for one in cascade(case) {
        let from = match one.service.as_str() {
            "payment" => "samples.bin: lab_workers_busy at lab_workers_limit, and lab_queue_depth above 0",
            "frontend" => "requests.bin: home, by the moment of the answer",
            _ => {
                "samples.bin: rpc_server_call_duration_seconds_count of Checkout and PrepareCheckout, by status"
            }
        };
        let from =
            format!("{from}; {} in two samples in a row, the first {:+.1} s", one.symptom, one.seconds);
        measures.note(format!("cascade.{}", one.service), Some(one.seconds), "s", from);
    }
}

fn doses(case: &Case<'_>, measures: &mut Measures) {
    for (dose, entry) in summary::doses(case).into_iter().zip(case.recording.entries(kind::DOSE)) {
        let name = format!("dose.{}.{}", dose.fault, dose.source);
        measures.note(format!("{name}.requested_ms"), dose.requested_ms, "ms", journal(entry));
        measures.note(format!("{name}.delivered_ms"), dose.delivered_ms, "ms", journal(entry));
    }
}

fn money(case: &Case<'_>, measures: &mut Measures) {
    let Some(money) = &case.money else { return };
    let book = "ledgers/orders.jsonl against ledgers/charges.jsonl, by order id";
    for (name, value) in [
        ("lost", money.lost),
        ("double", money.double),
        ("double_before", money.double_before),
        ("pending", money.pending),
        ("settled", money.settled),
        ("wrong_amount", money.wrong_amount),
        ("confirmed", money.confirmed),
    ] {
        measures.note(format!("money.{name}"), Some(value as f64), "orders", book);
    }
}

fn load(case: &Case<'_>, measures: &mut Measures) {
    let Some(overall) = generator::overall(case) else { return };
    let log = format!("requests.bin: numbers of the arrivals, {}", case.moments.name(overall.span));
    let rate = |count: u64| Some(round(count as f64 / overall.span.seconds()));
    measures.note("load.offered", rate(overall.offered), "requests/s", log.clone());
    measures.note("load.achieved", rate(overall.sent), "requests/s", log);
}

#[cfg(test)]
mod tests {
    use super::super::tests::measured;
    use crate::testbed::Bed;

    fn named(bed: &Bed) -> Vec<String> {
        measured(bed).figures.into_iter().map(|figure| figure.name).collect()
    }

    #[test]
    fn numbers_of_every_part_say_where_they_are_from() {
        let names = named(&Bed::never_recovered());
        for name in ["cascade.payment", "dose.slow.shop.delivered_ms", "money.lost", "load.offered"] {
            assert!(names.iter().any(|known| known == name), "{name} of {names:?}");
        }
    }

    #[test]
    fn what_is_not_there_says_nothing() {
        let mut bed = Bed::well("nothing", None);
        bed.ledgers.orders = None;
        bed.delivered_ms = None;
        let names = named(&bed);
        assert!(names.iter().all(|name| !name.starts_with("money")
            && !name.starts_with("dose")
            && !name.starts_with("cascade")));
    }
}
