//! The features of the shop that can be switched off, by name: a closed list, because a flag that nobody looks at is a
//! lever that moves nothing.

/// Name of each feature, and what is left without it.
pub const FLAGS: [(&str, &str); 5] = [
    ("checkout", "nobody can pay: 503"),
    ("prepare", "the step before paying is answered 503; who knows what to pay with can still pay"),
    ("home_search", "the page shows no products"),
    ("home_account", "the page does not greet by name"),
    ("home_cart", "the page does not say what is in the cart"),
];

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().map(|(name, _)| *name)
}

/// Whether there is such a feature.
pub fn is_flag(name: &str) -> bool {
    names().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::policy::parse;

    #[test]
    fn a_feature_has_a_name_that_the_shop_knows() {
        let flags = |flags: Value| parse(&json!({"version": 1, "flags": flags})).err().unwrap_or_default();
        assert_eq!(
            flags(json!({"checkout": "off", "prepare": "on", "home_search": "off", "home_cart": "off"})),
            []
        );
        let problems = flags(json!({"home_serch": "off", "xyz": "off"}));
        assert_eq!(problems.len(), 2, "{problems:#?}");
        assert_eq!(problems[0].hint.as_deref(), Some("did you mean `home_search`?"));
        assert!(problems[1].allowed.as_deref().is_some_and(|allowed| allowed.contains("home_account")));
    }
}
