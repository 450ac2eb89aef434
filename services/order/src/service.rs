//! The order service.

use mesh::Ctx;
use proto::shop::order_server::Order;
use proto::shop::{
    CheckoutReply, ListMethodsRequest, PlaceOrderRequest, PrepareCheckoutReply, PrepareOrderRequest,
};
use tonic::{Request, Response, Status};

use crate::place::Placing;

/// Answers `Order`.
pub(crate) struct OrderService {
    placing: Placing,
}

impl OrderService {
    pub(crate) fn new(placing: Placing) -> Self {
        Self { placing }
    }
}

#[tonic::async_trait]
impl Order for OrderService {
    async fn prepare_checkout(
        &self,
        request: Request<PrepareOrderRequest>,
    ) -> Result<Response<PrepareCheckoutReply>, Status> {
        let ctx = Ctx::of(&request);
        let PrepareOrderRequest { user, lines } = request.into_inner();
        let methods =
            self.placing.payment.clone().list_methods(ctx.request(ListMethodsRequest { user })).await;
        let methods = methods.map_err(|status| mesh::pass_up(&status))?.into_inner().methods;
        let items = lines.iter().map(|line| line.quantity).sum();
        Ok(Response::new(PrepareCheckoutReply { methods, items }))
    }

    async fn checkout(&self, request: Request<PlaceOrderRequest>) -> Result<Response<CheckoutReply>, Status> {
        let ctx = Ctx::of(&request);
        Ok(Response::new(self.placing.place(request.into_inner(), &ctx).await?))
    }
}
