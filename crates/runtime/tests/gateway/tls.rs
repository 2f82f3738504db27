//! Upstreams over TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::Limits;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::running::{Running, whole};
use crate::upstream::{Peer, Upstream};
use crate::{ANSWER, CHAT, answer};

/// An authority, and a server that it vouches for under `name`.
fn authority(name: &str) -> (CertificateDer<'static>, TlsAcceptor) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    (authority.der().clone(), acceptor(server.der().clone(), &key))
}

/// A server whose certificate is its own authority's, as `openssl req -x509` makes them.
fn its_own_authority(name: &str) -> (CertificateDer<'static>, TlsAcceptor) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), acceptor(certificate.der().clone(), &key))
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    Arc::new(config).into()
}

async fn gateway(port: u16, ca: Vec<CertificateDer<'static>>) -> Running {
    let yaml = format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    connect_timeout: 200
    routes:
      - name: chat
        paths: [/chat]
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              model: {{provider: openai, options: {{upstream_url: "https://127.0.0.1:{port}/v1/chat"}}}}"#
    );
    Running::start(&yaml, Limits::default(), runtime::Upstream::http(ca).unwrap()).await
}

#[tokio::test]
async fn an_authority_of_the_operator_is_trusted() {
    let (ca, acceptor) = authority("127.0.0.1");
    let upstream = Upstream::bind().await;
    let gateway = gateway(upstream.port(), vec![ca]).await;
    let mut client = gateway.client().await;
    let play = async {
        let stream = acceptor.accept(upstream.accept_tcp().await).await.expect("a handshake");
        let mut peer = Peer::over(stream);
        peer.request().await;
        peer.send(answer("content-type: application/json", ANSWER)).await;
        peer
    };
    let (got, _peer) = tokio::join!(client.post("/chat", CHAT), play);
    assert_eq!(whole(got).await, ANSWER);
}

#[tokio::test]
async fn no_other_is_and_nothing_is_sent_to_it() {
    for ((ca, acceptor), trusted, why) in [
        (authority("127.0.0.1"), false, "no trusted authority has issued it"),
        (authority("other.test"), true, "it is for another name"),
        (its_own_authority("127.0.0.1"), true, "it is an authority's own, not one for a server"),
    ] {
        let upstream = Upstream::bind().await;
        let gateway = gateway(upstream.port(), if trusted { vec![ca] } else { Vec::new() }).await;
        let mut client = gateway.client().await;
        let play = async {
            assert!(acceptor.accept(upstream.accept_tcp().await).await.is_err());
        };
        let (got, ()) = tokio::join!(client.post("/chat", CHAT), play);
        assert_eq!(got.status(), 502);
        let body = String::from_utf8(whole(got).await.to_vec()).unwrap();
        let told = format!("cannot connect to the upstream 127.0.0.1: invalid peer certificate: {why}\"");
        assert!(body.contains(&told), "{body}");
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_a_504() {
    let upstream = Upstream::bind().await;
    let gateway = gateway(upstream.port(), Vec::new()).await;
    let mut client = gateway.client().await;
    let (got, _silent) = tokio::join!(client.post("/chat", CHAT), upstream.accept_tcp());
    assert_eq!(got.status(), 504);
    let body = String::from_utf8(whole(got).await.to_vec()).unwrap();
    assert!(body.contains("could not be connected to within 200ms"), "{body}");
}
