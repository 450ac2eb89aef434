//! The payment service. `Charge` and the rest share one worker pool until a
//! bulkhead separates them: that is how a sick bank takes down a method that
//! never calls it.

use mesh::{Ctx, Mesh};
use proto::shop::payment_server::Payment;
use proto::shop::{
    ChargeReply, ChargeRequest, GetChargeReply, GetChargeRequest, ListMethodsReply, ListMethodsRequest,
};
use tonic::{Request, Response, Status};

use crate::bank::Bank;

/// gRPC's own count of the tries before this one (proposal A6).
const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";

/// Answers `Payment`.
pub(crate) struct PaymentService {
    bank: Bank,
}

impl PaymentService {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        Self { bank: Bank::new(mesh) }
    }
}

#[tonic::async_trait]
impl Payment for PaymentService {
    async fn list_methods(
        &self,
        _request: Request<ListMethodsRequest>,
    ) -> Result<Response<ListMethodsReply>, Status> {
        let methods = ["card", "invoice", "transfer"].map(str::to_owned).to_vec();
        Ok(Response::new(ListMethodsReply { methods }))
    }

    async fn charge(&self, request: Request<ChargeRequest>) -> Result<Response<ChargeReply>, Status> {
        let ctx = Ctx::of(&request);
        let previous = request.metadata().get(PREVIOUS_ATTEMPTS).and_then(|value| value.to_str().ok());
        let attempt = previous.and_then(|value| value.parse().ok()).unwrap_or(0);
        let ChargeRequest { order_id, amount_cents, by_key } = request.into_inner();
        if order_id.is_empty() || amount_cents == 0 {
            return Err(mesh::decline("a charge has an order and an amount"));
        }
        ctx.concerns(&order_id);
        // The key is decided here, when a worker starts the call: a charge
        // that queued through a change of policy already goes out with it.
        let by_key = by_key || ctx.policy().call("bank", "charge").idempotency;
        let key = by_key.then_some(order_id.as_str());
        let charge = self.bank.charge(&order_id, amount_cents, key, attempt, &ctx).await?;
        Ok(Response::new(ChargeReply { charge_id: charge.id }))
    }

    async fn get_charge(
        &self,
        request: Request<GetChargeRequest>,
    ) -> Result<Response<GetChargeReply>, Status> {
        let ctx = Ctx::of(&request);
        let GetChargeRequest { order_id } = request.into_inner();
        ctx.concerns(&order_id);
        let charges = self.bank.lookup(&order_id, &ctx).await?;
        let charge_ids = charges.into_iter().map(|charge| charge.id).collect();
        Ok(Response::new(GetChargeReply { charge_ids }))
    }
}
