use proptest::prelude::*;

use super::*;

/// What a reader with small limits makes of a connection whose bytes come in pieces: the ends of the
/// heads and bodies that it passed on, and why it stopped, if it did.
fn read(pieces: &[&[u8]]) -> (Vec<(bool, usize)>, Option<Step>) {
    let mut framing = Framing::new(60, 3);
    let (mut held, mut at, mut ends) = (Vec::new(), 0, Vec::<(bool, usize)>::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            let step = framing.step(&held);
            match step {
                Step::More => break,
                Step::Refuse(_) => return (ends, Some(step)),
                Step::Break(_) => {
                    // How much of a broken body passes before the break is seen is up to the pieces.
                    ends.pop_if(|(is_body, _)| *is_body);
                    return (ends, Some(step));
                }
                Step::Skip(_) | Step::Head(_) | Step::Body(_) => {}
            }
            let passed = if let Step::Skip(length) = step { length } else { step.passed() };
            held.drain(..passed);
            at += passed;
            match (&step, ends.last_mut()) {
                (Step::Body(_), Some((true, end))) if *end == at - passed => *end = at,
                (Step::Body(_), _) => ends.push((true, at)),
                (Step::Head(_), _) => ends.push((false, at)),
                _ => {}
            }
        }
    }
    (ends, None)
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

/// Parts that make up connections, good and bad.
fn connection() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "POST / HTTP/1.1\r\n",
        "G / HTTP/1.0\r\n",
        "Content-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\n",
        "A: b\r\n",
        "\r\n",
        "\r\n",
        "\r\n",
        "2\r\nab\r\n",
        "1;x\r\na\r\n",
        "0\r\n",
        "abcd",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
        "\n",
        " ",
        "\0",
    ]);
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn pieces_do_not_matter(bytes in connection(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        prop_assert_eq!(read(&pieces(&bytes, &cuts)), read(&[&bytes]));
        let single: Vec<_> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single), read(&[&bytes]));
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let single: Vec<_> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single), read(&[&bytes]));
    }

    /// The rule is the plan's, so that `explain` knows it too; what passes it has to pass hyper.
    #[test]
    fn targets_that_pass_can_be_carried(rest in prop::collection::vec(any::<u8>(), 0..6), query in any::<bool>()) {
        let target = [&b"/"[..], if query { b"?" } else { b"" }, &rest].concat();
        let carried = hyper::Uri::try_from(&target[..]).is_ok() && !target.contains(&b'#');
        prop_assert_eq!(config_core::plan::request::check_target(&target).is_ok(), carried);
    }
}

#[test]
fn messages_end_where_they_say() {
    let connection = b"\r\nPOST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcdG / HTTP/1.0\r\n\r\n\
        POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\n\r\n0\r\n0\r\nA: b\r\n\r\nG / HTTP/1.1\r\nA: b";
    let ends = vec![(false, 40), (true, 44), (false, 60), (false, 107), (true, 128)];
    assert_eq!(read(&[connection]), (ends, None));
}

#[test]
fn a_head_has_its_limits() {
    let refusal = |bytes: &str| match read(&[bytes.as_bytes()]) {
        (_, Some(Step::Refuse(rejection))) => Some(rejection.status),
        _ => None,
    };
    let head = |length: usize| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(length - 23));
    assert_eq!(refusal(&head(60)), None);
    assert_eq!(refusal(&head(61)), Some(431));
    assert_eq!(refusal(&head(61)[..60]), Some(431));
    assert_eq!(refusal(&format!("GET /{}", "a".repeat(54))), None);
    assert_eq!(refusal(&format!("GET /{}", "a".repeat(55))), Some(414));
    assert_eq!(refusal("GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\n\r\n"), None);
    assert_eq!(refusal("GET / HTTP/1.1\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n"), Some(431));
}
