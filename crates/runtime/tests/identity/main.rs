//! Requests that are authenticated with a cloud's identity, against stand-ins for the clouds' endpoints.

mod aws;
mod azure;
mod gcp;
mod hostile;
#[path = "../support/gateway.rs"]
#[expect(dead_code, reason = "some of it is for other tests")]
mod running;
mod stand_in;
mod start;

use std::path::PathBuf;

use running::{Running, whole};
use runtime::{Limits, Upstream};

const CHAT: &str = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;

/// Variables and their values; no other is set.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A file with one route, `/ai`, for a plugin of this configuration.
fn file(plugin: &str) -> String {
    format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    routes:
      - name: ai
        paths: [/ai]
        plugins:
          - name: ai-proxy
            config: {plugin}"#
    )
}

/// A gateway for such a file.
async fn gateway(plugin: &str, variables: Variables<'_>) -> Running {
    let environment =
        |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let hosts = Upstream::http(Vec::new()).expect("no certificates, none wrong");
    Running::start_in(&environment, &file(plugin), Limits::default(), hosts).await
}

/// Sends a chat, and returns status and body of its answer.
async fn chat(gateway: &Running) -> (u16, String) {
    let answer = gateway.client().await.post("/ai", CHAT).await;
    let status = answer.status().as_u16();
    (status, String::from_utf8(whole(answer).await.to_vec()).expect("text"))
}

/// A file that is there until it is dropped.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aiproxy-test-{}", uuid::Uuid::new_v4()));
        let file = Self(path);
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).expect("a temporary file");
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
