//! A server that lets nobody in without TLS.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;
use switchboard_testkit::{Cluster, Server, TestDatabase};

use super::BINARY;

/// An authority, and what it signed for a name: certificates and a key, as PEM.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

fn sign(authority: &str, host: &str) -> Signed {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, authority);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&own, &issuer).unwrap();
    Signed {
        authority: root.pem(),
        certificate: certificate.pem(),
        key: own.serialize_pem(),
    }
}

/// What `serve` says of why it does not start.
fn refusal(directory: &Path, url: &str, ca: Option<&Path>) -> String {
    let mut command = Command::new(BINARY);
    command
        .env_clear()
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
        .current_dir(directory);
    if let Some(ca) = ca {
        command.arg("--database-ca-file").arg(ca);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{url}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_demands_tls_is_used_with_its_authority_and_refused_otherwise() {
    let signed = sign("Own authority", "localhost");
    let files = [
        (
            "pg_hba.conf",
            "local all all trust\nhostssl all all 127.0.0.1/32 trust\n",
        ),
        ("own.crt", &signed.certificate),
        ("own.key", &signed.key),
    ];
    let options = "-c ssl=on -c ssl_cert_file=own.crt -c ssl_key_file=own.key";
    let cluster = Cluster::start_with(&files, options).await;
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("own-ca.pem");
    fs::write(&ca, &signed.authority).unwrap();
    let wrong_ca = directory.path().join("other-ca.pem");
    fs::write(&wrong_ca, sign("Another", "localhost").authority).unwrap();
    let empty = directory.path().join("empty.pem");
    fs::write(&empty, "").unwrap();

    let at = |host: &str| format!("postgres://postgres@{host}:{}/postgres", cluster.port());
    let url = at("localhost");
    for (url, ca, why) in [
        (
            url.clone(),
            Some(&*wrong_ca),
            "no authority that is trusted signed its certificate",
        ),
        (
            format!("{url}?sslmode=verify-full"),
            None,
            "--database-ca-file",
        ),
        (
            at("127.0.0.1"),
            Some(&*ca),
            "its certificate is for another name",
        ),
        (
            format!("{url}?sslmode=disable"),
            Some(&*ca),
            "if the server demands TLS, leave sslmode out",
        ),
        (url.clone(), Some(&*empty), "there is none in it"),
    ] {
        let said = refusal(directory.path(), &url, ca);
        assert!(said.contains(why), "{url}: {said}");
        // Where it was looked for is said, and no password.
        assert!(
            ca == Some(&*empty) || said.contains(&format!(":{}", cluster.port())),
            "{said}"
        );
    }
    // Nothing was made, by any of them.
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(cluster.ask(tables).await, "0");

    let ca = ca.to_str().unwrap();
    let arguments = ["--allow-network", "127.0.0.1", "--database-ca-file", ca];
    let server = Server::start_with(BINARY, TestDatabase::Shared(url), &arguments).await;
    let output = server
        .command()
        .args(["keys", "create", "--name", "a", "--scope", "admin"])
        .args(["--database-ca-file", ca])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let key = String::from_utf8(output.stdout).unwrap();
    let admin = server.nobody().with_key(key.trim());
    let agent = json!({"name": "Over TLS"});
    admin.post("/agents", agent).await.expect(201);
    // The listener too: all that is connected is encrypted.
    let plain = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE application_name = 'switchboard' AND NOT ssl";
    let encrypted = plain.replace("NOT ssl", "ssl");
    assert_eq!(cluster.ask(plain).await, "0");
    assert_ne!(cluster.ask(&encrypted).await, "0");
    let checked = server
        .command()
        .args(["check", "--database-ca-file", ca])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("the server can start"), "{said}");
}

#[test]
fn check_names_a_way_to_the_database_that_others_can_read_or_take_over() {
    let directory = tempfile::tempdir().unwrap();
    let check = |parameters: &str| {
        let output = Command::new(BINARY)
            .env_clear()
            .args(["check", "--database-url"])
            .arg(format!("postgres://a@db.invalid/x{parameters}"))
            .current_dir(directory.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for (parameters, expected) in [
        (
            "?sslmode=disable",
            Some("in plain text; leave sslmode out of --database-url"),
        ),
        (
            "?sslmode=prefer",
            Some("in plain text; leave sslmode out of --database-url"),
        ),
        ("?sslmode=require", Some("is not verified")),
        ("", None),
    ] {
        let said = check(parameters);
        let warned = said.contains("leave sslmode out");
        assert_eq!(warned, expected.is_some(), "{said}");
        assert!(said.contains(expected.unwrap_or_default()), "{said}");
    }
}
