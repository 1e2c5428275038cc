//! TCP, with TLS by rustls where the host is secure.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, Error as RustlsError, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sleepwalker_core::{ErrorCode, Host};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{BoxFuture, BoxStream, Net};

/// Real sockets.
#[derive(Clone, Debug)]
pub struct RealNet {
    connect_timeout: Duration,
    tls: Arc<Tls>,
}

/// Made at the first secure connection: reading the system's certificates takes a while.
#[derive(Debug, Default)]
struct Tls {
    extra: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// Text that holds no certificate.
#[derive(Debug, thiserror::Error)]
#[error("no certificate in PEM form was found")]
pub struct TlsError(#[source] Option<rustls::pki_types::pem::Error>);

impl Default for RealNet {
    fn default() -> RealNet {
        RealNet::new()
    }
}

impl RealNet {
    /// Makes a net that trusts what the system trusts and gives up on an address after 30 seconds.
    pub fn new() -> RealNet {
        RealNet { connect_timeout: Duration::from_secs(30), tls: Arc::default() }
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
        let mut extra = self.tls.extra.clone();
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|error| TlsError(Some(error)))?);
        }
        if extra.len() == before {
            return Err(TlsError(None));
        }
        self.tls = Arc::new(Tls { extra, config: OnceLock::new() });
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
                net.tls.handshake(name, stream).await
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

impl Tls {
    fn config(&self) -> Result<Arc<ClientConfig>, ErrorCode> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        for error in &native.errors {
            tracing::warn!(%error, "a system certificate cannot be read");
        }
        roots.add_parsable_certificates(native.certs.into_iter().chain(self.extra.iter().cloned()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| of_tls(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }

    async fn handshake(&self, name: &str, stream: TcpStream) -> Result<BoxStream, ErrorCode> {
        let connector = TlsConnector::from(self.config()?);
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| ErrorCode::SECURE_CONNECTION_FAILED)?;
        match connector.connect(server, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                tracing::debug!(%error, "no TLS");
                Err(of_handshake(&error))
            }
        }
    }
}

fn of_handshake(error: &io::Error) -> ErrorCode {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => of_tls(error),
        None => ErrorCode::SECURE_CONNECTION_FAILED,
    }
}

fn of_tls(error: &RustlsError) -> ErrorCode {
    let RustlsError::InvalidCertificate(error) = error else {
        return ErrorCode::SECURE_CONNECTION_FAILED;
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ErrorCode::CERTIFICATE_BAD_DATE
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ErrorCode::CERTIFICATE_NOT_YET_VALID
        }
        CertificateError::UnknownIssuer => ErrorCode::CERTIFICATE_UNKNOWN_ROOT,
        _ => ErrorCode::CERTIFICATE_UNTRUSTED,
    }
}
