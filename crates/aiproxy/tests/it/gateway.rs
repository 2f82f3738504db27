//! A running gateway, and the two sides that it stands between.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
};

use crate::run::{Aiproxy, Run};

/// A gateway that listens. Killed unless it is [stopped](Gateway::stop).
pub struct Gateway {
    pub clients: String,
    pub admin: String,
    child: Child,
    stderr: Receiver<String>,
    said: Vec<String>,
    stdout: JoinHandle<String>,
    _files: Aiproxy,
}

/// What came back: the head and the body as they were on the wire, chunks taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Gateway {
    /// Starts `command`, which is to say `serve …` without addresses, and waits until it listens.
    pub fn start(command: Aiproxy) -> Self {
        Self::start_before(command, |mut out| {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("output is UTF-8");
            text
        })
    }

    /// The same, with standard output closed at its other end.
    pub fn start_unread(command: Aiproxy) -> Self {
        Self::start_before(command, |out| {
            drop(out);
            String::new()
        })
    }

    fn start_before(command: Aiproxy, reader: impl FnOnce(ChildStdout) -> String + Send + 'static) -> Self {
        let command = command.arg("--listen=127.0.0.1:0").arg("--admin=127.0.0.1:0");
        let mut child = command.command().spawn().expect("the binary was built for this test");
        drop(child.stdin.take());
        let out = child.stdout.take().expect("it was piped");
        let stdout = thread::spawn(move || reader(out));
        let (lines, stderr) = channel();
        let err = BufReader::new(child.stderr.take().expect("it was piped"));
        thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let mut gateway = Self {
            clients: String::new(),
            admin: String::new(),
            child,
            stderr,
            said: Vec::new(),
            stdout,
            _files: command,
        };
        let ready = gateway.wait_for("listening on http://");
        let (clients, admin) = ready.split_once(" (admin http://").expect("the line names both addresses");
        gateway.clients = clients.trim_start_matches("listening on http://").to_owned();
        gateway.admin = admin.trim_end_matches(')').to_owned();
        gateway
    }

    /// The next line on standard error that contains `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let line = self.stderr.recv().unwrap_or_else(|_| panic!("no `{text}` in {:#?}", self.said));
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Tells the gateway to stop.
    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
    }

    /// Waits for the end, and keeps the files.
    pub fn wait_until_gone(&mut self) {
        self.child.wait().unwrap();
    }

    /// Waits for the end.
    pub fn end(mut self) -> Run {
        let status = self.child.wait().unwrap().code();
        self.said.extend(self.stderr.iter());
        let stderr = self.said.iter().map(|line| format!("{line}\n")).collect::<String>();
        let stderr = stderr.replace(&self.clients, "[clients]").replace(&self.admin, "[admin]");
        let stdout = std::mem::replace(&mut self.stdout, thread::spawn(String::new)).join().unwrap();
        Run { stdout, stderr, status }
    }

    /// Tells the gateway to stop and waits for the end.
    pub fn stop(self) -> Run {
        self.signal("TERM");
        self.end()
    }

    /// A chat that says hi.
    pub fn chat(&self, path: &str, headers: &str) -> Answer {
        self.post(path, headers, r#"{"messages":[{"role":"user","content":"hi"}]}"#)
    }

    pub fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        let headers = format!("{headers}content-length: {}\r\n", body.len());
        exchange(&self.clients, "POST", path, &headers, body)
    }

    pub fn get(&self, path: &str) -> Answer {
        exchange(&self.clients, "GET", path, "", "")
    }

    pub fn admin(&self, path: &str) -> Answer {
        exchange(&self.admin, "GET", path, "", "")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one request on a connection of its own, whose answer is still to be read.
pub fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all((head + body).as_bytes()).unwrap();
    stream
}

fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut text = String::new();
    send(address, method, path, headers, body).read_to_string(&mut text).unwrap();
    Answer::parse(&text)
}

impl Answer {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let body =
            if head.contains("transfer-encoding: chunked") { unchunked(body) } else { body.to_owned() };
        Self { status, head: head.to_owned(), body }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        text.push_str(&rest[..size.min(rest.len())]);
        body = rest.get(size + 2..).unwrap_or_default();
    }
    text
}

/// An upstream: hands every connection, whose request was read up to the end of its body, to `answer`.
pub fn upstream(answer: impl Fn(String, TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let request = read_request(&stream);
            answer(request, stream);
        }
    });
    address
}

fn read_request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}
