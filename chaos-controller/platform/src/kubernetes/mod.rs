//! The kubernetes platform.

use std::net::SocketAddr;

use crate::guard::StartError;

/// Runs the guard of a lab on this platform until it is ended.
///
/// # Errors
/// When the platform cannot be asked, or the port cannot be bound.
pub async fn run(listen: SocketAddr, operator_token: &str) -> Result<(), StartError> {
    let _ = (listen, operator_token);
    Err(StartError::Platform("not built yet".to_owned()))
}
