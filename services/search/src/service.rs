//! The search service.

use std::time::Duration;

use mesh::{Ctx, GrpcCaller, Mesh};
use proto::shop::inventory_client::InventoryClient;
use proto::shop::search_server::Search;
use proto::shop::{Product, QueryReply, QueryRequest, StockRequest};
use tonic::{Request, Response, Status};

use crate::catalogue::Catalogue;
use crate::flags::Flags;

/// A page of results.
const MOST_RESULTS: u32 = 24;
const DEFAULT_RESULTS: u32 = 8;

/// Answers `Search`.
pub(crate) struct SearchService {
    catalogue: Catalogue,
    index_latency: Duration,
    inventory: InventoryClient<GrpcCaller>,
}

impl SearchService {
    pub(crate) fn new(mesh: &Mesh, flags: Flags) -> Self {
        Self {
            catalogue: Catalogue::new(),
            index_latency: flags.index_latency.get(),
            inventory: InventoryClient::new(mesh.grpc("inventory", &["Stock"])),
        }
    }
}

#[tonic::async_trait]
impl Search for SearchService {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<QueryReply>, Status> {
        let ctx = Ctx::of(&request);
        let QueryRequest { text, limit } = request.into_inner();
        let limit = if limit == 0 { DEFAULT_RESULTS } else { limit.min(MOST_RESULTS) };
        if !self.index_latency.is_zero() {
            tokio::time::sleep(self.index_latency).await;
        }
        let found = self.catalogue.find(&text, limit as usize);
        if found.is_empty() {
            return Ok(Response::new(QueryReply { products: Vec::new() }));
        }
        let skus = found.iter().map(|entry| entry.sku.clone()).collect();
        let stock = self.inventory.clone().stock(ctx.request(StockRequest { skus })).await;
        let levels = stock.map_err(|status| mesh::pass_up(&status))?.into_inner().levels;
        let products = found.into_iter().zip(levels).map(|(entry, level)| Product {
            sku: entry.sku.clone(),
            title: entry.title.clone(),
            price_cents: level.price_cents,
            available: level.available,
        });
        Ok(Response::new(QueryReply { products: products.collect() }))
    }
}
