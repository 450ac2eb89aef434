//! The figures of the board that are PromQL: a fixed list of queries over the live samples, and where each of their
//! answers stands on the page. So the page shows exactly what `firedrill query` would.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use evidence::Samples;
use evidence::promql::{self, Query, Value};

use crate::api::board::{Board, Edge, Journey, Service};
use crate::directory::SHOP;

/// The picture's order; the bank and the load come after the shop.
const OTHERS: [&str; 2] = ["bank", "traffic"];

/// What the page shows, and the query behind it. A rate over 5 s answers within seconds and is smooth enough at a tenth
/// of the scale; a 99th percentile needs more calls, so it looks back 10 s.
const QUERIES: [(&str, &str); 21] = [
    ("offered", "sum(avg_over_time(lab_offered_rate[5s]))"),
    ("in_flight", "sum(avg_over_time(lab_user_requests_in_flight[5s]))"),
    ("journeys.rate", "sum by (journey) (rate(lab_user_requests_total[5s]))"),
    (
        "journeys.p99_seconds",
        "histogram_quantile(0.99, sum by (journey, le) (rate(lab_user_latency_seconds_bucket[10s])))",
    ),
    ("services.up", "sum by (service) (up)"),
    ("services.instances", "count by (service) (up)"),
    ("services.busy", "sum by (service) (lab_workers_busy)"),
    ("services.workers", "sum by (service) (lab_workers_limit)"),
    ("services.active", "sum by (service) (http_server_active_requests)"),
    ("services.queued", "sum by (service) (lab_queue_depth)"),
    ("services.capacity", "sum by (service) (lab_queue_capacity)"),
    (
        "services.wait_p99_seconds",
        "histogram_quantile(0.99, sum by (service, le) (rate(lab_queue_wait_seconds_bucket[10s])))",
    ),
    (
        "services.rate",
        "sum by (service) (rate({__name__=~\"(rpc_server_call|http_server_request)_duration_seconds_count\"}[5s]))",
    ),
    (
        "services.errors",
        "sum by (service) (rate({__name__=~\"(rpc_server_call|http_server_request)_duration_seconds_count\",\
         rpc_response_status_code!~\"OK|NOT_FOUND|ALREADY_EXISTS|FAILED_PRECONDITION|INVALID_ARGUMENT|ABORTED\",\
         http_response_status_code!~\"[1-4]..\"}[5s]))",
    ),
    ("edges.calls", "sum by (service, target, method) (rate(lab_client_calls_total[5s]))"),
    (
        "edges.p99_seconds",
        "histogram_quantile(0.99, sum by (service, target, method, le) \
         (rate(lab_client_call_duration_seconds_bucket[10s])))",
    ),
    ("edges.attempts", "sum by (service, target, method, outcome) (rate(lab_client_attempts_total[5s]))"),
    ("edges.recent", "sum by (service, target, method) (rate(lab_client_attempts_total[1m]))"),
    ("edges.breaker", "sum by (service, target, method, state) (lab_breaker_state) > 0"),
    ("orders_open", "sum by (state) (lab_orders_open)"),
    ("charges", "sum by (state) (rate(lab_charges_total[5s]))"),
];

/// The queries by what they are, for whoever wants to ask them himself.
pub(crate) fn queries() -> BTreeMap<String, String> {
    QUERIES.iter().map(|(name, query)| ((*name).to_owned(), (*query).to_owned())).collect()
}

/// Fills in what the samples say at `t_ms`.
pub(crate) fn fill(board: &mut Board, samples: &Samples, t_ms: u64) {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    let mut edges: BTreeMap<[String; 3], Edge> = BTreeMap::new();
    for (name, query) in parsed() {
        for (labels, value) in values(query, samples, t_ms) {
            let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
            match name.split_once('.') {
                None => scalar(board, name, label("state"), value),
                Some(("journeys", field)) => journey(board, &label("journey"), field, value),
                Some(("services", field)) => {
                    let service = services.entry(label("service")).or_default();
                    service.service = label("service");
                    service_field(service, field, value);
                }
                Some((_, field)) => {
                    let key = [label("service"), label("target"), label("method")];
                    let edge = edges.entry(key.clone()).or_default();
                    [edge.service, edge.target, edge.method] = key;
                    edge_field(edge, field, &labels, value);
                }
            }
        }
    }
    let place =
        |name: &str| SHOP.iter().chain(&OTHERS).position(|known| *known == name).unwrap_or(usize::MAX);
    board.services = services.into_values().collect();
    board.services.sort_by_key(|service| place(&service.service));
    board.edges = edges.into_values().collect();
    board.edges.sort_by_key(|edge| (place(&edge.service), place(&edge.target)));
    board.queries = queries();
}

fn scalar(board: &mut Board, name: &str, state: String, value: f64) {
    match name {
        "offered" => board.offered = Some(value),
        "in_flight" => board.in_flight = Some(value),
        "orders_open" => drop(board.orders_open.insert(state, value)),
        "charges" => drop(board.charges.insert(state, value)),
        _ => {}
    }
}

