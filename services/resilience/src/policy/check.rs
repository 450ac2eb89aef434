//! The meaning of a document: names that exist, calls that are made, values that can be.
//!
//! Every problem is collected, each with the nearest right name. What is unwise but possible is allowed: the lab exists
//! to let people find that out.

use std::time::Duration;

use super::call::CallPolicy;
use super::contradiction;
use super::document::{Document, ServicePolicy, VERSION};
use super::flags;
use super::problem::Problem;
use super::server::ServerPolicy;
use super::setting::{Setting, Switch};
use super::span::Span;
use super::topology::{self, ANY, SERVICES};
use crate::concurrency::Concurrency;
use crate::deadline::{Deadline, Enforce};
use crate::fallback::{Fallback, PENDING_CALL, STALE_CALLS};

/// All the problems of meaning.
pub fn check(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    if document.version != VERSION {
        let message = format!("version {} is not known", document.version);
        problems.push(Problem::new(&["version"], message).allow([VERSION.to_string().as_str()]));
    }
    for flag in document.flags.keys().filter(|flag| !flags::is_flag(flag)) {
        let problem = Problem::new(&["flags", flag], format!("the shop has no feature `{flag}`"));
        problems.push(problem.allow(flags::names()).meant(flag, flags::names()));
    }
    for (service, policy) in &document.services {
        let place = Place(vec!["services".into(), service.clone()]);
        if service != ANY && !topology::is_service(service) {
            let names = || SERVICES.iter().map(|(name, _)| *name).chain([ANY]);
            let problem = place.problem(format!("the shop has no service `{service}`")).allow(names());
            problems.push(match service.as_str() {
                "bank" => problem.hint("the bank is not ours: set what payment does when it calls it"),
                _ => problem.meant(service, names()),
            });
            continue;
        }
        check_service(&place, service, policy, &mut problems);
    }
    problems.extend(contradiction::in_rows(document.written()));
    problems
}

/// Where in the document we are.
struct Place(Vec<String>);

impl Place {
    fn at(&self, key: &str) -> Place {
        Place(self.0.iter().cloned().chain([key.to_owned()]).collect())
    }

    fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.0, message)
    }
}

fn check_service(place: &Place, service: &str, policy: &ServicePolicy, problems: &mut Vec<Problem>) {
    if policy.settler.is_some() && service != "order" && service != ANY {
        problems.push(
            place.at("settler").problem(format!("{service} has no settler")).hint("only order has one"),
        );
    }
    if let Some(deadline) = &policy.deadline {
        let place = place.at("deadline");
        if service != "frontend" && service != ANY {
            let problem = place.problem(format!("{service} does not set the deadline"));
            problems.push(problem.hint("the frontend sets it, and every hop passes on what is left"));
        }
        positive(&place, deadline.on(), problems);
    }
    if let Some(server) = &policy.server {
        check_server(&place.at("server"), service, server, problems);
    }
    for (key, call) in &policy.calls {
        let place = place.at("calls").at(key);
        match check_key(&place, service, key) {
            Some(problem) => problems.push(problem),
            None => check_call(&place, key, call, problems),
        }
    }
}

