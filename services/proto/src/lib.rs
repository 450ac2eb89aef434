//! The wire types: what the shop's services say to each other and what every
//! process says to the controller. Generated code and nothing else.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::doc_markdown,
    reason = "generated code; the documentation stands in the .proto files"
)]

/// The shop's own calls (`proto/shop.proto`).
pub mod shop {
    tonic::include_proto!("firedrill.shop.v1");
}

/// Discovery, policy, load and clock (`proto/control.proto`).
pub mod control {
    tonic::include_proto!("firedrill.control.v1");
}
