//! The page: who you are, what is in your cart, what there is to buy. A part that
//! failed makes the page blank: one with a hole would hide the outage. A part that
//! was switched off (`flags`) is left out, without a call, and the page says so.

use axum::extract::State;
use axum::response::Html;
use mesh::Ctx;
use proto::shop::{AccountView, CartView, GetAccountRequest, GetCartRequest, QueryReply, QueryRequest};
use std::fmt::Write as _;
use tonic::{Response, Status};

use crate::refusal::Refusal;
use crate::shop::{Shop, Visitor};

/// Products on the front page.
const FEATURED: u32 = 8;

/// What the page is made of; a part that is switched off is not there.
#[derive(Default)]
struct Parts {
    account: Option<AccountView>,
    cart: Option<CartView>,
    found: Option<QueryReply>,
}

/// `GET /`
pub(crate) async fn home(State(shop): State<Shop>, visitor: Visitor) -> Result<Html<String>, Refusal> {
    let Visitor { user, ctx, .. } = visitor;
    let (mut accounts, mut carts, mut search) =
        (shop.account.clone(), shop.cart.clone(), shop.search.clone());
    let (account, cart, found) = tokio::join!(
        part(&ctx, "home_account", accounts.get(ctx.request(GetAccountRequest { user: user.clone() }))),
        part(&ctx, "home_cart", carts.get(ctx.request(GetCartRequest { user }))),
        part(
            &ctx,
            "home_search",
            search.query(ctx.request(QueryRequest { text: String::new(), limit: FEATURED }))
        ),
    );
    Ok(Html(render(&Parts { account: account?, cart: cart?, found: found? })))
}

/// One part of the page. A call that is switched off is never begun.
async fn part<T>(
    ctx: &Ctx,
    flag: &'static str,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Option<T>, Status> {
    if ctx.policy().flag(flag) { call.await.map(|reply| Some(reply.into_inner())) } else { Ok(None) }
}

fn render(parts: &Parts) -> String {
    let off = [
        ("account", parts.account.is_none()),
        ("cart", parts.cart.is_none()),
        ("products", parts.found.is_none()),
    ];
    let off: Vec<&str> = off.iter().filter(|(_, off)| *off).map(|(name, _)| *name).collect();
    let products = parts.found.as_ref().map_or(&[][..], |found| &found.products);
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
    page.push_str("<header><h1>The Shop</h1><p>");
    if let Some(account) = &parts.account {
        let _ = write!(page, "{} ({}) &middot; ", escape(&account.name), escape(&account.tier));
    }
    if let Some(cart) = &parts.cart {
        let items: u32 = cart.lines.iter().map(|line| line.quantity).sum();
        let _ = write!(page, "cart: <output id=\"items\">{items}</output>");
    } else {
        // The script counts here what is added.
        page.push_str("<output id=\"items\" hidden></output>");
    }
    page.push_str("</p>");
    if !off.is_empty() {
        let off = off.join(", ");
        let _ = write!(page, "<p id=\"off\" data-off=\"{off}\">Not shown at the moment: {off}.</p>");
    }
    let _ = write!(page, "</header><ul>{shelf}</ul>");
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
    use proto::shop::Product;

    use super::*;

    #[test]
    fn the_page_shows_a_price_in_whole_and_cents() {
        let product =
            Product { sku: "sku-0001".into(), title: "A <b>lamp".into(), price_cents: 1_205, available: 1 };
        let found = Some(QueryReply { products: vec![product] });
        let page = render(&Parts { found, ..Parts::default() });
        assert!(page.contains("12.05"));
        assert!(page.contains("A &lt;b>lamp"));
        assert!(page.contains("firedrill-shop"));
    }

    #[test]
    fn a_page_that_lacks_a_part_says_which_and_a_whole_one_says_nothing() {
        let whole = Parts {
            account: Some(AccountView::default()),
            cart: Some(CartView::default()),
            found: Some(QueryReply::default()),
        };
        assert!(!render(&whole).contains("id=\"off\""));
        let page = render(&Parts { cart: None, found: None, ..whole });
        assert!(page.contains("data-off=\"cart, products\""), "{page}");
        assert!(
            page.contains("firedrill-shop") && page.contains("id=\"items\""),
            "the script still finds its place"
        );
    }
}
