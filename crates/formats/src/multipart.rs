//! `multipart/form-data`, read while it arrives and in little memory. Strict, because an upstream that
//! reads a body differently than the gateway could be told something that the gateway did not check:
//! whatever known readers disagree on is refused.

mod part;
mod scanner;

pub use part::Part;
pub use scanner::{Event, MAX_HEAD, MAX_PARTS, Scanner};

use part::parameters;

/// Why a body has no readable parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The content type names no usable boundary.
    #[error("the content type has no boundary, or one that readers may differ on")]
    NoBoundary,
    /// Something else stands where the boundary has to.
    #[error("the multipart body is not framed by its boundary")]
    Framing,
    /// The boundary stands where no part ends.
    #[error("a part of the multipart body contains the boundary")]
    BoundaryInPart,
    /// The body is cut short.
    #[error("the multipart body ends before its last boundary")]
    Truncated,
    /// There is more than the frame.
    #[error("the multipart body goes on after its last boundary")]
    Trailing,
    /// A part's head is unreadable, or readers differ on it.
    #[error("a part of the multipart body has {0}")]
    Head(&'static str),
    /// A part's head is longer than [`MAX_HEAD`].
    #[error("a part of the multipart body has a head of more than {MAX_HEAD} bytes")]
    HeadTooLong,
    /// There are more parts than [`MAX_PARTS`].
    #[error("the multipart body has more than {MAX_PARTS} parts")]
    TooManyParts,
    /// A value is longer than wanted.
    #[error("a field of the multipart body is longer than it can be")]
    ValueTooLong,
}

/// The boundary in a `multipart/form-data` content type.
pub fn boundary(content_type: &str) -> Result<&str, MultipartError> {
    let (_, parameters) = parameters(content_type).ok_or(MultipartError::NoBoundary)?;
    let named = |(name, _): &&(&str, &str)| {
        name.get(.."boundary".len()).is_some_and(|start| start.eq_ignore_ascii_case("boundary"))
    };
    let mut boundaries = parameters.iter().filter(named);
    match (boundaries.next(), boundaries.next()) {
        (Some((name, boundary)), None) if name.len() == "boundary".len() && is_boundary(boundary) => {
            Ok(boundary)
        }
        _ => Err(MultipartError::NoBoundary),
    }
}

