//! Signatures for AWS, and where their keys come from.

use crate::running::whole;
use crate::stand_in::{Seen, StandIn};
use crate::{TemporaryFile, Variables, chat, gateway};

/// A plugin for a server behind `url`, with this `auth`.
fn plugin(url: &str, auth: &str) -> String {
    format!(
        "{{route_type: preserve, auth: {{{auth}}}, model: {{provider: bedrock, options: {{upstream_url: '{url}', \
         bedrock: {{aws_region: eu-west-1}}}}}}}}"
    )
}

/// Keys as agents give them.
const KEYS: &str = r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAFETCHED","SecretAccessKey":"fetched-secret","Token":"fetched-session","Expiration":"2999-01-01T00:00:00Z"}"#;

/// Who signed, with which session token; or the bearer token.
fn signer(seen: &Seen) -> String {
    let authorization = seen.header("authorization");
    let Some((_, rest)) = authorization.split_once("Credential=") else { return authorization.to_owned() };
    let (id, _) = rest.split_once('/').expect("a scope");
    format!("{id} {}", seen.header("x-amz-security-token")).trim_end().to_owned()
}

/// The signer of a request that is sent in an environment.
async fn signs(auth: &str, variables: Variables<'_>) -> String {
    let upstream = StandIn::upstream().await;
    let gateway = gateway(&plugin(&upstream.url, auth), variables).await;
    assert_eq!(chat(&gateway).await.0, 200);
    signer(&upstream.only())
}

#[tokio::test]
async fn what_is_sent_is_signed() {
    let upstream = StandIn::upstream().await;
    let auth = "aws_access_key_id: AKIDPLUGIN, aws_secret_access_key: '{vault://env/SECRET_KEY}'";
    let gateway = gateway(&plugin(&upstream.url, auth), &[("SECRET_KEY", "secret-key-of-plugin")]).await;
    let form = "--b\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n";
    let mut client = gateway.client().await;
    let answer =
        client.send("POST", "/ai?b=2&a=1", &["content-type: multipart/form-data; boundary=b"], form).await;
    assert_eq!(answer.status(), 200);
    let seen = upstream.only();
    assert_eq!(seen.body, form);
    assert_eq!(seen.header("content-length"), form.len().to_string(), "it was read whole, to be signed");
    let date = seen.header("x-amz-date");
    assert!(date.len() == 16 && date.ends_with('Z'), "{date}");
    let authorization = seen.header("authorization");
    let (start, signature) = authorization.split_once("Signature=").expect("a signature");
    let scope = format!("{}/eu-west-1/bedrock/aws4_request", &date[..8]);
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDPLUGIN/{scope}, SignedHeaders=content-type;host;x-amz-date, "
    );
    assert_eq!(start, expected);
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
    assert_eq!(seen.header("host"), upstream.url.strip_prefix("http://").unwrap());
}

#[tokio::test]
async fn a_translated_chat_is_signed_where_it_goes() {
    let answer = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},"metrics":{"latencyMs":1}}"#;
    let upstream = StandIn::start(|_| (200, answer.to_owned())).await;
    let plugin = format!(
        "{{route_type: llm/v1/chat, auth: {{allow_override: false}}, model: {{provider: bedrock, \
         name: 'amazon.nova-pro-v1:0', options: {{upstream_url: '{}'}}}}}}",
        upstream.url
    );
    let variables =
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let gateway = gateway(&plugin, &variables).await;
    let (status, body) = chat(&gateway).await;
    assert_eq!(status, 200, "{body}");
    let seen = upstream.only();
    assert_eq!(seen.line, "POST /model/amazon.nova-pro-v1%3A0/converse");
    assert!(seen.header("authorization").contains("/us-east-1/bedrock/aws4_request, "));
    assert_eq!(signer(&seen), "AKIDENV");
}

#[tokio::test]
async fn an_upstream_that_quotes_the_signature_does_not_tell_it() {
    let upstream = StandIn::start(|seen| {
        let [signature, session] = ["authorization", "x-amz-security-token"].map(|name| seen.header(name));
        (403, format!(r#"{{"message":"wrong: {signature} with {session}"}}"#))
    })
    .await;
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "a-session-token"),
    ];
    let gateway = gateway(&plugin(&upstream.url, ""), &keys).await;
    let answer = gateway.client().await.post("/ai", crate::CHAT).await;
    assert_eq!(answer.status(), 403);
    let body = String::from_utf8(whole(answer).await.to_vec()).unwrap();
    assert_eq!(body, r#"{"message":"wrong: *** with ***"}"#);
}

/// Each source with all those that come after it; those that answer at all do so on loopback.
#[tokio::test]
async fn sources_are_taken_in_order() {
    let agent = StandIn::start(|seen| match seen.line.as_str() {
        "POST /" => (200, TAKEN_ON.to_owned()),
        _ => (200, KEYS.to_owned()),
    })
    .await;
    let container = format!("{}/role", agent.url);
    let token = TemporaryFile::new("eyJ.kubernetes.token");
    let credentials = TemporaryFile::new(
        "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = profile-secret\naws_session_token = profile-session\n",
    );
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "env-secret"),
        ("AWS_SESSION_TOKEN", "env-session"),
        ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ai"),
        ("AWS_ENDPOINT_URL_STS", &*agent.url),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.path()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*container),
    ];
    let keys = "aws_access_key_id: AKIDPLUGIN, aws_secret_access_key: plugin-secret";
    let bearer = "header_name: Authorization, header_value: Bearer configured-key";
    let mut signers = vec![signs(keys, &variables).await, signs(bearer, &variables).await];
    for from in [0, 3, 4, 7, 8] {
        signers.push(signs("", &variables[from..]).await);
    }
    insta::assert_snapshot!(signers.join("\n"), @r"
    AKIDPLUGIN
    Bearer configured-key
    AKIDENV env-session
    Bearer bedrock-key
    ASIAROLE role-session+/=
    AKIDPROFILE profile-session
    ASIAFETCHED fetched-session
    ");
}

