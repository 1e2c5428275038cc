//! TLS by rustls over any stream.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rustls::{
    CertificateError, ClientConfig, Error as RustlsError, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sleepwalker_core::ErrorCode;
use tokio_rustls::TlsConnector;

use crate::{BoxStream, Stream};

/// The device's side of TLS: whom it trusts. Clones share what was read from the system.
#[derive(Clone, Debug, Default)]
pub struct Tls(Arc<Trust>);

/// Made at the first secure connection: reading the system's certificates takes a while.
#[derive(Debug, Default)]
struct Trust {
    extra: Vec<CertificateDer<'static>>,
    config: OnceLock<Arc<ClientConfig>>,
}

/// Text that holds no certificate.
#[derive(Debug, thiserror::Error)]
#[error("no certificate in PEM form was found")]
pub struct TlsError(#[source] Option<rustls::pki_types::pem::Error>);

impl Tls {
    /// Trusts the certificates in this PEM text besides those of the system.
    ///
    /// # Errors
    ///
    /// There is no certificate in it.
    pub fn trust_pem(self, pem: &[u8]) -> Result<Tls, TlsError> {
        let mut extra = self.0.extra.clone();
        let before = extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            extra.push(certificate.map_err(|error| TlsError(Some(error)))?);
        }
        if extra.len() == before {
            return Err(TlsError(None));
        }
        Ok(Tls(Arc::new(Trust { extra, config: OnceLock::new() })))
    }

    /// Makes a stream to the host of this name secure.
    ///
    /// # Errors
    ///
    /// The other side does not speak TLS, or is not trusted.
    pub async fn secure(
        &self,
        name: &str,
        stream: impl Stream + 'static,
    ) -> Result<BoxStream, ErrorCode> {
        let connector = TlsConnector::from(self.0.config()?);
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

impl Trust {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused() {
        Tls::default().trust_pem(b"nothing").expect_err("no certificate");
    }
}
