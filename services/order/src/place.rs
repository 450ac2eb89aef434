//! Placing an order, from the reservation to the answer.
//!
//! `charging` is durable before the bank can hear of the order, so a process
//! that dies, a caller that leaves or a policy that cancels can lose the
//! answer, and never the order.

use mesh::{Ctx, GrpcCaller, Mesh, surely_not_done};
use process::StoreError;
use prometheus::IntCounter;
use proto::shop::inventory_client::InventoryClient;
use proto::shop::payment_client::PaymentClient;
use proto::shop::{
    ChargeRequest, CheckoutReply, Line, OrderState, PlaceOrderRequest, ReleaseRequest, ReserveRequest,
};
use resilience::fallback::Fallback;
use tonic::{Code, Status};

use crate::book::{Book, Claim};

/// Places orders. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Placing {
    pub(crate) book: Book,
    pub(crate) payment: PaymentClient<GrpcCaller>,
    inventory: InventoryClient<GrpcCaller>,
    fallbacks: IntCounter,
}

impl Placing {
    pub(crate) fn new(mesh: &Mesh, book: Book) -> Self {
        let payment = mesh.grpc("payment", &["Charge", "ListMethods", "GetCharge"]);
        let inventory = mesh.grpc("inventory", &["Reserve", "Release"]);
        Self {
            book,
            payment: PaymentClient::new(payment),
            inventory: InventoryClient::new(inventory),
            fallbacks: mesh.fallbacks("payment", "Charge", Fallback::Pending),
        }
    }

    /// Reserves and charges. An order that was placed before is answered from
    /// the book where that is final, and tried again where it is not.
    pub(crate) async fn place(&self, request: PlaceOrderRequest, ctx: &Ctx) -> Result<CheckoutReply, Status> {
        let PlaceOrderRequest { user, order_id, lines } = request;
        if order_id.is_empty() {
            return Err(mesh::decline("an order has an id"));
        }
        ctx.concerns(&order_id);
        let Some(claim) = self.book.claim(&order_id) else {
            return Err(Status::aborted("this order is being placed already"));
        };
        // From here on an interrupted attempt is written down.
        let mut attempt = Attempt {
            placing: self,
            id: &order_id,
            state: OrderState::Reserved,
            amount: 0,
            ended: false,
            claim: Some(claim),
        };
        // Side by side: neither needs the other, and both are idempotent.
        let (known, reserved) =
            tokio::join!(self.book.begin(&order_id, &user), self.reserve(order_id.clone(), lines, ctx));
        let from = match known.map_err(unwritten)? {
            None => OrderState::Reserved,
            Some(known) if matches!(known.state, OrderState::Confirmed | OrderState::Pending) => {
                attempt.ended = true;
                return Ok(CheckoutReply {
                    order_id: known.id,
                    state: known.state.into(),
                    total_cents: known.amount_cents,
                });
            }
            Some(known) => known.state,
        };
        attempt.state = from;
        match reserved {
            Ok(total) => attempt.amount = total,
            Err(status) => {
                // Nothing can have been charged by *this* attempt.
                if from == OrderState::Reserved {
                    attempt.end(OrderState::Declined).await?;
                    self.release(&order_id, ctx).await;
                } else {
                    attempt.ended = true;
                }
                return Err(mesh::pass_up(&status));
            }
        }
        attempt.move_to(OrderState::Charging).await?;
        let charge =
            ChargeRequest { order_id: order_id.clone(), amount_cents: attempt.amount, by_key: false };
        let charged = self.payment.clone().charge(ctx.request(charge)).await;
        self.answer(attempt, from, charged.err(), ctx).await
    }

    /// What the end of the charge comes to, for the book and for the caller.
    async fn answer(
        &self,
        mut attempt: Attempt<'_>,
        before: OrderState,
        failed: Option<Status>,
        ctx: &Ctx,
    ) -> Result<CheckoutReply, Status> {
        let fallback = ctx.policy().call("payment", "Charge").fallback_pending;
        let (order_id, total_cents) = (attempt.id.to_owned(), attempt.amount);
        let reply = |state: OrderState| CheckoutReply {
            order_id: order_id.clone(),
            state: state.into(),
            total_cents,
        };
        let Some(status) = failed else {
            attempt.end(OrderState::Confirmed).await?;
            return Ok(reply(OrderState::Confirmed));
        };
        // An earlier attempt at this order may have been charged whatever this one says.
        let nothing_done = surely_not_done(&status) && before == OrderState::Reserved;
        if nothing_done && status.code() == Code::FailedPrecondition {
            attempt.end(OrderState::Declined).await?;
            self.release(&order_id, ctx).await;
        } else if fallback {
            attempt.end(OrderState::Pending).await?;
            self.fallbacks.inc();
            return Ok(reply(OrderState::Pending));
        } else if nothing_done {
            attempt.end(OrderState::Declined).await?;
            self.release(&order_id, ctx).await;
        } else {
            attempt.end(OrderState::Unknown).await?;
        }
        Err(mesh::pass_up(&status))
    }

    async fn reserve(&self, order_id: String, lines: Vec<Line>, ctx: &Ctx) -> Result<u64, Status> {
        let reserve = ctx.request(ReserveRequest { order_id, lines });
        Ok(self.inventory.clone().reserve(reserve).await?.into_inner().total_cents)
    }

    /// Gives the stock back, while the order is still claimed: a retry must not
    /// find its new reservation released by its predecessor.
    pub(crate) async fn release(&self, order_id: &str, ctx: &Ctx) {
        let release = ctx.request(ReleaseRequest { order_id: order_id.to_owned() });
        if let Err(status) = self.inventory.clone().release(release).await {
            tracing::warn!(code = ?status.code(), "stock was not released");
        }
    }
}

/// One attempt at an order. Dropped half-way, by a caller who left or a
/// deadline that passed, it leaves an unknown order behind, never a lost one.
struct Attempt<'a> {
    placing: &'a Placing,
    id: &'a str,
    state: OrderState,
    amount: u64,
    ended: bool,
    claim: Option<Claim>,
}

impl Attempt<'_> {
    async fn move_to(&mut self, to: OrderState) -> Result<(), Status> {
        // The write is under way from the call on, so this is the state to undo from.
        let moved = self.placing.book.advance(self.id, to, self.amount);
        self.state = to;
        moved.await.map_err(unwritten)
    }

    async fn end(&mut self, to: OrderState) -> Result<(), Status> {
        self.move_to(to).await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.ended || !matches!(self.state, OrderState::Reserved | OrderState::Charging) {
            return;
        }
        let claim = self.claim.take();
        let written = self.placing.book.advance(self.id, OrderState::Unknown, self.amount);
        tokio::spawn(async move {
            if let Err(error) = written.await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "failed to write down an interrupted order");
            }
            drop(claim);
        });
    }
}

/// The book could not be written. What had been done before is not undone.
pub(crate) fn unwritten(error: StoreError) -> Status {
    tracing::error!(error = &error as &dyn std::error::Error, "failed to write the order book");
    Status::internal("the order book could not be written")
}
