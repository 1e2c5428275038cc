//! TCP, with TLS where the host is secure.

use std::time::Duration;

use sleepwalker_core::{ErrorCode, Host};
use tokio::net::TcpStream;

use super::tls::{Tls, TlsError};
use crate::{BoxFuture, BoxStream, Net};

/// Real sockets.
#[derive(Clone, Debug)]
pub struct RealNet {
    connect_timeout: Duration,
    tls: Tls,
}

impl Default for RealNet {
    fn default() -> RealNet {
        RealNet::new()
    }
}

impl RealNet {
    /// Makes a net that trusts what the system trusts and gives up on an address after 30 seconds.
    pub fn new() -> RealNet {
        RealNet { connect_timeout: Duration::from_secs(30), tls: Tls::default() }
    }

    /// Changes how long one address is tried.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> RealNet {
        self.connect_timeout = timeout;
        self
    }

    /// Trusts the certificates in this PEM text besides those of the system.
    ///
    /// # Errors
    ///
    /// There is no certificate in it.
    pub fn trust_pem(mut self, pem: &[u8]) -> Result<RealNet, TlsError> {
        self.tls = self.tls.trust_pem(pem)?;
        Ok(self)
    }
}

impl Net for RealNet {
    fn connect(&self, host: &Host) -> BoxFuture<Result<BoxStream, ErrorCode>> {
        let host = host.clone();
        let net = self.clone();
        Box::pin(async move {
            // A URL writes an IPv6 address in brackets.
            let name = host.name.trim_matches(['[', ']']);
            let stream = net.tcp(name, host.port).await?;
            if host.secure {
                net.tls.secure(name, stream).await
            } else {
                Ok(Box::new(stream) as BoxStream)
            }
        })
    }
}

impl RealNet {
    #[expect(clippy::disallowed_methods, reason = "real sockets wait on the real clock")]
    async fn tcp(&self, name: &str, port: u16) -> Result<TcpStream, ErrorCode> {
        let addresses = tokio::net::lookup_host((name, port)).await.map_err(|error| {
            tracing::debug!(%error, "no address");
            ErrorCode::CANNOT_FIND_HOST
        })?;
        let mut code = ErrorCode::CANNOT_FIND_HOST;
        for address in addresses {
            let connecting = TcpStream::connect(address);
            code = match tokio::time::timeout(self.connect_timeout, connecting).await {
                Ok(Ok(stream)) => {
                    // Without this a small request may wait for an acknowledgement.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "no TCP_NODELAY");
                    }
                    return Ok(stream);
                }
                Ok(Err(error)) => {
                    tracing::debug!(%address, %error, "cannot connect");
                    ErrorCode::CANNOT_CONNECT_TO_HOST
                }
                Err(_) => ErrorCode::TIMED_OUT,
            };
        }
        Err(code)
    }
}
