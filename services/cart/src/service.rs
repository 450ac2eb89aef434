//! The cart service.

use std::sync::{Mutex, MutexGuard};

use mesh::{Ctx, GrpcCaller, Mesh};
use proto::shop::cart_server::Cart;
use proto::shop::order_client::OrderClient;
use proto::shop::{
    AddItemRequest, CartView, CheckoutReply, CheckoutRequest, GetCartRequest, Line, PlaceOrderRequest,
    PrepareCheckoutReply, PrepareCheckoutRequest, PrepareOrderRequest,
};
use tonic::{Request, Response, Status};

use crate::carts::Carts;

/// Answers `Cart`.
pub(crate) struct CartService {
    carts: Mutex<Carts>,
    order: OrderClient<GrpcCaller>,
}

impl CartService {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let order = mesh.grpc("order", &["PrepareCheckout", "Checkout"]);
        Self { carts: Mutex::default(), order: OrderClient::new(order) }
    }

    fn carts(&self) -> MutexGuard<'_, Carts> {
        self.carts.lock().expect("no panic while the carts are held")
    }

    fn view(&self, user: String) -> CartView {
        let lines = self.carts().lines(&user);
        CartView { user, lines }
    }
}

#[tonic::async_trait]
impl Cart for CartService {
    async fn get(&self, request: Request<GetCartRequest>) -> Result<Response<CartView>, Status> {
        Ok(Response::new(self.view(request.into_inner().user)))
    }

    async fn add_item(&self, request: Request<AddItemRequest>) -> Result<Response<CartView>, Status> {
        let AddItemRequest { user, sku, quantity } = request.into_inner();
        if quantity == 0 {
            return Err(mesh::decline("a quantity is at least 1"));
        }
        if !self.carts().add(&user, Line { sku, quantity }) {
            return Err(mesh::decline("the cart is full"));
        }
        Ok(Response::new(self.view(user)))
    }

    async fn prepare_checkout(
        &self,
        request: Request<PrepareCheckoutRequest>,
    ) -> Result<Response<PrepareCheckoutReply>, Status> {
        let ctx = Ctx::of(&request);
        let user = request.into_inner().user;
        let lines = self.carts().lines(&user);
        let prepare = ctx.request(PrepareOrderRequest { user, lines });
        let reply = self.order.clone().prepare_checkout(prepare).await;
        Ok(Response::new(reply.map_err(|status| mesh::pass_up(&status))?.into_inner()))
    }

    async fn checkout(&self, request: Request<CheckoutRequest>) -> Result<Response<CheckoutReply>, Status> {
        let ctx = Ctx::of(&request);
        let CheckoutRequest { user, order_id } = request.into_inner();
        ctx.concerns(&order_id);
        let lines = self.carts().lines(&user);
        let place = ctx.request(PlaceOrderRequest { user: user.clone(), order_id, lines });
        let reply = self.order.clone().checkout(place).await;
        let reply = reply.map_err(|status| mesh::pass_up(&status))?.into_inner();
        self.carts().bought(&user);
        Ok(Response::new(reply))
    }
}
