//! The JSON API of the shop.

use axum::Json;
use axum::extract::{Query, State};
use http::StatusCode;
use proto::shop::{
    AddItemRequest, CartView, CheckoutRequest, GetAccountRequest, GetCartRequest, OrderState,
    PrepareCheckoutRequest, Product, QueryRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Status;

use crate::refusal::Refusal;
use crate::shop::{Shop, Visitor};

type Answer = Result<Json<Value>, Refusal>;

/// `GET /api/search?q=red lamp&limit=8`
#[derive(Deserialize)]
pub(crate) struct SearchQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    limit: u32,
}

pub(crate) async fn search(
    State(shop): State<Shop>,
    visitor: Visitor,
    Query(query): Query<SearchQuery>,
) -> Answer {
    let query = visitor.ctx.request(QueryRequest { text: query.q, limit: query.limit });
    let reply = shop.search.clone().query(query).await?.into_inner();
    Ok(Json(json!({ "products": reply.products.iter().map(product).collect::<Vec<_>>() })))
}

pub(crate) async fn account(State(shop): State<Shop>, visitor: Visitor) -> Answer {
    let get = visitor.ctx.request(GetAccountRequest { user: visitor.user });
    let account = shop.account.clone().get(get).await?.into_inner();
    Ok(Json(json!({ "user": account.user, "name": account.name, "tier": account.tier })))
}

pub(crate) async fn cart(State(shop): State<Shop>, visitor: Visitor) -> Answer {
    let get = visitor.ctx.request(GetCartRequest { user: visitor.user });
    Ok(Json(cart_json(&shop.cart.clone().get(get).await?.into_inner())))
}

/// `POST /api/cart/items {"sku": "sku-0001", "quantity": 1}`
#[derive(Deserialize)]
pub(crate) struct Item {
    sku: String,
    quantity: u32,
}

pub(crate) async fn add_item(State(shop): State<Shop>, visitor: Visitor, Json(item): Json<Item>) -> Answer {
    let add = AddItemRequest { user: visitor.user, sku: item.sku, quantity: item.quantity };
    let cart = shop.cart.clone().add_item(visitor.ctx.request(add)).await?.into_inner();
    Ok(Json(cart_json(&cart)))
}

pub(crate) async fn prepare(State(shop): State<Shop>, visitor: Visitor) -> Answer {
    if !visitor.ctx.policy().flag("prepare") {
        return Err(Refusal(mesh::unavailable("preparing a checkout is switched off")));
    }
    let prepare = visitor.ctx.request(PrepareCheckoutRequest { user: visitor.user });
    let reply = shop.cart.clone().prepare_checkout(prepare).await?.into_inner();
    Ok(Json(json!({ "methods": reply.methods, "items": reply.items })))
}

/// 200 when paid, 202 when accepted with the payment pending.
pub(crate) async fn checkout(
    State(shop): State<Shop>,
    visitor: Visitor,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    if !visitor.ctx.policy().flag("checkout") {
        return Err(Refusal(Status::unavailable("checkout is closed")));
    }
    let order_id = shop.order_id(&visitor);
    visitor.ctx.concerns(&order_id);
    let checkout = visitor.ctx.request(CheckoutRequest { user: visitor.user, order_id });
    let reply = shop.cart.clone().checkout(checkout).await?.into_inner();
    let (status, payment) = match reply.state() {
        OrderState::Confirmed => (StatusCode::OK, "paid"),
        OrderState::Pending => (StatusCode::ACCEPTED, "pending"),
        _ => return Err(Refusal(Status::internal("an order ends paid, pending or refused"))),
    };
    let body = json!({ "order": reply.order_id, "payment": payment, "total_cents": reply.total_cents });
    Ok((status, Json(body)))
}

fn product(product: &Product) -> Value {
    json!({
        "sku": product.sku,
        "title": product.title,
        "price_cents": product.price_cents,
        "available": product.available,
    })
}

fn cart_json(cart: &CartView) -> Value {
    let lines = cart.lines.iter().map(|line| json!({ "sku": line.sku, "quantity": line.quantity }));
    json!({ "user": cart.user, "lines": lines.collect::<Vec<_>>() })
}
