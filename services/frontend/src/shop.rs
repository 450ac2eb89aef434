//! The services behind the edge, and who is asking.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use mesh::{Ctx, GrpcCaller, Mesh};
use proto::shop::account_client::AccountClient;
use proto::shop::cart_client::CartClient;
use proto::shop::search_client::SearchClient;

/// The clients of the services behind. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) cart: CartClient<GrpcCaller>,
    pub(crate) search: SearchClient<GrpcCaller>,
    pub(crate) account: AccountClient<GrpcCaller>,
    numbers: Arc<AtomicU64>,
}

impl Shop {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let cart = mesh.grpc("cart", &["Get", "AddItem", "PrepareCheckout", "Checkout"]);
        Self {
            cart: CartClient::new(cart),
            search: SearchClient::new(mesh.grpc("search", &["Query"])),
            account: AccountClient::new(mesh.grpc("account", &["Get"])),
            numbers: Arc::default(),
        }
    }

    /// The id of a new order: the caller's own if it brought one (so that a
    /// second try is the same order), else one that no other order has.
    pub(crate) fn order_id(&self, visitor: &Visitor) -> String {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let made = || format!("w{:x}-{number:x}-{}", process::monotonic_us(), std::process::id());
        visitor.order_id.clone().unwrap_or_else(made)
    }
}

/// Who is asking, and the context of the request.
pub(crate) struct Visitor {
    pub(crate) user: String,
    pub(crate) ctx: Ctx,
    order_id: Option<String>,
}

/// Longest user name or order id that is taken from a header.
const LONGEST_NAME: usize = 64;

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let ctx = parts.extensions.get::<Ctx>().cloned();
        Ok(Self {
            user: name(&parts.headers, "x-user").unwrap_or_else(|| "guest".to_owned()),
            order_id: name(&parts.headers, "x-order-id"),
            ctx: ctx.expect("a worker puts the context into every request"),
        })
    }
}

/// A header that names something: short, and safe in a URL and in HTML.
fn name(headers: &HeaderMap, header: &str) -> Option<String> {
    let value = headers.get(header)?.to_str().ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    (!value.is_empty() && value.len() <= LONGEST_NAME && value.chars().all(plain)).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_name_that_could_break_a_page_is_no_name() {
        let mut headers = HeaderMap::new();
        for bad in ["", "<b>", "a b", "a&b=c"] {
            headers.insert("x-user", HeaderValue::from_static(bad));
            assert_eq!(name(&headers, "x-user"), None, "{bad}");
        }
        headers.insert("x-user", HeaderValue::from_static("u-1_a.b"));
        assert_eq!(name(&headers, "x-user").as_deref(), Some("u-1_a.b"));
    }
}
