//! Who there is in the shop, what each one serves, and who calls whom: the names a document may use.
//!
//! The bank is a target, never a row: it is somebody else's, its policies are not ours to set.

/// The row of defaults, and the call key that means all calls of a service.
pub const ANY: &str = "*";

/// The services of the shop with their methods. The frontend speaks HTTP: its methods are its routes.
pub const SERVICES: [(&str, &[&str]); 7] = [
    (
        "frontend",
        &[
            "/",
            "/api/search",
            "/api/account",
            "/api/cart",
            "/api/cart/items",
            "/api/checkout/prepare",
            "/api/checkout",
        ],
    ),
    ("cart", &["Get", "AddItem", "PrepareCheckout", "Checkout"]),
    ("search", &["Query"]),
    ("account", &["Get"]),
    ("order", &["PrepareCheckout", "Checkout"]),
    ("payment", &["ListMethods", "Charge", "GetCharge"]),
    ("inventory", &["Stock", "Reserve", "Release"]),
];

/// The bank's API, which only payment calls.
pub const BANK: (&str, &[&str]) = ("bank", &["charge", "lookup"]);

/// The calls that change nothing, so that making them twice is only a matter of load.
pub const READS: [(&str, &str); 7] = [
    ("search", "Query"),
    ("account", "Get"),
    ("cart", "Get"),
    ("inventory", "Stock"),
    ("payment", "ListMethods"),
    ("payment", "GetCharge"),
    ("bank", "lookup"),
];

/// The services whose truth is in their process: a second instance would be a second truth.
pub const KEEPS_STATE: [&str; 3] = ["cart", "inventory", "order"];

/// Caller and callee of every edge.
pub const EDGES: [(&str, &str); 8] = [
    ("frontend", "cart"),
    ("frontend", "search"),
    ("frontend", "account"),
    ("search", "inventory"),
    ("cart", "order"),
    ("order", "payment"),
    ("order", "inventory"),
    ("payment", "bank"),
];

/// Whether the shop has such a service. The bank is not one of them.
pub fn is_service(name: &str) -> bool {
    SERVICES.iter().any(|(service, _)| *service == name)
}

/// Whether a target can have a second region: the bank, which is sold in several.
pub fn has_regions(target: &str) -> bool {
    target == BANK.0
}

/// Whether a call changes nothing.
pub fn is_read(target: &str, method: &str) -> bool {
    READS.contains(&(target, method))
}

/// What a service or the bank serves; nothing for an unknown name.
pub fn methods(service: &str) -> &'static [&'static str] {
    let known = SERVICES.iter().chain([&BANK]).find(|(name, _)| *name == service);
    known.map_or(&[], |(_, methods)| methods)
}

/// Every call that `service` makes, as (target, method). [`ANY`] makes the calls of all.
pub fn calls(service: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let edges = EDGES.iter().filter(move |(caller, _)| service == ANY || *caller == service);
    let mut targets: Vec<&'static str> = edges.map(|(_, target)| *target).collect();
    targets.dedup();
    let mut seen: Vec<&'static str> = Vec::new();
    targets.retain(|target| {
        !seen.contains(target) && {
            seen.push(target);
            true
        }
    });
    targets.into_iter().flat_map(|target| methods(target).iter().map(move |method| (target, *method)))
}

/// The services that call `target`.
pub fn callers(target: &str) -> impl Iterator<Item = &'static str> {
    EDGES.iter().filter(move |(_, callee)| *callee == target).map(|(caller, _)| *caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_calls_payment_and_inventory_only() {
        let targets: Vec<_> = calls("order").map(|(target, _)| target).collect();
        assert_eq!(targets, ["payment"; 3].into_iter().chain(["inventory"; 3]).collect::<Vec<_>>());
        assert_eq!(calls("account").count(), 0);
        assert_eq!(callers("inventory").collect::<Vec<_>>(), ["search", "order"]);
    }

    #[test]
    fn every_read_is_a_call_that_is_served() {
        for (target, method) in READS {
            assert!(methods(target).contains(&method), "{target}.{method}");
        }
    }

    #[test]
    fn the_any_row_may_make_every_call_once() {
        let all: Vec<_> = calls(ANY).collect();
        assert_eq!(all.iter().filter(|call| **call == ("inventory", "Stock")).count(), 1);
        assert!(all.contains(&("bank", "charge")));
    }
}
