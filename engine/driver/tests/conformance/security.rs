//! TLS between device and origin, good and bad.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sleepwalker_core::{ConnectionId, ErrorCode, Order, Report};
use sleepwalker_driver::BoxStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::bench::{Bench, into_file};

/// What the origin speaks, and what the device expects.
#[derive(Clone, Copy)]
pub(crate) struct Security {
    /// The device speaks TLS.
    pub(crate) secure: bool,
    /// The authority that the device trusts besides the system's.
    pub(crate) trusts: Option<&'static [u8]>,
    /// The certificate and key with which the origin speaks TLS, if it does.
    certificate: Option<&'static [u8]>,
    /// The origin sends a record that nobody can decrypt where a response should be.
    breaks: bool,
}

const AUTHORITY: &[u8] = include_bytes!("../certificates/authority.pem");

pub(crate) const PLAIN: Security =
    Security { secure: false, trusts: None, certificate: None, breaks: false };

pub(crate) const TLS: Security = with(include_bytes!("../certificates/good.pem"));

pub(crate) const OTHER: Security = with(include_bytes!("../certificates/other.pem"));

pub(crate) const EXPIRED: Security = with(include_bytes!("../certificates/expired.pem"));

pub(crate) const EARLY: Security = with(include_bytes!("../certificates/early.pem"));

pub(crate) const UNKNOWN: Security = Security { trusts: None, ..TLS };

pub(crate) const ONE_SIDED: Security = Security { certificate: None, ..TLS };

pub(crate) const BROKEN: Security = Security { breaks: true, ..TLS };

const fn with(certificate: &'static [u8]) -> Security {
    Security {
        secure: true,
        trusts: Some(AUTHORITY),
        certificate: Some(certificate),
        breaks: false,
    }
}

impl Security {
    /// The origin's side of a new connection; nothing if there is none to serve.
    pub(crate) async fn accept(self, mut stream: BoxStream) -> Option<BoxStream> {
        let Some(pem) = self.certificate else {
            if self.secure {
                // What plain origins say to a handshake.
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?;
                while stream.read(&mut [0; 1024]).await.ok()? > 0 {}
                return None;
            }
            return Some(stream);
        };
        let mut stream = acceptor(pem).accept(stream).await.ok()?;
        if !self.breaks {
            return Some(Box::new(stream));
        }
        stream.read_u8().await.ok()?;
        let under = stream.get_mut().0;
        under.write_all(b"\x17\x03\x03\x00\x20this record is not one, not even").await.ok()?;
        under.flush().await.ok()?;
        // Until the other side closes.
        while under.read(&mut [0; 1024]).await.ok()? > 0 {}
        None
    }
}

fn acceptor(pem: &[u8]) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(pem).map(|c| c.expect("PEM")).collect();
    let key = PrivateKeyDer::from_pem_slice(pem).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

async fn refused(mut bench: Bench, code: ErrorCode) {
    let connection = ConnectionId(1);
    bench.driver.order(Order::Open(connection, bench.host.clone()));
    assert_eq!(bench.event().await, Report::OpenFailed(connection, code));
    assert_eq!(bench.quiet().await, []);
}

pub(crate) async fn an_unknown_authority_is_not_trusted(bench: Bench) {
    refused(bench, ErrorCode::CERTIFICATE_UNKNOWN_ROOT).await;
}

pub(crate) async fn a_certificate_for_another_host_is_not_trusted(bench: Bench) {
    refused(bench, ErrorCode::CERTIFICATE_UNTRUSTED).await;
}

pub(crate) async fn an_expired_certificate_has_a_bad_date(bench: Bench) {
    refused(bench, ErrorCode::CERTIFICATE_BAD_DATE).await;
}

pub(crate) async fn a_certificate_of_tomorrow_is_not_valid_yet(bench: Bench) {
    refused(bench, ErrorCode::CERTIFICATE_NOT_YET_VALID).await;
}

pub(crate) async fn an_origin_without_tls_has_no_secure_connection(bench: Bench) {
    refused(bench, ErrorCode::SECURE_CONNECTION_FAILED).await;
}

/// Somebody on the way may have cut it: only what TLS closed has come to its end.
pub(crate) async fn a_body_until_close_that_tls_did_not_close_is_lost(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/until-drop/70000");
    assert_eq!(bench.head(attempt).await.length, None);
    bench.receive(attempt, into_file(0));
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, lost));
    assert_eq!(bench.quiet().await, []);
}

/// The connection broke; no response was there to be parsed.
pub(crate) async fn a_record_that_cannot_be_decrypted_is_a_lost_connection(mut bench: Bench) {
    let connection = bench.open().await;
    let attempt = bench.get(connection, "/bytes/1000");
    let lost = ErrorCode::NETWORK_CONNECTION_LOST;
    assert_eq!(bench.event().await, Report::Failed(attempt, lost));
    assert_eq!(bench.quiet().await, []);
}
