//! The page: who you are, what is in your cart, what there is to buy. All three
//! or nothing: a page with a hole would hide the outage.

use axum::extract::State;
use axum::response::Html;
use proto::shop::{AccountView, CartView, GetAccountRequest, GetCartRequest, Product, QueryRequest};
use std::fmt::Write as _;

use crate::refusal::Refusal;
use crate::shop::{Shop, Visitor};

/// Products on the front page.
const FEATURED: u32 = 8;

/// `GET /`
pub(crate) async fn home(State(shop): State<Shop>, visitor: Visitor) -> Result<Html<String>, Refusal> {
    let Visitor { user, ctx, .. } = visitor;
    let (mut accounts, mut carts, mut search) =
        (shop.account.clone(), shop.cart.clone(), shop.search.clone());
    let (account, cart, found) = tokio::join!(
        accounts.get(ctx.request(GetAccountRequest { user: user.clone() })),
        carts.get(ctx.request(GetCartRequest { user })),
        search.query(ctx.request(QueryRequest { text: String::new(), limit: FEATURED })),
    );
    let products = found?.into_inner().products;
    Ok(Html(render(&account?.into_inner(), &cart?.into_inner(), &products)))
}

fn render(account: &AccountView, cart: &CartView, products: &[Product]) -> String {
    let items: u32 = cart.lines.iter().map(|line| line.quantity).sum();
    let mut shelf = String::new();
    for product in products {
        let (sku, title) = (escape(&product.sku), escape(&product.title));
        let (whole, cents) = (product.price_cents / 100, product.price_cents % 100);
        let _ = write!(
            shelf,
            "<li><b>{title}</b><span>{whole}.{cents:02}</span><button data-sku=\"{sku}\">Add</button></li>"
        );
    }
    let mut page = String::with_capacity(HEAD.len() + shelf.len() + TAIL.len() + 256);
    page.push_str(HEAD);
    let _ = write!(
        page,
        "<header><h1>The Shop</h1><p>{} ({}) &middot; cart: <output id=\"items\">{items}</output></p></header><ul>{shelf}</ul>",
        escape(&account.name),
        escape(&account.tier),
    );
    page.push_str(TAIL);
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

const HEAD: &str = concat!(
    "<!doctype html><html lang=\"en\" id=\"firedrill-shop\"><meta charset=\"utf-8\"><title>The Shop</title><style>",
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}",
    "ul{list-style:none;padding:0;display:grid;grid-template-columns:1fr 1fr;gap:.75rem}",
    "li{border:1px solid #ccc;border-radius:.5rem;padding:.75rem;display:grid;gap:.25rem}",
    "button{font:inherit;padding:.25rem .75rem;cursor:pointer}",
    "</style><body>",
);

const TAIL: &str = concat!(
    "<p><button id=\"buy\">Check out</button> <output id=\"said\"></output></p><script>",
    "const headers={'content-type':'application/json'};",
    "const post=(path,body)=>fetch(path,{method:'POST',headers,body:JSON.stringify(body)});",
    "document.querySelectorAll('[data-sku]').forEach(b=>b.onclick=async()=>{",
    "const r=await post('/api/cart/items',{sku:b.dataset.sku,quantity:1});",
    "if(r.ok){const c=await r.json();items.value=c.lines.reduce((n,l)=>n+l.quantity,0)}else{document.body.textContent=''}});",
    "buy.onclick=async()=>{said.value='...';const r=await post('/api/checkout',{});",
    "if(r.ok){const o=await r.json();said.value='Order '+o.order+': '+o.payment}else{document.body.textContent=''}};",
    "</script></body></html>",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_a_price_in_whole_and_cents() {
        let product =
            Product { sku: "sku-0001".into(), title: "A <b>lamp".into(), price_cents: 1_205, available: 1 };
        let page = render(&AccountView::default(), &CartView::default(), &[product]);
        assert!(page.contains("12.05"));
        assert!(page.contains("A &lt;b>lamp"));
        assert!(page.contains("firedrill-shop"));
    }
}
