//! What could be read in two ways is refused, and nothing after it is read at all.

use crate::support::{Running, answers, limits};

const CASES: &[(&str, &str)] = &[
    ("a request", "POST /a?b=%20c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
    ("empty lines before it", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
    (
        "two in a row",
        "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "chunks",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n0\r\nTrailer: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "both framings, length first",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "both framings, length last",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    ("two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    (
        "the same length twice",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    ),
    ("a list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na"),
    ("a length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na"),
    ("a hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na"),
    ("an empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
    (
        "a length beyond all bounds",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
    ),
    (
        "another encoding before",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "another encoding after",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ),
    ("chunked with a trick", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    (
        "two encodings",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    ("an encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a bare line feed", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
    ("bare line feeds only", "GET / HTTP/1.1\nHost: x\n\n"),
    ("a bare carriage return", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n"),
    ("a folded field", "GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n"),
    ("a blank before the colon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\n"),
    ("a blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    ("no name", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"),
    ("no colon", "GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n"),
    ("NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n"),
    ("NUL in a name", "GET / HTTP/1.1\r\nHost: x\r\nX\0: y\r\n\r\n"),
    ("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a fragment in the target", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("no version", "GET /\r\nHost: x\r\n\r\n"),
    ("another version", "GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
    ("a later version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
    ("no HTTP", "\0\0\0\0"),
    ("a bare line feed at first", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("TLS", "\x16\x03\x01\x02\0\x01\0\r\n"),
    (
        "a bad one after a good one",
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost : x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n",
    ),
    (
        "a chunk longer than its size",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    ),
    (
        "a chunk without a size",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\nab\r\n0\r\n\r\n",
    ),
    (
        "a chunk's size with a sign",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
    ),
    (
        "a chunk's size that overflows",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n",
    ),
    (
        "a line feed in an extension",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;\na\r\n0\r\n\r\n",
    ),
    (
        "a chunk's line that ends bare",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    ),
    (
        "a broken chunk nobody reads",
        "POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ),
];

#[tokio::test]
async fn every_doubt_is_a_refusal() {
    let running = Running::start(limits()).await;
    insta::assert_snapshot!(answers(&running, CASES).await);
    running.end().await;
}

/// An answer of hyper's own would have no error object.
#[tokio::test]
async fn every_byte_is_either_served_or_refused_with_a_reason() {
    let running = Running::start(limits()).await;
    for byte in 0..=u8::MAX {
        for (before, after) in [
            ("G", "T / HTTP/1.1\r\nHost: x\r\n"),
            ("GET /a", "b HTTP/1.1\r\nHost: x\r\n"),
            ("GET /?a", "b HTTP/1.1\r\nHost: x\r\n"),
            ("GET ", "/ HTTP/1.1\r\nHost: x\r\n"),
            ("GET http://x", "/ HTTP/1.1\r\nHost: x\r\n"),
            ("GET / HTTP/1.", "\r\nHost: x\r\n"),
            ("GET / HTTP/1.1\r\nHost: x", "y\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\r\nA", "b: c\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: b", "c\r\n"),
            ("GET / HTTP/1.1\r\nHost: x\r\n", "Content-Length: 0\r\n"),
            ("GET /unread HTTP/1.1\r\nHost: x\r\nContent-Length: ", "0\r\n"),
        ] {
            let request =
                [before.as_bytes(), &[byte], after.as_bytes(), b"Connection: close\r\n\r\n"].concat();
            let answer = running.answer(&request).await;
            let is_served = answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.0 200 ");
            let is_refused = answer.contains("{\"error\":");
            assert!(is_served || is_refused, "{:?}: {answer:?}", String::from_utf8_lossy(&request));
        }
    }
    running.end().await;
}
