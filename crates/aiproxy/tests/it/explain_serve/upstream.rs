//! An upstream that records every request and gives each the same answer.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use super::message::Message;

/// Listens on a free loopback port as long as the process lives.
pub struct Upstream {
    pub address: SocketAddr,
    requests: Receiver<Message>,
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(&connection.unwrap(), &sender));
            }
        });
        Self { address, requests }
    }

    /// Every whole request since the last call. A request is there before its answer is.
    pub fn received(&self) -> Vec<Message> {
        self.requests.try_iter().collect()
    }
}

/// Until the gateway closes the connection, whichever way.
fn serve(mut connection: &TcpStream, sender: &Sender<Message>) {
    let mut reader = BufReader::new(connection);
    while let Ok(Some(request)) = Message::read(&mut reader, false) {
        let streams = request.header("accept-encoding") == Some("identity");
        let (kind, body) = match streams {
            true => ("text/event-stream", "data: [DONE]\n\n"),
            false => ("application/json", r#"{"choices":[{"index":0,"message":{"content":"Hi"}}]}"#),
        };
        let _ = sender.send(request);
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}");
        if connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
