//! What is logged of the answers of models.

use runtime::Limits;

use crate::running::{Running, piece, whole};
use crate::{ANSWER, CHAT, END, EVENTS, STREAM, answer, chunk, stage};

/// The statistics of the one request that was made, without what differs from run to run.
fn statistics(gateway: &Running) -> serde_json::Value {
    let mut log = gateway.log();
    assert_eq!(log.len(), 1);
    let mut statistics = log[0]["ai"]["proxy"].take();
    for (of, name) in
        [("meta", "plugin_id"), ("meta", "llm_latency"), ("meta", "llm_ttft"), ("usage", "time_per_token")]
    {
        assert!(statistics[of].as_object_mut().expect("an object").remove(name).is_some(), "{name}");
    }
    statistics
}

#[tokio::test]
async fn a_whole_answer_is_counted() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let sent = answer("content-type: application/json", ANSWER);
    let (got, _peer) = tokio::join!(client.post("/logged", CHAT), upstream.answers(sent));
    assert_eq!(whole(got).await, ANSWER);
    drop(client);
    insta::assert_json_snapshot!(statistics(&gateway));
}

#[tokio::test]
async fn the_usage_of_a_stream_is_asked_for_and_not_shown() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let hello = r#"data: {"model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":"stop"}],"usage":null}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
    let events = chunk(format!("{hello}\n\n{usage}\n\ndata: [DONE]\n\n"));
    let (got, (sent, _peer)) = tokio::join!(
        client.post("/logged", STREAM),
        upstream.answers([EVENTS.as_bytes(), &events, END.as_bytes()].concat())
    );
    let sent = String::from_utf8(sent.body).unwrap();
    assert!(sent.contains(r#""stream_options":{"include_usage":true}"#), "{sent}");
    let hello = hello.replace(r#","usage":null"#, "");
    assert_eq!(whole(got).await, format!("{hello}\n\ndata: [DONE]\n\n"));
    drop(client);
    insta::assert_json_snapshot!(statistics(&gateway));
}

#[tokio::test]
async fn what_a_client_leaves_in_the_middle_of_is_counted_so_far() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let hello =
        "data: {\"model\":\"gpt-4o-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/logged", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(hello)].concat())
    );
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), hello);
    drop((got, client));
    peer.left().await;
    let log = gateway.log();
    assert_eq!(log[0]["aborted"], "client");
    assert_eq!(log[0]["ai"]["proxy"]["meta"]["response_model"], "gpt-4o-1");
}
