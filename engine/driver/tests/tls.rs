//! TLS of the real net: what is trusted, and the code of what is not.

#![expect(clippy::disallowed_methods, reason = "real sockets")]

use std::sync::Arc;

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sleepwalker_core::{ErrorCode, Host};
use sleepwalker_driver::{Net, RealNet};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &[u8] = include_bytes!("certificates/authority.pem");

fn server(pem: &[u8]) -> TlsAcceptor {
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

/// Connects to a server with this certificate and reads the byte that it sends.
fn connect(net: &RealNet, pem: &[u8]) -> Result<u8, ErrorCode> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let acceptor = server(pem);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            if let Ok(mut stream) = acceptor.accept(stream).await {
                stream.write_all(b"!").await.expect("written");
                stream.flush().await.expect("flushed");
                // Until the other side has read it.
                let _ = stream.read_u8().await;
            }
        });
        let host = Host { secure: true, name: "localhost".into(), port };
        let mut stream = net.connect(&host).await?;
        Ok(stream.read_u8().await.expect("a byte"))
    })
}

fn trusting() -> RealNet {
    RealNet::new().trust_pem(AUTHORITY).expect("a certificate")
}

#[test]
fn a_certificate_of_a_trusted_authority_is_trusted() {
    assert_eq!(connect(&trusting(), include_bytes!("certificates/good.pem")), Ok(b'!'));
}

#[test]
fn each_bad_certificate_has_its_code() {
    let good = include_bytes!("certificates/good.pem");
    let unknown = connect(&RealNet::new(), good);
    assert_eq!(unknown, Err(ErrorCode::CERTIFICATE_UNKNOWN_ROOT));
    let other = connect(&trusting(), include_bytes!("certificates/other.pem"));
    assert_eq!(other, Err(ErrorCode::CERTIFICATE_UNTRUSTED));
    let expired = connect(&trusting(), include_bytes!("certificates/expired.pem"));
    assert_eq!(expired, Err(ErrorCode::CERTIFICATE_BAD_DATE));
    let early = connect(&trusting(), include_bytes!("certificates/early.pem"));
    assert_eq!(early, Err(ErrorCode::CERTIFICATE_NOT_YET_VALID));
}

#[test]
fn a_server_without_tls_has_no_secure_connection() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        });
        let host = Host { secure: true, name: "localhost".into(), port };
        trusting().connect(&host).await.map(drop)
    });
    assert_eq!(result, Err(ErrorCode::SECURE_CONNECTION_FAILED));
}

#[test]
fn text_without_a_certificate_is_refused() {
    RealNet::new().trust_pem(b"nothing").expect_err("no certificate");
}
