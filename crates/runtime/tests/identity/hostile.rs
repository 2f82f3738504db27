//! Endpoints that give out no token, or what is none.

use tokio::task::JoinSet;

use crate::running::{Running, whole};
use crate::stand_in::StandIn;
use crate::{CHAT, chat, file, gateway};

const SECRET: &str = "s3cr3t-of-app";

/// A plugin that gets its token as an app registration.
fn plugin(url: &str) -> String {
    format!(
        "{{route_type: llm/v1/chat, auth: {{azure_use_managed_identity: true, azure_client_id: app, \
         azure_tenant_id: contoso.example, azure_client_secret: '{{vault://env/APP_SECRET}}'}}, logging: \
         {{log_statistics: true, log_payloads: true}}, model: {{provider: azure, name: gpt-4o, options: \
         {{azure_instance: i, azure_deployment_id: d, upstream_url: '{url}/chat'}}}}}}"
    )
}

#[tokio::test]
async fn what_is_no_token_is_not_sent_and_not_told() {
    let token = |token: &str, expires: &str| format!(r#"{{"access_token":{token},"expires_in":{expires}}}"#);
    let replies = [
        (200, String::new()),
        (200, "<html>token-1234567890</html>".to_owned()),
        (200, "[[[[".repeat(10_000)),
        (200, token(r#""token-1234567890\r\nx-injected: 1""#, "3599")),
        (200, token(r#""token-1234567890\u0000""#, "3599")),
        (200, token(r#""token-1234567890 x""#, "3599")),
        (200, token(r#""token-1234567890é""#, "3599")),
        (200, token(r#""""#, "3599")),
        (200, token("null", "3599")),
        (200, token(r#""token-1234567890""#, "0")),
        (200, token(r#""token-1234567890""#, "-1e300")),
        (200, token(r#""token-1234567890""#, r#""soon""#)),
        (200, token(&format!("\"token-1234567890{}\"", "x".repeat(1 << 20)), "3599")),
        (204, String::new()),
        (302, token(r#""token-1234567890""#, "3599")),
        (400, format!(r#"{{"error":"invalid_client","error_description":"the secret {SECRET} is wrong"}}"#)),
        (401, format!("<html>{SECRET}</html>")),
        (418, format!(r#"{{"message":{{"message":"{SECRET}"}}}}"#)),
    ];
    for (status, reply) in replies {
        let login = StandIn::start({
            let reply = reply.clone();
            move |_| (status, reply.clone())
        })
        .await;
        let upstream = StandIn::upstream().await;
        let variables = [("APP_SECRET", SECRET), ("AZURE_AUTHORITY_HOST", &*login.url)];
        let gateway = gateway(&plugin(&upstream.url), &variables).await;
        let (answered, body) = chat(&gateway).await;
        let case = format!("{status} {reply:.100} -> {answered} {body}");
        assert!(matches!(answered, 500 | 502), "{case}");
        assert!(body.contains(r#""code":"identity_unavailable""#) && body.len() < 1000, "{case}");
        let log = serde_json::to_string(&gateway.log()).expect("JSON");
        for told in [&body, &log] {
            assert!(!told.contains(SECRET) && !told.contains("token-1234567890"), "{case}: {told}");
        }
        assert!(upstream.seen().is_empty(), "{case}");
    }
}

/// Nobody queues behind anybody: all who ask while one fetch is under way get what becomes of it.
#[tokio::test]
async fn a_hundred_requests_do_not_storm_an_endpoint_in_trouble() {
    let login = StandIn::start(|_| (400, r#"{"error":"invalid_client"}"#.to_owned())).await;
    let upstream = StandIn::upstream().await;
    let variables = [("APP_SECRET", SECRET), ("AZURE_AUTHORITY_HOST", &*login.url)];
    let gateway = gateway(&plugin(&upstream.url), &variables).await;
    let mut asking = JoinSet::new();
    for _ in 0..100 {
        let mut client = gateway.client().await;
        asking.spawn(async move { client.post("/ai", CHAT).await.status().as_u16() });
    }
    assert_eq!(asking.join_all().await, [500; 100]);
    // One, and another for each second that all of this took.
    assert!(login.seen().len() < 50, "asked {} times", login.seen().len());
    assert!(upstream.seen().is_empty());
}

/// A token is waited for as long as the route's timeout has room, not as long as the endpoint has.
#[tokio::test]
async fn an_endpoint_that_hangs_costs_no_more_than_the_routes_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let authority = format!("http://{}", silent.local_addr().expect("it is bound"));
    let upstream = StandIn::upstream().await;
    let yaml = file(&plugin(&upstream.url))
        .replace("url: http://ai.internal", "url: http://ai.internal\n    read_timeout: 200");
    let environment = |name: &str| match name {
        "APP_SECRET" => Some(SECRET.to_owned()),
        "AZURE_AUTHORITY_HOST" => Some(authority.clone()),
        _ => None,
    };
    let hosts = runtime::Upstream::http(Vec::new()).expect("no certificates, none wrong");
    let gateway = Running::start_in(&environment, &yaml, runtime::Limits::default(), hosts).await;
    let answer = gateway.client().await.post("/ai", CHAT).await;
    assert_eq!(answer.status(), 502);
    let body = String::from_utf8(whole(answer).await.to_vec()).expect("text");
    insta::assert_snapshot!(body, @r#"{"error":{"message":"azure identity: nothing was fetched within 100ms","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
}