fn check_server(place: &Place, service: &str, server: &ServerPolicy, problems: &mut Vec<Problem>) {
    if let Some(Setting::On(concurrency)) = &server.concurrency {
        check_concurrency(&place.at("concurrency"), concurrency, problems);
    }
    if let Some(queue) = &server.queue {
        let place = place.at("queue");
        positive(&place.at("wait"), queue.wait.on(), problems);
        if let Setting::On(codel) = &queue.codel {
            let place = place.at("codel");
            positive(&place.at("target"), Some(&codel.target), problems);
            positive(&place.at("interval"), Some(&codel.interval), problems);
        }
    }
    if let Some(deadline) = &server.deadline {
        check_deadline(&place.at("deadline"), deadline, problems);
    }
    let own = SERVICES.iter().filter(|(name, _)| service == ANY || *name == service);
    let methods: Vec<&str> = own.flat_map(|(_, methods)| methods.iter().copied()).collect();
    let limited =
        server.rate_limits.keys().filter(|method| *method != ANY).map(|method| ("rate_limits", method));
    let named = server.bulkheads.keys().map(|method| ("bulkheads", method)).chain(limited);
    for (field, method) in named.filter(|(_, method)| !methods.contains(&method.as_str())) {
        let problem = place.at(field).at(method).problem(format!("{service} serves no method `{method}`"));
        let problem = problem.allow(methods.iter().copied());
        // `payment.Charge` is how a caller names it.
        let bare = method.rsplit('.').next().unwrap_or(method);
        problems.push(problem.meant(bare, methods.iter().copied()));
    }
    if let Some(Setting::On(shed)) = &server.shed {
        positive(&place.at("shed").at("target"), Some(&shed.target), problems);
        positive(&place.at("shed").at("window"), Some(&shed.window), problems);
    }
}

fn check_deadline(place: &Place, deadline: &Deadline, problems: &mut Vec<Problem>) {
    positive(&place.at("floor"), deadline.floor.on(), problems);
    let ignored = [("floor", deadline.floor.on().is_some()), ("expected", deadline.expected.is_on())];
    for (field, _) in ignored.iter().filter(|(_, on)| *on && deadline.enforce == Enforce::Off) {
        let problem = place.at(field).problem("nobody looks at a deadline that is not enforced");
        problems.push(problem.hint("set `enforce` to `queued` or `all`"));
    }
}

/// What is wrong with the key of a call: it is no call, or not one that this service makes.
fn check_key(place: &Place, service: &str, key: &str) -> Option<Problem> {
    let made: Vec<String> =
        topology::calls(service).map(|(target, method)| format!("{target}.{method}")).collect();
    if key == ANY || made.iter().any(|call| call == key) {
        return None;
    }
    let words = || made.iter().map(String::as_str).chain([ANY]);
    let callers: Vec<&str> = match key.split_once('.') {
        Some((target, method)) if topology::methods(target).contains(&method) => {
            topology::callers(target).collect()
        }
        _ => Vec::new(),
    };
    if !callers.is_empty() {
        let problem = place.problem(format!("{service} does not call {key}")).allow(words());
        return Some(problem.hint(format!("{} does", callers.join(" and "))));
    }
    if made.is_empty() {
        return Some(place.problem(format!("{service} calls nobody")));
    }
    Some(place.problem(format!("there is no call `{key}`")).allow(words()).meant(key, words()))
}

fn check_call(place: &Place, key: &str, call: &CallPolicy, problems: &mut Vec<Problem>) {
    positive(&place.at("attempt_timeout"), call.attempt_timeout.as_ref().and_then(Setting::on), problems);
    positive(&place.at("total_timeout"), call.total_timeout.as_ref().and_then(Setting::on), problems);
    // A setting that nothing obeys is worse than none: the person believes to be safe.
    if call.idempotency == Some(Switch::On) && key != ANY && key != "bank.charge" {
        let problem = place.at("idempotency").problem(format!("{key} carries no idempotency key"));
        problems.push(problem.hint("set it on payment's call `bank.charge`"));
    }
    let has_regions = key.split_once('.').is_some_and(|(target, _)| topology::has_regions(target));
    if matches!(call.shift, Some(Setting::On(_))) && key != ANY && !has_regions {
        let problem = place.at("shift").problem(format!("{key} has one region only"));
        problems.push(problem.hint("set it on payment's calls `bank.charge` and `bank.lookup`"));
    }
    if matches!(call.hedge, Some(Setting::On(_))) && key != ANY {
        let read = key.split_once('.').is_some_and(|(target, method)| topology::is_read(target, method));
        if !read {
            let problem =
                place.at("hedge").problem(format!("{key} changes something: made twice it is done twice"));
            let reads = topology::READS.map(|(target, method)| format!("{target}.{method}"));
            let problem = problem.allow(reads.iter().map(String::as_str));
            problems.push(problem.meant(key, reads.iter().map(String::as_str)));
        }
    }
    check_instances(place, call, problems);
    check_fallback(&place.at("fallback"), key, call, problems);
    positive(&place.at("stale_for"), call.stale_for.as_ref(), problems);
    if let Some(Setting::On(budget)) = call.retry.as_ref().map(|retry| &retry.budget) {
        positive(&place.at("retry").at("budget").at("window"), Some(&budget.window), problems);
    }
    if let Some(Setting::On(breaker)) = &call.breaker {
        let place = place.at("breaker");
        positive(&place.at("open_for"), Some(&breaker.open_for), problems);
        positive(&place.at("slow_call_duration"), breaker.slow_call_duration.on(), problems);
        positive(&place.at("window_time"), breaker.window_time.on(), problems);
    }
    if let Some(Setting::On(concurrency)) = &call.concurrency {
        check_concurrency(&place.at("concurrency"), concurrency, problems);
    }
    if let Some(Setting::On(throttle)) = &call.throttle {
        let place = place.at("throttle");
        positive(&place.at("window"), Some(&throttle.window), problems);
        positive(&place.at("probe_every"), Some(&throttle.probe_every), problems);
    }
}

