//! TLS, and HTTP/2 over it.

use std::sync::Arc;

use http::{Method, Version};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy};
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, ok, redirect_to};
use crate::{Script, get, local, request, send};

/// A server for `service.example` with a certificate of its own making.
async fn server(protocols: &[&str]) -> (Server, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["service.example".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::with(
        "127.0.0.1:0",
        |request| match request.path.as_str() {
            "/down" => redirect_to(302, "http://service.example/"),
            _ => ok("secret"),
        },
        move |stream| {
            let accepting = acceptor.accept(stream);
            async move { accepting.await.ok() }
        },
    )
    .await;
    (server, certificate)
}

fn client_trusting(certificate: CertificateDer<'static>) -> Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    Client::new(ClientSettings {
        policy: NetworkPolicy::new(["127.0.0.1"]).unwrap(),
        resolver: Script::of(&[
            ("service.example", &[&["127.0.0.1"]]),
            ("other.example", &[&["127.0.0.1"]]),
        ]),
        roots: Some(Arc::new(roots)),
        ..ClientSettings::default()
    })
    .unwrap()
}

#[tokio::test]
async fn the_newest_protocol_of_both_is_spoken_on_one_connection() {
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let (server, certificate) = server(protocols).await;
        let client = client_trusting(certificate);
        let url = format!("https://service.example:{}/", server.address.port());
        for method in [Method::GET, Method::POST, Method::GET] {
            let mut request = request(method, &url);
            request.body = "hello".into();
            assert_eq!(send(&client, request).await.unwrap().body, "secret");
        }
        assert_eq!(server.connections(), 1);
        assert!(
            server
                .received()
                .iter()
                .all(|one| one.version == version && one.body == "hello")
        );
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_ends_a_call() {
    let (server, certificate) = server(&[]).await;
    let port = server.address.port();
    let client = client_trusting(certificate);
    let by_address = format!("https://127.0.0.1:{port}/?key=canary");
    let strangers = [
        (
            client.clone(),
            format!("https://other.example:{port}/?key=canary"),
        ),
        (client, by_address.clone()),
        (local(), by_address),
    ];
    for (client, url) in strangers {
        let error = send(&client, request(Method::POST, &url))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "tls_failed", "{error}");
        assert!(!error.may_have_reached_upstream());
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn a_service_without_tls_is_told_from_one_that_is_down() {
    let plain = Server::start(|_| ok("")).await;
    let url = plain.url("/").replace("http:", "https:");
    assert_eq!(get(&local(), &url).await.unwrap_err().code(), "tls_failed");
}

#[tokio::test]
async fn a_redirect_does_not_leave_tls() {
    let (server, certificate) = server(&["h2"]).await;
    let url = format!("https://service.example:{}/down", server.address.port());
    let error = get(&client_trusting(certificate), &url).await.unwrap_err();
    assert_eq!(error.code(), "invalid_redirect");
    assert!(error.to_string().contains("https to http"), "{error}");
}
