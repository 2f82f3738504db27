//! Tokens for Google service accounts.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::stand_in::{Seen, StandIn};
use crate::{TemporaryFile, chat, gateway};

/// A key that opens nothing.
const PRIVATE_KEY: &str = include_str!("service_account.pem");
const PUBLIC_KEY: &[u8] = include_bytes!("service_account.der");

const TOKEN: &str = r#"{"access_token":"google-token-1","expires_in":3599,"token_type":"Bearer"}"#;

/// A plugin for a server behind `url`; `auth` is added to its identity.
fn plugin(url: &str, auth: &str) -> String {
    format!(
        "{{route_type: preserve, auth: {{gcp_use_service_account: true{auth}}}, model: {{provider: gemini, \
         options: {{upstream_url: '{url}'}}}}}}"
    )
}

fn key_file(token_uri: &str, email: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "key-1",
        "private_key": PRIVATE_KEY,
        "client_email": email,
        "token_uri": format!("{token_uri}/token"),
    })
    .to_string()
}

/// The claims of the assertion in a request, whose signature is checked.
fn claims(seen: &Seen) -> (Value, Value) {
    let assertion = seen.field("assertion");
    let (signed, signature) = assertion.rsplit_once('.').expect("three parts");
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY);
    key.verify(signed.as_bytes(), &decoded(signature)).expect("the account's signature");
    let (header, claims) = signed.split_once('.').expect("two parts");
    let part = |part| serde_json::from_slice(&decoded(part)).expect("JSON");
    (part(header), part(claims))
}

#[tokio::test]
async fn a_key_signs_an_assertion_for_a_token() {
    let (login, upstream) = (StandIn::start(|_| (200, TOKEN.to_owned())).await, StandIn::upstream().await);
    let key = key_file(&login.url, "ai@p.iam.gserviceaccount.com");
    let auth = ", gcp_service_account_json: '{vault://env/KEY_FILE}'";
    let gateway = gateway(&plugin(&upstream.url, auth), &[("KEY_FILE", &key)]).await;
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(upstream.seen()[1].header("authorization"), "Bearer google-token-1");
    let seen = login.only();
    assert_eq!(seen.line, "POST /token");
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(seen.field("grant_type"), "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
    let (header, mut claims) = claims(&seen);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut time = |name: &str| claims.as_object_mut().unwrap().remove(name).unwrap().as_u64().unwrap();
    let (issued, expires) = (time("iat"), time("exp"));
    assert!((now - 60..=now).contains(&issued) && expires == issued + 3600);
    let token_uri = format!("{}/token", login.url);
    let scope = "https://www.googleapis.com/auth/cloud-platform";
    assert_eq!(claims, json!({"iss": "ai@p.iam.gserviceaccount.com", "scope": scope, "aud": token_uri}));
}

/// Each source with all those that come after it.
#[tokio::test]
async fn sources_are_taken_in_order() {
    let endpoint = StandIn::start(|_| (200, TOKEN.to_owned())).await;
    let upstream = StandIn::upstream().await;
    let [configured, variable, file] =
        ["configured", "variable", "file"].map(|email| key_file(&endpoint.url, email));
    let file = TemporaryFile::new(&file);
    let host = endpoint.url.strip_prefix("http://").unwrap();
    let variables = [
        ("CONFIGURED", &*configured),
        ("GCP_SERVICE_ACCOUNT", &*variable),
        ("GOOGLE_APPLICATION_CREDENTIALS", file.path()),
        ("GCE_METADATA_HOST", host),
    ];
    let auth = [", gcp_service_account_json: '{vault://env/CONFIGURED}'", "", "", ""];
    for (at, auth) in auth.into_iter().enumerate() {
        let gateway = gateway(&plugin(&upstream.url, auth), &variables[at..]).await;
        assert_eq!(chat(&gateway).await.0, 200);
    }
    let seen = endpoint.seen();
    let issuers: Vec<_> = seen[..3].iter().map(|seen| claims(seen).1["iss"].clone()).collect();
    assert_eq!(issuers, ["configured", "variable", "file"]);
    insta::assert_snapshot!(seen[3], @r"
    GET /computeMetadata/v1/instance/service-accounts/default/token
    metadata-flavor: Google
    ");
}

#[tokio::test]
async fn a_refusal_is_said_without_the_assertion() {
    let refuse = |seen: &Seen| {
        let description = format!("Invalid JWT: {}", seen.field("assertion"));
        (400, json!({"error": "invalid_grant", "error_description": description}).to_string())
    };
    let (login, upstream) = (StandIn::start(refuse).await, StandIn::upstream().await);
    let key = key_file(&login.url, "ai@p.iam.gserviceaccount.com");
    let gateway = gateway(&plugin(&upstream.url, ""), &[("GCP_SERVICE_ACCOUNT", &key)]).await;
    let (status, body) = chat(&gateway).await;
    insta::assert_snapshot!(format!("{status} {body}"), @r#"500 {"error":{"message":"gcp identity: 127.0.0.1 answered 400: Invalid JWT: ***","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
    assert!(upstream.seen().is_empty());
}
