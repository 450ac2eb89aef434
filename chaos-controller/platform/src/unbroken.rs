//! Deeds that outlive whoever asked for them. A handler of an API is dropped when its caller leaves; what it was in the
//! middle of must not be: a fault that is half begun or half undone would be nobody's, and a journal would not say it.

/// Does something to its end, whether or not whoever asked for it is still there.
///
/// # Panics
/// When the deed does.
pub async fn unbroken<T: Send + 'static>(deed: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(deed).await {
        Ok(done) => done,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
