//! What a request is for, by its route: what services go by when they cannot serve everybody. Who pays goes first, then
//! who is about to, then the pages that most come for; a search or a look at the account can wait.

use resilience::shed::Class;

/// The class of a route.
pub(crate) fn of(route: &str) -> Class {
    match route {
        "/api/checkout" => Class::Critical,
        "/api/checkout/prepare" => Class::High,
        "/" | "/api/cart" | "/api/cart/items" => Class::Normal,
        _ => Class::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ROUTES;

    #[test]
    fn who_pays_goes_first_and_no_route_is_background() {
        let best = ROUTES.iter().filter(|route| of(route) == Class::Critical).collect::<Vec<_>>();
        assert_eq!(best, [&"/api/checkout"]);
        assert!(ROUTES.iter().all(|route| of(route) < Class::Background));
        assert_eq!(of("other"), Class::Low);
    }
}