fn check_concurrency(place: &Place, concurrency: &Concurrency, problems: &mut Vec<Problem>) {
    let Concurrency { min, max, .. } = *concurrency;
    let default = Concurrency::default();
    // A bound that this row does not say may come from another.
    if min > max && min != default.min && max != default.max {
        let message = format!("the limit cannot be at least {min} and at most {max}");
        problems.push(place.at("min").problem(message).allow([format!("1 to {max}").as_str()]));
    }
    positive(&place.at("window"), Some(&concurrency.window), problems);
    positive(&place.at("timeout"), Some(&concurrency.timeout), problems);
    positive(&place.at("probe_every"), concurrency.probe_every.on(), problems);
}

fn check_fallback(place: &Place, key: &str, call: &CallPolicy, problems: &mut Vec<Problem>) {
    if key == ANY {
        return;
    }
    match call.fallback {
        Some(Setting::On(Fallback::Pending)) if key != PENDING_CALL => {
            let problem = place.problem(format!("{key} cannot be made up for later"));
            problems.push(match STALE_CALLS.contains(&key) {
                true => problem.allow(["off", "stale"]).hint("did you mean `stale`?"),
                false => problem.hint(format!("set it on order's call `{PENDING_CALL}`")),
            });
        }
        Some(Setting::On(Fallback::Stale)) if !STALE_CALLS.contains(&key) => {
            let problem = place.problem(format!("{key} is not answered from what was answered before"));
            problems.push(match key {
                PENDING_CALL => problem.allow(["off", "pending"]).hint("did you mean `pending`?"),
                _ => problem.hint(format!("only calls that read can be: {}", STALE_CALLS.join(", "))),
            });
        }
        _ => {}
    }
}

/// What is about the instances of the target.
fn check_instances(place: &Place, call: &CallPolicy, problems: &mut Vec<Problem>) {
    if let Some(balance) = &call.balance {
        let place = place.at("balance");
        positive(&place.at("decay"), Some(&balance.decay), problems);
        positive(&place.at("failure_penalty"), balance.failure_penalty.on(), problems);
    }
    if let Some(Setting::On(outlier)) = &call.outlier {
        let place = place.at("outlier");
        positive(&place.at("interval"), Some(&outlier.interval), problems);
        positive(&place.at("base_ejection"), Some(&outlier.base_ejection), problems);
    }
    if let Some(Setting::On(hedge)) = &call.hedge {
        positive(&place.at("hedge").at("after"), hedge.after.on(), problems);
    }
}

