//! How deep a service stands in the shop: the deeper the trouble, the nearer to the cause. What is above it only waits.

use resilience::policy::topology;

/// Calls between a user and the service, on the longest way; 0 for the frontend, and for what is no part of the shop.
pub(super) fn depth(service: &str) -> u32 {
    topology::callers(service).map(|caller| depth(caller) + 1).max().unwrap_or(0)
}

/// Whether calls of `caller` end up, sooner or later, at `service`.
pub(super) fn leads_to(caller: &str, service: &str) -> bool {
    topology::callers(service).any(|near| near == caller || leads_to(caller, near))
}

/// The order in which lines are kept where there is little room: what is bad before what is doubtful, the deepest first.
pub(super) fn trouble(tone: crate::paint::Tone, depth: u32) -> u32 {
    match tone {
        crate::paint::Tone::Bad => 200 + depth,
        crate::paint::Tone::Warn => 100 + depth,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bank_is_the_deepest_and_the_frontend_leads_to_it() {
        let depths = ["frontend", "cart", "order", "payment", "bank"].map(depth);
        assert_eq!(depths, [0, 1, 2, 3, 4]);
        assert_eq!((depth("inventory"), depth("traffic")), (3, 0));
        assert!(leads_to("frontend", "bank") && leads_to("cart", "payment"));
        assert!(!leads_to("payment", "cart") && !leads_to("search", "bank"));
    }
}
