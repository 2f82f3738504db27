//! The requests that both commands are asked about.

use std::{collections::HashMap, io::Write, net::TcpStream};

use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

/// A request as it is written to a socket.
#[derive(Debug, Clone)]
pub struct Request {
    pub name: String,
    pub method: String,
    pub target: String,
    /// In order; the host is the gateway's unless it is here.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    /// The requests of a file: `### name`, request line, headers, blank line, body.
    pub fn all(file: &str) -> Vec<Self> {
        file.split("\n### ").skip(1).map(Self::parse).collect()
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let name = lines.next().unwrap().to_owned();
        let (method, target) = lines.next().unwrap().split_once(' ').expect("method and target");
        let headers = lines.map(|line| line.split_once(':').expect("a header"));
        let headers: Vec<_> =
            headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        let mut body = body.trim_end_matches('\n').to_owned();
        if headers.iter().any(|(_, value)| value.starts_with("multipart/")) && !body.is_empty() {
            body = body.replace('\n', "\r\n") + "\r\n";
        }
        Self { name, method: method.to_owned(), target: target.to_owned(), headers, body }
    }

    /// The value of the client's only header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The JSON text of a member of the client's body, which may be a form.
    pub fn member(&self, name: &str) -> Option<String> {
        match serde_json::from_str::<HashMap<String, Box<RawValue>>>(&self.body) {
            Ok(members) => members.get(name).map(|value| value.get().to_owned()),
            Err(_) => argument(&self.body, name).map(|value| serde_json::json!(value).to_string()),
        }
    }

    /// The value of the client's first argument of this name, both decoded.
    pub fn argument(&self, name: &str) -> Option<String> {
        argument(self.target.split_once('?')?.1, name)
    }

    /// The arguments that ask `explain` about this request at the gateway `host`.
    pub fn arguments(&self, host: &str) -> Vec<String> {
        let headers =
            self.headers.iter().flat_map(|(name, value)| ["-H".to_owned(), format!("{name}: {value}")]);
        let line =
            ["-X", &self.method, "-d", "@body", &format!("http://{host}{}", self.target)].map(str::to_owned);
        headers.chain(line).collect()
    }

    /// Sends it to the gateway `host`.
    pub fn send(&self, mut connection: &TcpStream, host: &str) -> std::io::Result<()> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if self.header("host").is_none() {
            head += &format!("host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        connection.write_all(format!("{head}\r\n{}", self.body).as_bytes())
    }
}

/// The value of the first argument of this name, both decoded.
fn argument(query: &str, name: &str) -> Option<String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let arguments = query.split('&').map(|argument| argument.split_once('=').unwrap_or((argument, "")));
    arguments
        .map(|(name, value)| (decoded(name), decoded(value)))
        .find(|(sent, _)| sent == name)
        .map(|(_, value)| value)
}