/// The schema cannot say that a time is above zero.
fn positive(place: &Place, span: Option<&Span>, problems: &mut Vec<Problem>) {
    if span.is_some_and(|span| span.get() < Duration::from_millis(1)) {
        problems.push(place.problem("a time below 1ms leaves no time at all").hint("`off` turns it off"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::parse;

    fn problems(services: Value) -> Vec<Problem> {
        parse(&json!({"version": 1, "services": services})).err().unwrap_or_default()
    }

    /// The only problem, as (path, hint).
    fn only(services: Value) -> (String, String) {
        let mut problems = problems(services);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        let problem = problems.remove(0);
        (problem.path, problem.hint.unwrap_or_default())
    }

    fn pair(path: &str, hint: &str) -> (String, String) {
        (path.into(), hint.into())
    }

    #[test]
    fn a_call_belongs_to_the_service_that_makes_it() {
        assert_eq!(
            problems(json!({"order": {"calls": {"payment.Charge": {}, "inventory.Reserve": {}, "*": {}}}})),
            []
        );
        assert_eq!(problems(json!({"*": {"calls": {"bank.charge": {}, "order.Checkout": {}, "*": {}}}})), []);
        assert_eq!(
            only(json!({"order": {"calls": {"bank.charge": {}}}})),
            pair("services.order.calls.bank.charge", "payment does")
        );
        assert_eq!(
            only(json!({"order": {"calls": {"payment.charge": {}}}})),
            pair("services.order.calls.payment.charge", "did you mean `payment.Charge`?")
        );
        assert_eq!(only(json!({"account": {"calls": {"nobody.Home": {}}}})).1, "");
        assert_eq!(only(json!({"cart": {"calls": {"order": {}}}})).0, "services.cart.calls.order");
    }

    #[test]
    fn services_and_bulkheads_have_names_that_exist() {
        assert_eq!(only(json!({"paymnt": {}})), pair("services.paymnt", "did you mean `payment`?"));
        assert!(only(json!({"bank": {}})).1.contains("not ours"));
        assert_eq!(
            problems(json!({"payment": {"server": {"bulkheads": {"Charge": 150, "ListMethods": 50}}}})),
            []
        );
        assert_eq!(problems(json!({"*": {"server": {"bulkheads": {"Stock": 5}}}})), []);
        assert_eq!(
            only(json!({"payment": {"server": {"bulkheads": {"payment.Charge": 5}}}})).1,
            "did you mean `Charge`?"
        );
    }

    #[test]
    fn a_policy_stands_where_it_is_obeyed() {
        assert_eq!(
            problems(json!({"order": {"settler": {"rate": 600}}, "frontend": {"deadline": "10s"}})),
            []
        );
        assert_eq!(problems(json!({"*": {"settler": "off", "deadline": "off"}})), []);
        assert_eq!(only(json!({"cart": {"settler": "off"}})).0, "services.cart.settler");
        assert_eq!(only(json!({"cart": {"deadline": "1s"}})).0, "services.cart.deadline");
        assert_eq!(
            only(json!({"order": {"calls": {"payment.Charge": {"idempotency": "on"}}}})).1,
            "set it on payment's call `bank.charge`"
        );
        assert_eq!(
            only(json!({"cart": {"calls": {"order.Checkout": {"fallback": "pending"}}}})).1,
            "set it on order's call `payment.Charge`"
        );
        let shift = json!({"shift": {"second": 0.2}});
        assert_eq!(problems(json!({"payment": {"calls": {"bank.charge": shift, "bank.lookup": shift}}})), []);
        assert_eq!(problems(json!({"*": {"calls": {"*": shift}}})), []);
        assert_eq!(
            only(json!({"order": {"calls": {"payment.Charge": shift}}})),
            pair(
                "services.order.calls.payment.Charge.shift",
                "set it on payment's calls `bank.charge` and `bank.lookup`"
            )
        );
    }

    #[test]
    fn only_a_read_is_made_twice() {
        let hedged = |service: &str, call: &str| json!({service: {"calls": {call: {"hedge": {}}}}});
        for (service, call) in
            [("frontend", "search.Query"), ("payment", "bank.lookup"), ("*", "*"), ("cart", "*")]
        {
            assert_eq!(problems(hedged(service, call)), [], "{call}");
        }
        let (path, hint) = only(hedged("order", "payment.Charge"));
        assert_eq!(
            (path.as_str(), hint.contains("payment.GetCharge")),
            ("services.order.calls.payment.Charge.hedge", true),
            "{hint}"
        );
        assert_eq!(problems(json!({"order": {"calls": {"payment.Charge": {"hedge": "off"}}}})), []);
        assert_eq!(only(hedged("payment", "bank.charge")).0, "services.payment.calls.bank.charge.hedge");
    }

    #[test]
    fn times_that_are_none_are_named() {
        let call = json!({"balance": {"decay": "0s", "failure_penalty": "0s"}, "hedge": {"after": "0ms"},
            "outlier": {"interval": "0s", "base_ejection": "0s"}});
        let problems = problems(json!({"order": {"calls": {"payment.ListMethods": call}}}));
        assert_eq!(problems.len(), 5, "{problems:#?}");
    }

    #[test]
    fn values_that_cannot_be_are_all_named() {
        let call = json!({"attempt_timeout": "0s", "total_timeout": "0.5ms",
            "concurrency": {"min": 30, "max": 20, "window": "0s"}, "throttle": {"window": "0s"},
            "breaker": {"window": 10, "minimum_calls": 20}, "retry": {"backoff": {"base": "2s", "cap": "1s"}}});
        let problems =
            problems(json!({"frontend": {"deadline": "0ms"}, "payment": {"calls": {"bank.charge": call}}}));
        assert_eq!(problems.len(), 8, "{problems:#?}");
    }

    #[test]
    fn a_floor_under_a_deadline_that_nobody_enforces_is_a_mistake() {
        let server = |deadline: Value| json!({"payment": {"server": {"deadline": deadline}}});
        assert_eq!(problems(server(json!({"floor": "120ms", "enforce": "queued"}))), []);
        assert_eq!(problems(server(json!({"enforce": "off", "floor": "off", "expected": "off"}))), []);
        assert_eq!(
            only(server(json!({"enforce": "off", "expected": "on"}))),
            pair("services.payment.server.deadline.expected", "set `enforce` to `queued` or `all`")
        );
        assert_eq!(
            problems(json!({"*": {"server": {"queue": {"codel": {"target": "0ms", "interval": "0ms"}}}}}))
                .len(),
            2
        );
    }

    #[test]
    fn the_naive_and_the_layered_policy_are_right() {
        let cart = json!({"order.Checkout": {"total_timeout": "10s", "retry": {"max_retries": 4, "on": ["unavailable"],
            "backoff": {"base": "1s", "factor": 2, "cap": "8s", "jitter": "none"}}}});
        assert_eq!(
            problems(json!({
                "frontend": {"server": {"workers": 4096, "queue": {"limit": 10000, "order": "fifo", "wait": "off"}}},
                "cart": {"server": {"workers": 4096}, "calls": cart},
                "order": {"server": {"workers": 1047, "queue": {"limit": 100}}, "settler": "off",
                    "calls": {"payment.Charge": {"attempt_timeout": "off", "retry": {"max_retries": 3, "backoff": "off"}}}},
                "payment": {"server": {"workers": 200, "cancel": "off"}, "calls": {"bank.charge": {"idempotency": "off"}}},
            })),
            []
        );
        assert_eq!(
            problems(json!({
                "frontend": {"deadline": "10s"},
                "order": {"settler": {"rate": 600}, "calls": {"payment.Charge": {"fallback": "pending",
                    "retry": {"budget": {"ratio": 0.2, "min_per_second": 10, "window": "10s"}}}}},
                "payment": {"server": {"queue": {"limit": 100}, "bulkheads": {"Charge": 150}},
                    "calls": {"bank.charge": {"attempt_timeout": "400ms", "idempotency": "on", "breaker": {"window": 100,
                        "minimum_calls": 100, "failure_rate": 0.5, "slow_call_duration": "400ms", "open_for": "5s",
                        "half_open_calls": 10}}}},
            })),
            []
        );
    }
}