/// RFC 2046's characters and length; a blank cannot be the last.
fn is_boundary(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=70).contains(&text.len()) && text.bytes().all(is_character) && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;b.wav\"\r\n\
        Content-Type: audio/wav\r\n\r\n\x00\xff\r\n--b\r\n\r\n--b1\r\ncontent-disposition: form-data; name=model\r\n\r\n\
        whisper-2\r\n--b1--\r\n";

    /// A field's name, and its value if it is no file's.
    type Field = (String, Option<Vec<u8>>);

    /// What a body's fields are, read in chunks that end where `cuts` say; values of more than `limit`
    /// bytes are refused.
    fn read(body: &[u8], boundary: &str, limit: usize, cuts: &[usize]) -> Result<Vec<Field>, MultipartError> {
        let mut scanner = Scanner::new(boundary);
        let mut fields = Vec::new();
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        ends.extend([0, body.len()]);
        ends.sort_unstable();
        for chunk in ends.windows(2).map(|ends| &body[ends[0]..ends[1]]) {
            let mut chunk = chunk;
            while let Some(event) = scanner.next(&mut chunk)? {
                match event {
                    Event::Part(part) => {
                        if !part.is_file {
                            scanner.keep(limit);
                        }
                        fields.push((part.name, None));
                    }
                    Event::Value(value) => {
                        fields.last_mut().expect("a value follows its part").1 = Some(value)
                    }
                }
            }
        }
        scanner.finish().map(|()| fields)
    }

    fn refusal(body: &str) -> String {
        read(body.as_bytes(), "b", 8, &[]).map_or_else(|error| error.to_string(), |it| format!("{it:?}"))
    }

    #[test]
    fn fields_and_files_are_told_apart() {
        assert_eq!(
            read(BODY, "b1", 9, &[]),
            Ok(vec![("file".to_owned(), None), ("model".to_owned(), Some(b"whisper-2".to_vec()))])
        );
        assert_eq!(read(b"", "b", 0, &[]), Ok(vec![]));
        for end in ["", "\r\n", "\r\n\r\n"] {
            assert_eq!(read(format!("--b--{end}").as_bytes(), "b", 0, &[]), Ok(vec![]));
        }
    }

    #[test]
    fn the_boundary_may_be_quoted() {
        assert_eq!(boundary("multipart/form-data; charset=x; boundary=\"a b\""), Ok("a b"));
        assert_eq!(boundary("multipart/form-data;Boundary=--=_a.1; x=y"), Ok("--=_a.1"));
        for none in [
            "",
            "; boundary=",
            "; boundary=a; boundary=b",
            "; boundary*0=a",
            "; boundary=\"a ",
            "; boundary=a b",
            "; boundary=\"\\a\"",
            "; boundary=a, text/plain",
        ] {
            assert_eq!(
                boundary(&format!("multipart/form-data{none}")),
                Err(MultipartError::NoBoundary),
                "{none}"
            );
        }
    }

    #[test]
    fn what_readers_could_disagree_on_is_refused() {
        let part = |head: &str, content: &str| format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--\r\n");
        const NAMED: &str = "Content-Disposition: form-data; name=a";
        assert_eq!(refusal(&part(NAMED, "x")), r#"[("a", Some([120]))]"#);
        let framing = [
            "x--b--".to_owned(),
            "\r\n--b--".to_owned(),
            "preamble\r\n--b--".to_owned(),
            "--b".to_owned(),
            "--b-".to_owned(),
            "--b--\r".to_owned(),
            "--b--\n".to_owned(),
            "--b--\r\n\r\n\r\n".to_owned(),
            "--b--\r\n\r".to_owned(),
            "--b-- ".to_owned(),
            "--b \r\n".to_owned(),
            format!("--b\n{NAMED}\n\nx\n--b--"),
            format!("--b\r\n{NAMED}\r\n\r\nx"),
            format!("--b\r\n{NAMED}\r\n\r\nx\r\n--b\r\n"),
            format!("--b\r\n{NAMED}\r\n\r\n--b--"),
            part(NAMED, "x\n--b"),
            part(NAMED, "x\r--b"),
            part(NAMED, "x--b"),
            part(NAMED, "x\r\n--bx"),
            part(NAMED, "123456789"),
        ];
        let heads = [
            "",
            "\r\nContent-Disposition: form-data; name=a",
            "Content-Disposition",
            "Content-Disposition: attachment; name=a",
            "Content-Disposition: form-data",
            "Content-Disposition: form-data; name=a; name=model",
            "Content-Disposition: form-data; name*=utf-8''model; name=a",
            "Content-Disposition: form-data; name*0=mo; name*1=del",
            "Content-Disposition: form-data; name=\"mo\\del\"",
            "Content-Disposition: form-data; name=\"=?utf-8?q?model?=\"",
            "Content-Disposition: form-data; name='model'",
            "Content-Disposition: form-data; name=mo del",
            "Content-Disposition: form-data; name=\"a\" model",
            "Content-Disposition: form-data; filename=\"x\\\"; name=\"model\"",
            "Content-Disposition: form-data; name=\"a",
            "Content-Disposition: form-data; name",
            "Content-Disposition : form-data; name=a",
            "Content-Disposition: form-data;\r\n name=a",
            "Content-Disposition: form-data; name=\"a\nb\"",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=model",
            "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64",
            "Content-Disposition: form-data; name=a\r\nContent-Encoding: gzip",
            "Content-Disposition: form-data; name=a\r\nContent-Type: multipart/mixed; boundary=c",
        ];
        let mut said = String::new();
        for body in framing.into_iter().chain(heads.map(|head| part(head, "x"))) {
            said += &format!("{body:?}\n  {}\n", refusal(&body));
        }
        insta::assert_snapshot!(said);
    }

    #[test]
    fn memory_has_bounds() {
        let head = |name: usize| {
            format!("--b\r\nContent-Disposition: form-data; name={}\r\n\r\n\r\n--b--", "a".repeat(name))
        };
        assert!(read(head(MAX_HEAD - 60).as_bytes(), "b", 0, &[]).is_ok());
        assert_eq!(read(head(MAX_HEAD).as_bytes(), "b", 0, &[]), Err(MultipartError::HeadTooLong));
        let part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
        let parts = |count: usize| part.repeat(count) + "--b--";
        assert_eq!(read(parts(MAX_PARTS).as_bytes(), "b", 0, &[]).map(|fields| fields.len()), Ok(MAX_PARTS));
        assert_eq!(read(parts(MAX_PARTS + 1).as_bytes(), "b", 0, &[]), Err(MultipartError::TooManyParts));
    }

    /// Bodies that are nearly well-formed, of pieces that are likely to be cut and misread.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let piece = proptest::sample::select(vec![
            &b"--b1"[..],
            b"\r\n--b1\r\n",
            b"\r\n--b1--",
            b"--",
            b"\r\n",
            b"\r",
            b"\n",
            b"-",
            b"b1",
            b"x",
            b"12345678",
            b"Content-Disposition: form-data; name=a\r\n\r\n",
            b"Content-Disposition: form-data; name=model; filename=x\r\n\r\n",
        ]);
        let noise = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
        let edited = (0..BODY.len(), any::<u8>(), 0..=BODY.len()).prop_map(|(at, byte, end)| {
            let mut body = BODY.to_vec();
            body[at] = byte;
            body.truncate(end.max(1));
            body
        });
        prop_oneof![
            noise.clone().prop_map(|noise| [
                &b"--b1\r\nContent-Disposition: form-data; name=a\r\n\r\n"[..],
                &noise,
                b"\r\n--b1--"
            ]
            .concat()),
            noise,
            edited,
            Just(BODY.to_vec()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn how_a_body_is_cut_does_not_matter(
            body in body(),
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
            limit in 0..12usize,
        ) {
            let whole = read(&body, "b1", limit, &[]);
            prop_assert_eq!(&read(&body, "b1", limit, &cuts), &whole);
            let bytes: Vec<_> = (0..body.len()).collect();
            prop_assert_eq!(&read(&body, "b1", limit, &bytes), &whole);
        }

        #[test]
        fn what_is_written_is_read(
            fields in proptest::collection::vec(("[a-z]{1,4}", any::<bool>(), proptest::collection::vec(proptest::sample::select(b"\r\n-bx".to_vec()), 0..20)), 0..5),
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
        ) {
            let mut body = Vec::new();
            for (name, is_file, content) in &fields {
                let file = if *is_file { "; filename=\"f\"" } else { "" };
                body.extend_from_slice(format!("--b1\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes());
                body.extend_from_slice(content);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"--b1--\r\n");
            let written: Vec<_> = fields.into_iter().map(|(name, is_file, content)| (name, (!is_file).then_some(content))).collect();
            prop_assert_eq!(read(&body, "b1", 20, &cuts), Ok(written));
        }
    }
}
