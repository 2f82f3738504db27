//! Connections that are used again after streams that were translated: what is left of one answer is
//! never a part of the next.

use serde_json::Value;
use tokio::task::JoinSet;

use crate::stage::{Setting, play, post};
use crate::wire::{Wire, within};

/// What comes after the event that ends a stream.
const AFTER: [&str; 6] = [
    // Nothing, the end of the body at once or in a packet of its own.
    "",
    "",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"LEFT OVER\"}}\n\n",
    "data: [DONE]\n\ndata: [DONE]\n\n",
    "\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\nLEFT OVER",
    "LEFT OVER without an end",
];

/// Answers every request on a connection with the text that the request holds, until the gateway leaves.
async fn answers(mut wire: Wire) {
    let mut number = 0;
    while let Some(request) = wire.try_message().await {
        let text = request.json()["messages"][0]["content"].clone();
        let text = text.as_str().or(text[0]["text"].as_str()).expect("the client's text").to_owned();
        let delta = serde_json::json!({
            "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}
        });
        let events = format!(
            "data: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"model\":\"claude\"}}}}\n\ndata: {delta}\n\n\
             data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}}}}\n\n\
             data: {{\"type\":\"message_stop\"}}\n\n"
        );
        let after = AFTER[text.len() % AFTER.len()];
        let chunk = |bytes: &str| format!("{:x}\r\n{bytes}\r\n", bytes.len());
        let after = if after.is_empty() { String::new() } else { chunk(after) };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let pieces = match number % 2 {
            0 => vec![head.to_owned() + &chunk(&events) + &after + "0\r\n\r\n"],
            _ => vec![head.to_owned(), chunk(&events), after, "0\r\n\r\n".to_owned()],
        };
        for piece in pieces {
            if wire.try_send(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        number += 1;
    }
}

/// Asks with a text of its own, and gets that back and nothing else.
async fn ask(client: &mut Wire, text: &str) {
    let question = serde_json::json!({
        "model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": text}]
    });
    client.send(post("/claude", &question.to_string())).await;
    let answer = client.message().await;
    assert_eq!((answer.status(), answer.complete), (200, true), "{answer:?}");
    let events: Vec<&str> =
        answer.text().split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    let (last, chunks) = events.split_last().expect("events");
    assert_eq!(*last, "[DONE]", "{answer:?}");
    let said: String = chunks
        .iter()
        .map(|chunk| serde_json::from_str::<Value>(chunk).expect("JSON"))
        .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
        .collect();
    assert_eq!(said, text);
}

#[test]
fn every_client_gets_its_own_answer_whatever_is_left_of_others() {
    play(Setting::default(), async |stage| {
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(stage.client().await);
        }
        let mut upstreams = JoinSet::new();
        let (mut asking, mut used) = (JoinSet::new(), 0);
        for (number, mut client) in clients.into_iter().enumerate() {
            asking.spawn(async move {
                for turn in 0..10 {
                    ask(&mut client, &format!("{number}/{turn}{}", "-".repeat((number + turn) % 7))).await;
                }
            });
        }
        while !asking.is_empty() {
            tokio::select! {
                asked = asking.join_next() => asked.expect("a client").expect("no panic"),
                wire = stage.upstream() => {
                    used += 1;
                    upstreams.spawn(answers(wire));
                }
            }
        }
        assert!(used < 200, "no connection is used again");
        upstreams.abort_all();
        within("the upstreams leave", async { while upstreams.join_next().await.is_some() {} }).await;
    });
}
