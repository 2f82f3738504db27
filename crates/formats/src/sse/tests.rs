use proptest::prelude::*;

use super::*;

/// The values of the `data` fields of the events that a client's program sees, by the letter of the HTML
/// standard: the whole text is turned into lines first.
fn dispatched(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream));
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut data) = (Vec::new(), String::new());
    // What follows the last line end is an unfinished line.
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if line.is_empty() {
            events.extend(std::mem::take(&mut data).strip_suffix('\n').map(str::to_owned));
        } else if field == "data" {
            data.push_str(value.strip_prefix(' ').unwrap_or(value));
            data.push('\n');
        }
    }
    events.retain(|data| !data.is_empty());
    events
}

/// What comes out of a splitter for chunks of the given lengths: the batches and the rest.
fn split(stream: &[u8], lengths: &[usize]) -> (Vec<Bytes>, Bytes) {
    let mut splitter = Splitter::new();
    let mut stream = Bytes::copy_from_slice(stream);
    let mut batches = Vec::new();
    for length in lengths {
        let chunk = stream.split_to((*length).min(stream.len()));
        batches.push(splitter.push(chunk).unwrap());
    }
    batches.push(splitter.push(stream).unwrap());
    (batches, splitter.finish())
}

fn data(batches: &[Bytes]) -> Vec<String> {
    let data = batches.iter().flat_map(|batch| events(batch).map(|event| event.data.into_owned()));
    data.filter(|data| !data.is_empty()).collect()
}

#[test]
fn an_event_is_released_with_the_last_byte_that_it_needs() {
    for (event, after) in [
        ("data: a\n\n", ""),
        ("data: a\r\r", ""),
        ("data: a\r\n\r", "\n"),
        ("data: a\r\n\n", ""),
        ("data: a\n\r", "\n"),
    ] {
        let mut splitter = Splitter::new();
        let (almost, last) = event.split_at(event.len() - 1);
        assert_eq!(splitter.push(almost.into()).unwrap(), "", "{event:?}");
        assert_eq!(splitter.push(last.into()).unwrap(), event);
        assert_eq!(
            splitter.push(format!("{after}data: b\n\n").into()).unwrap(),
            format!("{after}data: b\n\n")
        );
        assert_eq!(splitter.finish(), "");
    }
}

#[test]
fn whole_events_are_not_copied() {
    let mut splitter = Splitter::new();
    let chunk = Bytes::from_static(b"data: 1\n\ndata: 2\n\ndata: 3");
    let batch = splitter.push(chunk.clone()).unwrap();
    assert_eq!((batch.as_ptr(), batch.len()), (chunk.as_ptr(), 18));
    assert_eq!(splitter.finish(), "data: 3");
}

#[test]
fn fields_are_read_as_the_standard_has_them() {
    let batch = Bytes::from_static(
        b"\n: hi\nevent: x\ndata:a\ndata:  b\ndata\ndatas: c\n data: d\nid: 7\n\n:ping\n\ndata: e\r\n\r\n\r\ndata: f",
    );
    let read: Vec<_> = events(&batch).map(|event| (event.bytes, event.data)).collect();
    let expected: [(&str, &str); 4] = [
        ("\n: hi\nevent: x\ndata:a\ndata:  b\ndata\ndatas: c\n data: d\nid: 7\n\n", "a\n b\n"),
        (":ping\n\n", ""),
        ("data: e\r\n\r\n", "e"),
        ("\r\ndata: f", "f"),
    ];
    assert_eq!(read.len(), expected.len());
    for ((bytes, data), (expected_bytes, expected_data)) in read.iter().zip(expected) {
        assert_eq!((&**bytes, &**data), (expected_bytes.as_bytes(), expected_data));
    }
}

#[test]
fn an_event_longer_than_the_limit_is_an_error() {
    let mut splitter = Splitter::with_limit(8);
    assert_eq!(splitter.push("data: 0123456789\n\ndata: ab".into()).unwrap(), "data: 0123456789\n\n");
    assert_eq!(splitter.push("c".into()), Err(EventTooLong { limit: 8 }));
    assert_eq!(splitter.finish(), "");
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b"\n"[..]),
        4 => Just(&b"\r"[..]),
        4 => Just(&b"\r\n"[..]),
        3 => Just(&b"data: a"[..]),
        2 => Just(&b"data:"[..]),
        1 => Just(&b"data"[..]),
        1 => Just(&b":ping"[..]),
        1 => Just(&b"id: 1"[..]),
        1 => Just(&b"\xef\xbb\xbf"[..]),
        1 => Just(&b"\xff"[..]),
        1 => Just("é ".as_bytes()),
    ];
    (any::<bool>(), proptest::collection::vec(piece, 0..40)).prop_map(|(mark, pieces)| {
        let mark: &[u8] = if mark { b"\xef\xbb\xbf" } else { b"" };
        [mark, &pieces.concat()].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_split_gives_the_events_of_the_standard_and_every_byte(
        stream in streams(),
        lengths in proptest::collection::vec(0usize..12, 0..40),
    ) {
        let (batches, rest) = split(&stream, &lengths);
        prop_assert_eq!(data(&batches), dispatched(&stream));
        let bytes = [&*batches.concat(), &*rest].concat();
        prop_assert_eq!(&bytes, stream.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&stream));
        for batch in &batches {
            prop_assert_eq!(events(batch).map(|event| event.bytes).collect::<Vec<_>>().concat(), &batch[..]);
        }
    }

    #[test]
    fn nothing_complete_is_ever_held(stream in streams(), chunk in 1usize..4) {
        let mut splitter = Splitter::new();
        let mut out = 0;
        for (at, piece) in stream.chunks(chunk).enumerate() {
            out += data(&[splitter.push(Bytes::copy_from_slice(piece)).unwrap()]).len();
            let seen = &stream[..stream.len().min((at + 1) * chunk)];
            prop_assert_eq!(out, dispatched(seen).len());
        }
    }
}
