//! What is logged of translated answers: the provider's own counts, whether or not the client asked.

use serde_json::Value;

use super::{ANSWER, CHAT, STREAM, stage, statistics_of};
use crate::running::{piece, whole};
use crate::{END, EVENTS, answer, chunk};

#[tokio::test]
async fn a_whole_answer_is_counted() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let sent = answer("content-type: application/json", ANSWER);
    let (got, _peer) = tokio::join!(client.post("/logged", CHAT), upstream.answers(sent));
    let got = whole(got).await;
    drop(client);
    let mut statistics = statistics_of(&gateway);
    let logged = statistics["payload"]["response"].take();
    assert_eq!(logged.as_str().expect("text").as_bytes(), got);
    insta::assert_json_snapshot!(statistics);
}

const HELLO: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"model-1-20250929\",\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n\
                     data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n\
                    data: {\"type\":\"message_stop\"}\n\n";

#[tokio::test]
async fn a_stream_is_counted_once() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let sent = [EVENTS.as_bytes(), &chunk(HELLO), &chunk(STOP), END.as_bytes()].concat();
    let (got, _peer) = tokio::join!(client.post("/logged", STREAM), upstream.answers(sent));
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("usage"), "{text}");
    drop(client);
    insta::assert_json_snapshot!(statistics_of(&gateway));
}

/// Nobody counted: the words are those of the client's request, whatever it became.
#[tokio::test]
async fn an_uncounted_answer_is_estimated() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let uncounted = r#"{"id":"msg_1","type":"message","content":[{"type":"text","text":"Hello you"}],"stop_reason":"end_turn"}"#;
    let sent = answer("content-type: application/json", uncounted);
    let (got, _peer) = tokio::join!(client.post("/logged", CHAT), upstream.answers(sent));
    whole(got).await;
    drop(client);
    let statistics = statistics_of(&gateway);
    let usage = &statistics["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&4.into(), &3.into()));
    assert_eq!(usage["estimated"], true);
    assert_eq!(statistics["meta"]["response_model"], "model-1");
}

#[tokio::test]
async fn what_a_client_leaves_in_the_middle_of_is_counted_so_far() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/logged", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(HELLO)].concat())
    );
    piece(&mut got).await.unwrap().unwrap();
    drop((got, client));
    peer.left().await;
    let log = gateway.log();
    assert_eq!(log[0]["aborted"], "client");
    assert_eq!(log[0]["ai"]["proxy"]["usage"]["prompt_tokens"], 20);
    assert_eq!(log[0]["ai"]["proxy"]["meta"]["response_model"], "model-1-20250929");
}

/// The upstream does not stream: its whole answer is the client's stream, and counts all the same.
#[tokio::test]
async fn a_whole_answer_to_who_asked_for_a_stream_is_counted() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let sent = answer("content-type: application/json", ANSWER);
    let (got, _peer) = tokio::join!(client.post("/logged", STREAM), upstream.answers(sent));
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("usage"), "{text}");
    drop(client);
    let statistics = statistics_of(&gateway);
    let usage = &statistics["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&25.into(), &2.into()));
    assert_eq!((&usage["cached_tokens"], usage.get("estimated")), (&5.into(), None));
    assert_eq!(statistics["meta"]["response_model"], "model-1-20250929");
    let logged: Value = serde_json::from_str(statistics["payload"]["response"].as_str().unwrap()).unwrap();
    assert_eq!(logged["choices"][0]["message"]["content"], "Hello");
}

/// An error in place of an answer, whatever its status, is nothing to be paid for.
#[tokio::test]
async fn an_error_with_a_good_status_costs_nothing() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let error = r#"{"type":"error","error":{"type":"api_error","message":"Internal error"}}"#;
    let sent = answer("content-type: application/json", error);
    let (got, _peer) = tokio::join!(client.post("/logged", CHAT), upstream.answers(sent));
    assert_eq!(got.status(), 502);
    whole(got).await;
    drop(client);
    let log = gateway.log();
    let proxy = &log[0]["ai"]["proxy"];
    assert_eq!(proxy["meta"]["status"], 200);
    let usage = &proxy["usage"];
    assert_eq!(
        (&usage["total_tokens"], &usage["cost"], usage.get("estimated")),
        (&0.into(), &0.0.into(), None)
    );
}
