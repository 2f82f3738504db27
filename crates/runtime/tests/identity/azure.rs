//! Tokens of Microsoft Entra ID.

use tokio::task::JoinSet;

use crate::stand_in::StandIn;
use crate::{TemporaryFile, chat, gateway};

/// A plugin for a deployment behind `url`; `auth` is added to its identity.
fn plugin(url: &str, auth: &str) -> String {
    format!(
        "{{route_type: llm/v1/chat, auth: {{azure_use_managed_identity: true{auth}}}, model: {{provider: azure, \
         name: gpt-4o, options: {{azure_instance: i, azure_deployment_id: d, upstream_url: '{url}/chat'}}}}}}"
    )
}

const APP: &str = ", azure_client_id: app, azure_tenant_id: contoso.example, azure_client_secret: '{vault://env/APP_SECRET}'";

const TOKEN: &str =
    r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"azure-token-1"}"#;

#[tokio::test]
async fn an_app_registration_asks_with_its_secret_and_once() {
    let (login, upstream) = (StandIn::start(|_| (200, TOKEN.to_owned())).await, StandIn::upstream().await);
    let variables = [("APP_SECRET", "s3cr3t/of+app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let gateway = gateway(&plugin(&upstream.url, APP), &variables).await;
    for _ in 0..3 {
        assert_eq!(chat(&gateway).await.0, 200);
    }
    insta::assert_snapshot!(login.only(), @r"
    POST /contoso.example/oauth2/v2.0/token
    content-length: 134
    content-type: application/x-www-form-urlencoded

    grant_type=client_credentials
    client_id=app
    scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default
    client_secret=s3cr3t%2Fof%2Bapp
    ");
    let tokens: Vec<_> = upstream.seen().iter().map(|seen| seen.header("authorization").to_owned()).collect();
    assert_eq!(tokens, ["Bearer azure-token-1"; 3]);
    assert!(upstream.seen().iter().all(|seen| seen.header("api-key").is_empty()));
}

#[tokio::test]
async fn an_upload_that_passes_unread_carries_the_token() {
    let (login, upstream) = (StandIn::start(|_| (200, TOKEN.to_owned())).await, StandIn::upstream().await);
    let variables = [("APP_SECRET", "s3cr3t-of-app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let plugin = plugin(&upstream.url, APP).replace("llm/v1/chat", "preserve").replace("name: gpt-4o, ", "");
    let gateway = gateway(&plugin, &variables).await;
    let mut client = gateway.client().await;
    let answer = client.send("POST", "/ai", &["content-type: audio/wav"], "RIFF").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(upstream.only().header("authorization"), "Bearer azure-token-1");
    assert_eq!(upstream.only().body, "RIFF");
}

#[tokio::test]
async fn fifty_requests_at_once_fetch_one_token() {
    let (login, upstream) = (StandIn::start(|_| (200, TOKEN.to_owned())).await, StandIn::upstream().await);
    let variables = [("APP_SECRET", "s3cr3t-of-app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let gateway = gateway(&plugin(&upstream.url, APP), &variables).await;
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let mut client = gateway.client().await;
        requests.spawn(async move { client.post("/ai", crate::CHAT).await.status().as_u16() });
    }
    assert_eq!(requests.join_all().await, [200; 50]);
    assert_eq!(login.seen().len(), 1);
    assert_eq!(upstream.seen().len(), 50);
}

#[tokio::test]
async fn a_workload_asks_with_the_token_that_the_file_has_by_then() {
    let (login, upstream) = (StandIn::start(|_| (200, TOKEN.to_owned())).await, StandIn::upstream().await);
    let assertion = TemporaryFile::new("an old assertion");
    let variables = [
        ("AZURE_FEDERATED_TOKEN_FILE", assertion.path()),
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_CLIENT_ID", "workload"),
        ("AZURE_AUTHORITY_HOST", &*login.url),
    ];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    assertion.write("eyJ.new.assertion\n");
    assert_eq!(chat(&gateway).await.0, 200);
    insta::assert_snapshot!(login.only(), @r"
    POST /contoso.example/oauth2/v2.0/token
    content-length: 229
    content-type: application/x-www-form-urlencoded

    grant_type=client_credentials
    client_id=workload
    scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default
    client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer
    client_assertion=eyJ.new.assertion
    ");
    assert_eq!(upstream.only().header("authorization"), "Bearer azure-token-1");
}

#[tokio::test]
async fn app_service_is_asked_at_its_endpoint() {
    let later = (std::time::SystemTime::now() + std::time::Duration::from_secs(3600))
        .duration_since(std::time::UNIX_EPOCH)
        .expect("now is after 1970")
        .as_secs();
    let reply = format!(
        r#"{{"access_token":"app-service-token","expires_on":"{later}","resource":"https://cognitiveservices.azure.com","token_type":"Bearer"}}"#
    );
    let (endpoint, upstream) =
        (StandIn::start(move |_| (200, reply.clone())).await, StandIn::upstream().await);
    let url = format!("{}/msi/token", endpoint.url);
    let variables = [("IDENTITY_ENDPOINT", &*url), ("IDENTITY_HEADER", "header-secret")];
    let gateway = gateway(&plugin(&upstream.url, ", azure_client_id: user-assigned"), &variables).await;
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(chat(&gateway).await.0, 200);
    insta::assert_snapshot!(endpoint.only(), @r"
    GET /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=user-assigned
    x-identity-header: header-secret
    ");
    assert_eq!(upstream.seen()[1].header("authorization"), "Bearer app-service-token");
}

#[tokio::test]
async fn a_machine_asks_its_metadata_service() {
    let reply = r#"{"access_token":"machine-token","expires_in":"3599","expires_on":"1735689600","not_before":"1735686000","resource":"https://cognitiveservices.azure.com","token_type":"Bearer"}"#;
    let (metadata, upstream) = (StandIn::start(|_| (200, reply.to_owned())).await, StandIn::upstream().await);
    let variables = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*metadata.url)];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(chat(&gateway).await.0, 200);
    insta::assert_snapshot!(metadata.only(), @r"
    GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com
    metadata: true
    ");
    assert_eq!(upstream.seen()[1].header("authorization"), "Bearer machine-token");
}

#[tokio::test]
async fn a_refusal_is_said_without_secrets_and_nothing_goes_upstream() {
    let refusal = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided: s3cr3t-of-app.\r\nTrace ID: 1","error_codes":[7000215]}"#;
    let (login, upstream) = (StandIn::start(|_| (401, refusal.to_owned())).await, StandIn::upstream().await);
    let variables = [("APP_SECRET", "s3cr3t-of-app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let gateway = gateway(&plugin(&upstream.url, APP), &variables).await;
    let (status, body) = chat(&gateway).await;
    insta::assert_snapshot!(format!("{status} {body}"), @r#"500 {"error":{"message":"azure identity: 127.0.0.1 answered 401: AADSTS7000215: Invalid client secret provided: ***.","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
    assert!(upstream.seen().is_empty());
    let log = format!("{:?}", gateway.log());
    assert!(log.contains("azure identity: ") && !log.contains("s3cr3t"), "{log}");
}

#[tokio::test]
async fn no_identity_is_final_for_a_machine() {
    let refusal = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let (metadata, upstream) =
        (StandIn::start(|_| (400, refusal.to_owned())).await, StandIn::upstream().await);
    let variables = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*metadata.url)];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    let (status, body) = chat(&gateway).await;
    insta::assert_snapshot!(format!("{status} {body}"), @r#"500 {"error":{"message":"azure identity: 127.0.0.1 answered 400: Identity not found","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
    assert_eq!(metadata.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_none() {
    let upstream = StandIn::upstream().await;
    let large = format!(r#"{{"access_token":"{}","expires_in":1}}"#, "x".repeat(1 << 20));
    let replies = [
        (200, "<html>".to_owned()),
        (200, r#"{"access_token":"t"}"#.to_owned()),
        (200, r#"{"access_token":"a\r\nb","expires_in":1}"#.to_owned()),
        (200, r#"{"access_token":"t","expires_in":"0"}"#.to_owned()),
        (200, large),
        (302, String::new()),
        (403, "not for you".to_owned()),
    ];
    let mut said = Vec::new();
    for reply in replies {
        let login = StandIn::start(move |_| reply.clone()).await;
        let variables = [("APP_SECRET", "s3cr3t-of-app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
        let gateway = gateway(&plugin(&upstream.url, APP), &variables).await;
        let (status, body) = chat(&gateway).await;
        said.push(format!("{status} {body}"));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    502 {"error":{"message":"azure identity: 127.0.0.1 answered without a token and its expiry","type":"server_error","param":null,"code":"identity_unavailable"}}
    502 {"error":{"message":"azure identity: 127.0.0.1 answered without a token and its expiry","type":"server_error","param":null,"code":"identity_unavailable"}}
    502 {"error":{"message":"azure identity: 127.0.0.1 answered without a token and its expiry","type":"server_error","param":null,"code":"identity_unavailable"}}
    502 {"error":{"message":"azure identity: the token of 127.0.0.1 has expired already","type":"server_error","param":null,"code":"identity_unavailable"}}
    502 {"error":{"message":"azure identity: 127.0.0.1 answered without a token and its expiry","type":"server_error","param":null,"code":"identity_unavailable"}}
    500 {"error":{"message":"azure identity: 127.0.0.1 answered 302","type":"server_error","param":null,"code":"identity_unavailable"}}
    500 {"error":{"message":"azure identity: 127.0.0.1 answered 403","type":"server_error","param":null,"code":"identity_unavailable"}}
    "#);
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn an_upstream_that_quotes_the_token_does_not_tell_it() {
    let login = StandIn::start(|_| (200, TOKEN.to_owned())).await;
    let upstream = StandIn::start(|seen| {
        (401, format!(r#"{{"error":{{"message":"wrong: {}"}}}}"#, seen.header("authorization")))
    })
    .await;
    let variables = [("APP_SECRET", "s3cr3t-of-app"), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let gateway = gateway(&plugin(&upstream.url, APP), &variables).await;
    let (status, body) = chat(&gateway).await;
    assert_eq!(status, 401);
    assert!(body.contains("wrong: ***") && !body.contains("azure-token"), "{body}");
}

#[tokio::test]
async fn a_secret_in_the_environment_is_the_one_of_its_own_app() {
    let reply = r#"{"access_token":"machine-token","expires_in":3599}"#;
    let (metadata, upstream) = (StandIn::start(|_| (200, reply.to_owned())).await, StandIn::upstream().await);
    let variables = [
        ("AZURE_CLIENT_ID", "another-app"),
        ("AZURE_CLIENT_SECRET", "its-secret"),
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*metadata.url),
    ];
    let gateway = gateway(&plugin(&upstream.url, ", azure_client_id: user-assigned"), &variables).await;
    assert_eq!(chat(&gateway).await.0, 200);
    assert!(metadata.only().line.ends_with("&client_id=user-assigned"), "{}", metadata.only().line);
}
