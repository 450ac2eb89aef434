//! The inventory service.

use mesh::Ctx;
use proto::shop::inventory_server::Inventory;
use proto::shop::{
    ReleaseReply, ReleaseRequest, ReserveReply, ReserveRequest, StockLevel, StockReply, StockRequest,
};
use tonic::{Request, Response, Status};

use crate::stock::{Refused, Stock};

/// Answers `Inventory`.
pub(crate) struct InventoryService {
    stock: Stock,
}

impl InventoryService {
    pub(crate) fn new(stock: Stock) -> Self {
        Self { stock }
    }
}

#[tonic::async_trait]
impl Inventory for InventoryService {
    async fn stock(&self, request: Request<StockRequest>) -> Result<Response<StockReply>, Status> {
        let skus = request.into_inner().skus;
        let levels = skus.into_iter().map(|sku| {
            let (available, price_cents) = self.stock.level(&sku).unwrap_or((0, 0));
            StockLevel { sku, available, price_cents }
        });
        Ok(Response::new(StockReply { levels: levels.collect() }))
    }

    async fn reserve(&self, request: Request<ReserveRequest>) -> Result<Response<ReserveReply>, Status> {
        let ctx = Ctx::of(&request);
        let ReserveRequest { order_id, lines } = request.into_inner();
        ctx.concerns(&order_id);
        if order_id.is_empty() || lines.is_empty() || lines.iter().any(|line| line.quantity == 0) {
            return Err(mesh::decline("a reservation has an order and at least one of something"));
        }
        match self.stock.reserve(order_id, lines).await {
            Ok(total_cents) => Ok(Response::new(ReserveReply { total_cents })),
            Err(Refused::Unknown) => Err(mesh::decline("there is no such product")),
            Err(Refused::SoldOut) => Err(mesh::decline("there is not enough of it")),
            Err(Refused::Store(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "failed to reserve");
                Err(Status::internal("the stock could not be written"))
            }
        }
    }

    async fn release(&self, request: Request<ReleaseRequest>) -> Result<Response<ReleaseReply>, Status> {
        let ctx = Ctx::of(&request);
        let ReleaseRequest { order_id } = request.into_inner();
        ctx.concerns(&order_id);
        let released = self.stock.release(order_id).await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "failed to release");
            Status::internal("the stock could not be written")
        })?;
        Ok(Response::new(ReleaseReply { released }))
    }
}
