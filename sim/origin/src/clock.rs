//! How an origin waits.

use std::{future::Future, pin::Pin, time::Duration};

/// A wait; what a [`Clock`] hands out.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// Where an origin gets its waits from. It never asks what time it is.
pub trait Clock: Send + Sync {
    /// Returns a future that ends `span` after this call.
    fn sleep(&self, span: Duration) -> Wait;
}

/// The machine's clock, for a real port.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn sleep(&self, span: Duration) -> Wait {
        #[expect(clippy::disallowed_methods, reason = "this is the provider for a real port")]
        let sleep = tokio::time::sleep(span);
        Box::pin(sleep)
    }
}
