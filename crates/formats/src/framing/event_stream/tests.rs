use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What was visited, and how it ended.
type Read = (Vec<(Kind<'static>, String)>, Result<(), FramingError>);

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut messages = Messages::default();
    let mut frames = Vec::new();
    let mut visit = |frame: &Frame<'_>| {
        let kind = match &frame.kind {
            Kind::Unnamed => Kind::Unnamed,
            Kind::Event(name) => Kind::Event(name.clone().into_owned().into()),
            Kind::Exception(name) => Kind::Exception(name.clone().into_owned().into()),
        };
        frames.push((kind, frame.data.clone().into_owned()));
    };
    let pushed = pieces.into_iter().try_for_each(|piece| messages.push(piece, &mut visit));
    let ended = pushed.and_then(|()| messages.finish());
    (frames, ended)
}

fn event(name: &str, data: &str) -> (Kind<'static>, String) {
    (Kind::Event(name.to_owned().into()), data.to_owned())
}

fn exception(name: &str, data: &str) -> (Kind<'static>, String) {
    (Kind::Exception(name.to_owned().into()), data.to_owned())
}

/// A header of any type, as it is encoded.
fn header(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    let mut header = vec![u8::try_from(name.len()).unwrap()];
    header.extend_from_slice(name.as_bytes());
    header.push(kind);
    if matches!(kind, 6 | 7) {
        header.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
    }
    [header, value.to_vec()].concat()
}

