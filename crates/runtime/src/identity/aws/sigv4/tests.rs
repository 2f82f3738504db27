use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;
use crate::secrets::Secret;

const HAIKU: &str = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse";

const PROFILE: &str =
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.example-v1%3A0/converse";

fn parts(target: &str) -> Parts<'_> {
    Parts {
        method: "POST",
        host: "bedrock-runtime.us-east-1.amazonaws.com",
        target,
        content_type: Some("application/json"),
        body: br#"{"messages":[]}"#,
    }
}

fn signed(parts: Parts<'_>, session: Option<&str>) -> Vec<(&'static str, String)> {
    let keys = Keys {
        id: "AKIDTEST".to_owned(),
        secret: Secret::new("test-secret-key"),
        session: session.map(Secret::new),
    };
    // 2025-01-02T03:04:05Z
    sign(parts, &keys, "us-east-1", UNIX_EPOCH + Duration::from_secs(1_735_787_045))
}

fn authorization<'a>(headers: &'a [(&'static str, String)]) -> &'a str {
    headers.iter().find(|(name, _)| *name == "authorization").map(|(_, value)| &**value).unwrap()
}

/// What botocore makes of the same requests.
#[test]
fn signatures_are_those_of_the_official_sdk() {
    let get = |target| Parts { method: "GET", content_type: None, body: b"", ..parts(target) };
    let jobs = get(
        "/async-invoke?submitTimeAfter=2025-01-01T00%3A00%3A00Z&statusEquals=Completed&maxResults=2&statusEquals=A",
    );
    let vectors = [
        (parts(HAIKU), None, "a05ffb4e5e2485e66eff27168cb69211af2125411d83046c9e2cfd91720fa4f3"),
        (parts(PROFILE), None, "a9bee28d956dc3e8de04efbe044055f333a9ab8a993956831adfa329b6ee207d"),
        (
            parts(HAIKU),
            Some("session+/="),
            "3ad8843b086749d45f3222da83472c237502ef5e2dd93a624e228ccbaee38d1d",
        ),
        (jobs, None, "94a6fa3f1aaaddb949f14ea8ea3157b264e1849d351cffe93f615fb6a750dfd5"),
        (get("//a//b%2Fc/"), None, "5a17a253a5ac41d1bf37f966d8cab0ce496d27e3e2a19f99ba6fad053ba5802e"),
    ];
    for (parts, session, signature) in vectors {
        let headers = signed(parts, session);
        let content_type = if parts.content_type.is_some() { "content-type;" } else { "" };
        let token = if session.is_some() { ";x-amz-security-token" } else { "" };
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDTEST/20250102/us-east-1/bedrock/aws4_request, \
             SignedHeaders={content_type}host;x-amz-date{token}, Signature={signature}"
        );
        assert_eq!(authorization(&headers), expected, "{}", parts.target);
        assert!(headers.contains(&("x-amz-date", "20250102T030405Z".to_owned())));
        let sent = headers.iter().find(|(name, _)| *name == "x-amz-security-token");
        assert_eq!(sent.map(|(_, value)| &**value), session);
    }
}

#[test]
fn the_canonical_request_is_of_what_is_sent() {
    let parts = Parts {
        method: "GET",
        content_type: None,
        body: b"",
        ..parts("//a%2Fb//c:d/?b=2&a=%7e&b=1&c&a=x+y%2B")
    };
    let (request, signed) = canonical(parts, &[("x-amz-date", "20250102T030405Z".to_owned())]);
    assert_eq!(signed, "host;x-amz-date");
    insta::assert_snapshot!(request, @r"
    GET
    /a%252Fb/c%3Ad/
    a=x%20y%2B&a=~&b=1&b=2&c=
    host:bedrock-runtime.us-east-1.amazonaws.com
    x-amz-date:20250102T030405Z

    host;x-amz-date
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ");
    assert_eq!(canonical_path("/"), "/");
}

proptest! {
    /// The order of the arguments makes no other signature, nor does another way to encode them.
    #[test]
    fn the_query_is_canonical(
        arguments in prop::collection::vec(("[a-c ~/%+é=&]{0,3}", "[a-c ~/%+é=&]{0,3}"), 1..6),
        shift in 0..6_usize,
    ) {
        let everything = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let query = |arguments: &[(String, String)], encode: &dyn Fn(&str) -> String| {
            let pairs = arguments.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
            pairs.collect::<Vec<_>>().join("&")
        };
        let one = canonical_query(&query(&arguments, &encoded));
        let mut turned = arguments.clone();
        turned.rotate_left(shift % arguments.len());
        prop_assert_eq!(&one, &canonical_query(&query(&turned, &everything)));
        let names: Vec<_> = one.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        prop_assert!(names.is_sorted());
        prop_assert_eq!(names.len(), arguments.len());
    }

    #[test]
    fn every_part_of_a_request_is_signed(at in 0..4_usize, with in "[a-z]{1,8}") {
        let original = parts(HAIKU);
        let (body, target) = (format!("{{}}{with}"), format!("{HAIKU}{with}"));
        let other = match at {
            0 => Parts { method: &with, ..original },
            1 => Parts { host: &with, ..original },
            2 => Parts { target: &target, ..original },
            _ => Parts { body: body.as_bytes(), ..original },
        };
        let (one, other) = (signed(original, None), signed(other, None));
        prop_assert_ne!(authorization(&one), authorization(&other));
    }
}