fn journey(board: &mut Board, name: &str, field: &str, value: f64) {
    let index = match board.journeys.iter().position(|journey| journey.journey == name) {
        Some(index) => index,
        None => {
            board.journeys.push(Journey { journey: name.to_owned(), ..Journey::default() });
            board.journeys.len() - 1
        }
    };
    let journey = &mut board.journeys[index];
    match field {
        "rate" => journey.rate = value,
        _ => journey.p99_seconds = Some(value),
    }
}

fn service_field(service: &mut Service, field: &str, value: f64) {
    match field {
        "up" => service.up = value as u32,
        "instances" => service.instances = value as u32,
        "busy" => service.busy = Some(value),
        "workers" => service.workers = Some(value),
        "active" => service.active = Some(value),
        "queued" => service.queued = Some(value),
        "capacity" => service.capacity = Some(value),
        "wait_p99_seconds" => service.wait_p99_seconds = Some(value),
        "rate" => service.rate = Some(value),
        _ => service.errors = Some(value),
    }
}

fn edge_field(edge: &mut Edge, field: &str, labels: &promql::Labels, value: f64) {
    let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
    match field {
        "calls" => edge.calls = value,
        "recent" => edge.recent = value,
        "p99_seconds" => edge.p99_seconds = Some(value),
        "attempts" => drop(edge.attempts.insert(label("outcome"), value)),
        // Of several instances with several states, the one that is not closed is told.
        _ if edge.breaker.is_none() || !label("state").eq_ignore_ascii_case("closed") => {
            edge.breaker = Some(label("state"));
        }
        _ => {}
    }
}

/// What a query comes to, without what is no number.
fn values(query: &Query, samples: &Samples, t_ms: u64) -> Vec<(promql::Labels, f64)> {
    match promql::instant(query, samples, t_ms) {
        Ok(Value::Vector(vector)) => vector
            .into_iter()
            .filter(|one| one.value.is_finite())
            .map(|one| (one.labels, one.value))
            .collect(),
        _ => Vec::new(),
    }
}

fn parsed() -> &'static [(&'static str, Query)] {
    static PARSED: OnceLock<Vec<(&'static str, Query)>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let parse = |query: &str| Query::parse(query).expect("the board's own queries are queries");
        QUERIES.iter().map(|(name, query)| (*name, parse(query))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::SampleWriter;

    fn scraped() -> Samples {
        let mut writer = SampleWriter::new();
        let mut bytes = Vec::new();
        for second in 0..12 {
            let text = format!(
                "lab_workers_busy{{pool=\"main\"}} 20\nlab_workers_limit{{pool=\"main\"}} 20\n\
                 lab_queue_depth{{pool=\"main\"}} 7\nlab_queue_capacity{{pool=\"main\"}} 1000\n\
                 rpc_server_call_duration_seconds_count{{rpc_method=\"Charge\",rpc_response_status_code=\"OK\"}} {}\n\
                 rpc_server_call_duration_seconds_count{{rpc_method=\"Charge\",rpc_response_status_code=\"UNAVAILABLE\"}} {}\n\
                 lab_client_calls_total{{target=\"bank\",method=\"charge\",outcome=\"ok\"}} {}\n\
                 lab_client_attempts_total{{target=\"bank\",method=\"charge\",outcome=\"timeout\"}} {}\n\
                 lab_breaker_state{{target=\"bank\",method=\"charge\",state=\"open\"}} 1\n\
                 lab_breaker_state{{target=\"bank\",method=\"charge\",state=\"closed\"}} 0\n",
                second * 30,
                second * 10,
                second * 10,
                second * 20
            );
            bytes.extend(writer.scrape(second * 1000, "payment", "payment-0", &text));
            bytes.extend(writer.scrape(
                second * 1000,
                "cart",
                "cart-0",
                "lab_workers_busy{pool=\"main\"} 1\n",
            ));
        }
        Samples::decode(&bytes).unwrap()
    }

    #[test]
    fn every_query_of_the_board_is_one() {
        assert_eq!(parsed().len(), QUERIES.len());
    }

    #[test]
    fn a_service_and_its_edges_are_put_together_from_their_queries() {
        let mut board = Board::default();
        fill(&mut board, &scraped(), 11_000);
        let names: Vec<&str> = board.services.iter().map(|service| service.service.as_str()).collect();
        assert_eq!(names, ["cart", "payment"], "in the order of the picture");
        let payment = &board.services[1];
        assert_eq!((payment.busy, payment.workers, payment.queued), (Some(20.0), Some(20.0), Some(7.0)));
        assert_eq!((payment.up, payment.instances), (1, 1));
        let close = |value: Option<f64>, to: f64| value.is_some_and(|value| (value - to).abs() < 1.0);
        assert!(close(payment.rate, 40.0) && close(payment.errors, 10.0), "{payment:?}");
        let edge = &board.edges[0];
        assert_eq!((edge.service.as_str(), edge.target.as_str()), ("payment", "bank"));
        assert_eq!(edge.breaker.as_deref(), Some("open"));
        assert!(close(Some(edge.calls), 10.0) && close(edge.attempts.get("timeout").copied(), 20.0));
    }
}