const TAKEN_ON: &str = r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <SessionToken>role-session+/=</SessionToken>
      <SecretAccessKey>role-secret</SecretAccessKey>
      <Expiration>2999-01-01T00:00:00Z</Expiration>
      <AccessKeyId>ASIAROLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"#;

#[tokio::test]
async fn a_role_is_taken_on_with_the_token_that_the_file_has_by_then() {
    let (sts, upstream) = (StandIn::start(|_| (200, TAKEN_ON.to_owned())).await, StandIn::upstream().await);
    let token = TemporaryFile::new("eyJ.old.token");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ai"),
        ("AWS_ENDPOINT_URL_STS", &*sts.url),
    ];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    token.write("eyJ.new.token\n");
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(chat(&gateway).await.0, 200);
    insta::assert_snapshot!(sts.only(), @r"
    POST /
    content-length: 160
    content-type: application/x-www-form-urlencoded

    Action=AssumeRoleWithWebIdentity
    Version=2011-06-15
    RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fai
    RoleSessionName=aiproxy
    WebIdentityToken=eyJ.new.token
    ");
}

#[tokio::test]
async fn a_role_that_is_refused_is_said_without_the_token() {
    let refuse = |seen: &Seen| {
        let token = seen.field("WebIdentityToken");
        (
            400,
            format!(
                "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>bad {token}</Message></Error></ErrorResponse>"
            ),
        )
    };
    let (sts, upstream) = (StandIn::start(refuse).await, StandIn::upstream().await);
    let token = TemporaryFile::new("eyJ.kubernetes.token");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ai"),
        ("AWS_ENDPOINT_URL_STS", &*sts.url),
    ];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    let (status, body) = chat(&gateway).await;
    insta::assert_snapshot!(format!("{status} {body}"), @r#"500 {"error":{"message":"aws credentials: 127.0.0.1 answered 400: InvalidIdentityToken: bad ***","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_container_shows_the_token_that_the_file_has_by_then() {
    let agent = StandIn::start(|_| (200, KEYS.to_owned())).await;
    let upstream = StandIn::upstream().await;
    let uri = format!("{}/v1/credentials", agent.url);
    let token = TemporaryFile::new("old");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.path()),
    ];
    let gateway = gateway(&plugin(&upstream.url, ""), &variables).await;
    token.write("eyJ.pod.identity");
    assert_eq!(chat(&gateway).await.0, 200);
    insta::assert_snapshot!(agent.only(), @r"
    GET /v1/credentials
    authorization: eyJ.pod.identity
    ");
    assert_eq!(signer(&upstream.only()), "ASIAFETCHED fetched-session");
}

#[tokio::test]
async fn an_instance_is_asked_in_a_session() {
    let metadata = StandIn::start(|seen| {
        let reply = match seen.line.as_str() {
            "PUT /latest/api/token" => "metadata-session",
            "GET /latest/meta-data/iam/security-credentials/" => "ai-role\n",
            "GET /latest/meta-data/iam/security-credentials/ai-role" => KEYS,
            _ => return (404, String::new()),
        };
        (200, reply.to_owned())
    })
    .await;
    let upstream = StandIn::upstream().await;
    let gateway =
        gateway(&plugin(&upstream.url, ""), &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*metadata.url)]).await;
    assert_eq!(chat(&gateway).await.0, 200);
    assert_eq!(chat(&gateway).await.0, 200);
    let seen: Vec<_> = metadata.seen().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(seen.join("\n"), @r"
    PUT /latest/api/token
    x-aws-ec2-metadata-token-ttl-seconds: 21600


    GET /latest/meta-data/iam/security-credentials/
    x-aws-ec2-metadata-token: metadata-session


    GET /latest/meta-data/iam/security-credentials/ai-role
    x-aws-ec2-metadata-token: metadata-session
    ");
    assert_eq!(signer(&upstream.seen()[1]), "ASIAFETCHED fetched-session");
}

#[tokio::test]
async fn an_instance_without_a_role_says_so() {
    let metadata = StandIn::start(|seen| match seen.line.as_str() {
        "PUT /latest/api/token" => (200, "metadata-session".to_owned()),
        _ => (404, "<html>metadata-session</html>".to_owned()),
    })
    .await;
    let upstream = StandIn::upstream().await;
    let gateway =
        gateway(&plugin(&upstream.url, ""), &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*metadata.url)]).await;
    let (status, body) = chat(&gateway).await;
    insta::assert_snapshot!(format!("{status} {body}"), @r#"500 {"error":{"message":"aws credentials: 127.0.0.1 answered 404","type":"server_error","param":null,"code":"identity_unavailable"}}"#);
    assert!(upstream.seen().is_empty());
}
