//! What a user does: the five journeys of the shop, the request that each one
//! sends, and what counts as the right answer.
//!
//! Objectives (latency, share) are the drill's and are not known here.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use proto::control::Outcome;
use serde::de::IgnoredAny;

/// What the shop's page must hold; without it the page is blank to a user.
pub const PAGE_MARKER: &str = "firedrill-shop";

/// Who comes.
const USER: HeaderName = HeaderName::from_static("x-user");
/// When they leave: for the shop's count of wasted work only.
const DEADLINE: HeaderName = HeaderName::from_static("x-lab-user-deadline-ms");
/// The order that a checkout is about.
const ORDER_ID: HeaderName = HeaderName::from_static("x-order-id");

/// What people look for. The word is chosen by arrival index.
const WORDS: [&str; 16] = [
    "lamp", "chair", "desk", "mug", "kettle", "bottle", "jacket", "boots", "tent", "bike", "helmet",
    "camera", "radio", "clock", "paper", "pen",
];

/// A journey, numbered as in the request log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Journey {
    /// The shop's page, composed of search, account and cart.
    Home,
    /// A search.
    Search,
    /// The user's account.
    Account,
    /// The last step before paying; touches no bank.
    PrepareCheckout,
    /// Paying.
    Checkout,
}

impl Journey {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Home, Self::Search, Self::Account, Self::PrepareCheckout, Self::Checkout];

    /// Its number in the request log.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in drills, metrics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Search => "search",
            Self::Account => "account",
            Self::PrepareCheckout => "prepare_checkout",
            Self::Checkout => "checkout",
        }
    }

    /// The journey of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|journey| journey.name() == name)
    }

    /// What an answer of `status` with this body means to the user.
    #[must_use]
    pub fn judge(self, status: u16, body: &[u8]) -> Outcome {
        match status {
            200 if self.content_is_right(body) => Outcome::Ok,
            200 => Outcome::Wrong,
            202 => Outcome::Pending,
            503 => Outcome::Http503,
            504 => Outcome::Http504,
            _ => Outcome::HttpOther,
        }
    }

    fn content_is_right(self, body: &[u8]) -> bool {
        if self == Self::Home {
            let marker = PAGE_MARKER.as_bytes();
            return body.windows(marker.len()).any(|window| window == marker);
        }
        serde_json::from_slice::<IgnoredAny>(body).is_ok()
    }
}

/// Builds requests; what is the same in all of them is made once.
#[derive(Debug)]
pub(crate) struct Requests {
    paths: [Uri; 5],
    searches: Vec<Uri>,
    patience: HeaderValue,
    order_prefix: String,
}

impl Requests {
    /// Requests of one load. The generation is part of an order's id, because a
    /// lab may be given the same seed twice while it keeps its orders.
    pub(crate) fn new(seed: u64, generation: u64, patience_ms: u64) -> Self {
        let uri = |path: &'static str| {
            // The authority never shows on the wire's path; any fixed name will do.
            let absolute = format!("http://frontend{path}");
            Uri::try_from(absolute).expect("paths are written here")
        };
        Self {
            paths: [
                uri("/"),
                uri("/api/search"),
                uri("/api/account"),
                uri("/api/checkout/prepare"),
                uri("/api/checkout"),
            ],
            searches: WORDS
                .iter()
                .map(|word| {
                    Uri::try_from(format!("http://frontend/api/search?q={word}")).expect("words are plain")
                })
                .collect(),
            patience: HeaderValue::from(patience_ms),
            order_prefix: format!("o{seed:x}-{generation}-"),
        }
    }

    /// The request of the `index`-th arrival of a journey.
    pub(crate) fn request(&self, journey: Journey, index: u64, user: u32) -> Request<Full<Bytes>> {
        let uri = match journey {
            Journey::Search => &self.searches[(index % self.searches.len() as u64) as usize],
            other => &self.paths[other.index()],
        };
        let posts = matches!(journey, Journey::PrepareCheckout | Journey::Checkout);
        let body = if posts { Bytes::from_static(b"{}") } else { Bytes::new() };
        let mut req = Request::new(Full::new(body));
        *req.uri_mut() = uri.clone();
        let headers = req.headers_mut();
        headers.insert(USER, once(format!("u{user}")));
        headers.insert(DEADLINE, self.patience.clone());
        if posts {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if journey == Journey::Checkout {
            headers.insert(ORDER_ID, once(format!("{}{index}", self.order_prefix)));
        }
        if posts {
            *req.method_mut() = Method::POST;
        }
        req
    }
}

/// A value that will not come again. Marked "never indexed", or each one would
/// push the values that do come again out of HPACK's table, at both ends.
fn once(id: String) -> HeaderValue {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(id)).expect("ids are ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_journey() {
        for journey in Journey::ALL {
            assert_eq!(Journey::named(journey.name()), Some(journey));
            assert_eq!(Journey::ALL[journey.index()], journey);
        }
        assert_eq!(Journey::named("teleport"), None);
    }

    #[test]
    fn a_page_without_its_marker_is_wrong() {
        assert_eq!(Journey::Home.judge(200, b"<html>"), Outcome::Wrong);
        assert_eq!(Journey::Home.judge(200, b"<html id=firedrill-shop>"), Outcome::Ok);
        assert_eq!(Journey::Account.judge(200, b""), Outcome::Wrong);
        assert_eq!(Journey::Account.judge(200, b"{\"user\":\"u1\"}"), Outcome::Ok);
    }

    #[test]
    fn failures_keep_their_status() {
        assert_eq!(Journey::Checkout.judge(202, b""), Outcome::Pending);
        assert_eq!(Journey::Checkout.judge(503, b""), Outcome::Http503);
        assert_eq!(Journey::Checkout.judge(504, b""), Outcome::Http504);
        assert_eq!(Journey::Checkout.judge(500, b""), Outcome::HttpOther);
    }

    #[test]
    fn a_checkout_names_its_order_by_seed_generation_and_index() {
        let requests = Requests::new(0xfe, 3, 10_000);
        let req = requests.request(Journey::Checkout, 17, 5);
        assert_eq!(req.method(), Method::POST);
        assert_eq!(req.uri().path(), "/api/checkout");
        assert_eq!(req.headers()["x-order-id"], "ofe-3-17");
        assert_eq!(req.headers()["x-user"], "u5");
        assert_eq!(req.headers()["x-lab-user-deadline-ms"], "10000");
    }

    #[test]
    fn only_a_checkout_carries_an_order_id() {
        let requests = Requests::new(1, 1, 10_000);
        for journey in &Journey::ALL[..4] {
            assert!(!requests.request(*journey, 0, 1).headers().contains_key("x-order-id"));
        }
    }
}
