//! Binding a port. The accept backlog is a queue, so its length is chosen here
//! and not left to a default that nobody sees.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that the kernel may hold for us before we accept them.
pub(crate) const ACCEPT_BACKLOG: u32 = 4096;

/// Binds `address`; port 0 takes a free one.
///
/// # Errors
/// The operating system's, when the address cannot be bound.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(ACCEPT_BACKLOG)
}