/// A message of encoded headers, with right checksums and these lengths.
fn message(total: usize, headers_length: usize, headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let lengths = [total, headers_length].map(|length| u32::try_from(length).unwrap().to_be_bytes());
    let mut message = lengths.concat();
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

fn whole(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    message(AROUND + headers.len() + payload.len(), headers.len(), headers, payload)
}

/// A message whose checksums come from outside this repository.
#[test]
fn the_known_message() {
    let known = concat!(
        "0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d",
        "747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273",
        "746f70526561736f6e223a22656e645f7475726e227d5fbf09fc",
    );
    let known: Vec<u8> =
        (0..known.len()).step_by(2).map(|at| u8::from_str_radix(&known[at..at + 2], 16).unwrap()).collect();
    let json = r#"{"stopReason":"end_turn"}"#;
    assert_eq!(encode_event("messageStop", json), known);
    assert_eq!(read([&*known]), (vec![event("messageStop", json)], Ok(())));
}

#[test]
fn messages_are_events_exceptions_or_errors() {
    let error = encode(
        &[(MESSAGE_TYPE, "error"), (ERROR_CODE, "InternalError"), (ERROR_MESSAGE, "say \"again\"")],
        b"",
    );
    let stream = [
        encode_event("messageStart", "{}"),
        encode(&[(MESSAGE_TYPE, "event")], b"an event without a type"),
        encode(&[(MESSAGE_TYPE, "news"), (EVENT_TYPE, "x")], b"{}"),
        encode(&[(EVENT_TYPE, "x")], b"{}"),
        encode(&[], b""),
        encode(&[(MESSAGE_TYPE, "event"), (EVENT_TYPE, "binary")], b"\xff"),
        encode_exception("throttlingException", r#"{"message":"slow down"}"#),
        error,
        encode(&[(MESSAGE_TYPE, "exception")], b"{}"),
        encode(&[(MESSAGE_TYPE, "error")], b"{}"),
    ];
    let expected = vec![
        event("messageStart", "{}"),
        event("binary", "\u{fffd}"),
        exception("throttlingException", r#"{"message":"slow down"}"#),
        exception("InternalError", r#"{"message":"say \"again\""}"#),
        exception("", "{}"),
        exception("", r#"{"message":""}"#),
    ];
    assert_eq!(read([&*stream.concat()]), (expected, Ok(())));
}

#[test]
fn headers_of_other_types_are_skipped() {
    let headers = [
        header("true", 0, b""),
        header("false", 1, b""),
        header("byte", 2, &[1]),
        header("short", 3, &[1; 2]),
        header("integer", 4, &[1; 4]),
        header("long", 5, &[1; 8]),
        header("bytes", 6, b"\xff:message-type"),
        header("time", 8, &[1; 8]),
        header("uuid", 9, &[1; 16]),
        header("\u{e4}", 7, "\u{e4}".as_bytes()),
        header("", 7, b""),
        header(MESSAGE_TYPE, 7, b"event"),
        header(EVENT_TYPE, 7, b"e"),
    ];
    assert_eq!(read([&*whole(&headers.concat(), b"1")]), (vec![event("e", "1")], Ok(())));
    // What is said in another type is not said.
    let bytes = [header(MESSAGE_TYPE, 6, b"event"), header(EVENT_TYPE, 7, b"e")].concat();
    assert_eq!(read([&*whole(&bytes, b"1")]), (vec![], Ok(())));
}

#[test]
fn broken_streams_end_with_what_is_wrong() {
    let broken = |bytes: &[u8]| read([bytes]).1.unwrap_err().to_string();
    let headers = header(MESSAGE_TYPE, 7, b"event");
    let at_end = |cut: usize| whole(&headers[..headers.len() - cut], b"");
    for headers in
        [at_end(1), at_end(6), at_end(8), at_end(9), whole(&header("a", 10, b""), b""), whole(&[3], b"")]
    {
        assert_eq!(broken(&headers), "the upstream's stream is broken: a message's headers cannot be read");
    }
    for (total, headers) in [(0, 0), (15, 0), (16, 1), (100, 90), (20, u32::MAX as usize)] {
        let message = message(total, headers, b"", b"");
        assert_eq!(broken(&message), "the upstream's stream is broken: a message is shorter than its parts");
    }
    for (headers, payload) in [(MAX_HEADERS + 1, 0), (0, MAX_PAYLOAD + 1), (MAX_HEADERS, MAX_PAYLOAD + 1)] {
        let message = message(AROUND + headers + payload, headers, b"", b"");
        assert_eq!(
            broken(&message),
            "the upstream's stream is broken: a message is longer than messages may be"
        );
    }
    let sound = encode_event("e", "{}");
    assert_eq!(broken(&sound[..sound.len() - 1]), CUT.to_string());
    assert_eq!(broken(&sound[..5]), CUT.to_string());
    // An answer in another format than it says.
    assert_eq!(
        broken(b"data: {\"a\":1}\n\n"),
        "the upstream's stream is broken: a message's checksum is wrong"
    );
}

#[test]
fn the_longest_message_is_read_and_memory_follows_what_came() {
    let headers = [header(MESSAGE_TYPE, 7, b"event"), header(EVENT_TYPE, 7, b"e")].concat();
    let payload = vec![b'x'; MAX_PAYLOAD];
    let longest = whole(&headers, &payload);
    assert_eq!(read(longest.chunks(1 << 20)).0.len(), 1);
    let mut announced = Messages::default();
    announced.push(&longest[..PRELUDE + 1], &mut |_| ()).unwrap();
    assert!(announced.held.capacity() < 100);
}

fn headers() -> impl Strategy<Value = Vec<(u8, String, Vec<u8>)>> {
    let fixed = |kind: u8, length: usize| vec(any::<u8>(), length).prop_map(move |value| (kind, value));
    let value = prop_oneof![
        fixed(0, 0),
        fixed(1, 0),
        fixed(2, 1),
        fixed(3, 2),
        fixed(4, 4),
        fixed(5, 8),
        vec(any::<u8>(), 0..40).prop_map(|value| (6, value)),
        ".{0,12}".prop_map(|value| (7, value.into_bytes())),
        fixed(8, 8),
        fixed(9, 16),
    ];
    vec(("[a-z:-]{0,12}", value).prop_map(|(name, (kind, value))| (kind, name, value)), 0..6)
}

/// A stream of events with other headers around, and what it says.
fn streams() -> impl Strategy<Value = (Vec<u8>, Vec<(Kind<'static>, String)>)> {
    let message = (headers(), "[a-zA-Z]{0,8}", ".{0,30}").prop_map(|(others, name, payload)| {
        let mut headers = Vec::new();
        headers.extend(header(EVENT_TYPE, 7, name.as_bytes()));
        others.iter().for_each(|(kind, name, value)| headers.extend(header(name, *kind, value)));
        headers.extend(header(MESSAGE_TYPE, 7, b"event"));
        (whole(&headers, payload.as_bytes()), event(&name, &payload))
    });
    vec(message, 1..5).prop_map(|messages| {
        let (bytes, frames): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        (bytes.concat(), frames)
    })
}

proptest! {
    #[test]
    fn cuts_do_not_matter((bytes, frames) in streams(), cuts in vec(any::<Index>(), 0..8)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        prop_assert_eq!(read(cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]])), (frames.clone(), Ok(())));
        prop_assert_eq!(read(bytes.chunks(1)), (frames, Ok(())));
    }

    #[test]
    fn what_is_encoded_is_read(
        is_event: bool,
        name in ".{0,20}",
        payload in ".{0,200}",
        others in vec(("[a-z]{0,12}", ".{0,20}"), 0..4),
    ) {
        let named = if is_event { [EVENT_TYPE, "event"] } else { [EXCEPTION_TYPE, "exception"] };
        let mut headers = vec![(named[0], &*name), (MESSAGE_TYPE, named[1])];
        headers.extend(others.iter().map(|(name, value)| (&**name, &**value)));
        let expected = if is_event { event(&name, &payload) } else { exception(&name, &payload) };
        prop_assert_eq!(read([&*encode(&headers, payload.as_bytes())]), (vec![expected], Ok(())));
    }

    #[test]
    fn changed_bits_are_noticed((bytes, frames) in streams(), at: Index, bit in 0..8u8) {
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= 1 << bit;
        let (read, ended) = read([&*changed]);
        prop_assert!(ended.is_err());
        prop_assert!(frames.starts_with(&read));
    }

    #[test]
    fn random_bytes_are_survived(pieces in vec(vec(any::<u8>(), 0..40), 0..8), headers in vec(any::<u8>(), 0..60)) {
        let mut messages = Messages::default();
        let came: usize = pieces.iter().map(Vec::len).sum();
        let _ = pieces.iter().try_for_each(|piece| messages.push(piece, &mut |_| ()));
        prop_assert!(messages.held.capacity() <= 2 * came + PRELUDE);
        // Random headers in a message that is sound otherwise.
        let _ = read([&*whole(&headers, b"{}")]);
    }
}
