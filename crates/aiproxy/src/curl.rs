//! A pasted curl command line, read as curl reads it: the request that curl would send, with its
//! defaults.

mod quotes;

use std::{fs, io};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    files,
    request::{self, Field, Payload, Request, basic},
};

/// Reads the file that an argument names with `@`; a parameter, so that tests need no files.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> io::Result<Vec<u8>>;

/// Reads a file from disk, or standard input if the path is `-`.
pub fn from_disk(path: &str) -> io::Result<Vec<u8>> {
    if path == "-" { files::read_stdin() } else { fs::read(path) }
}

/// What an option does to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Agent,
    Bearer,
    Compressed,
    Cookie,
    Data(Data),
    Form,
    FormText,
    Get,
    Head,
    Header,
    Http2,
    /// Has no value and no influence on the request.
    Idle,
    /// Has a value and no influence on the request.
    IdleValue,
    Json,
    Method,
    PathAsIs,
    Referer,
    Upload,
    Url,
    User,
}

/// How `-d` and its kin take their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    /// `@file` without its line breaks.
    Text,
    /// `@file` as it is.
    Binary,
    /// No `@`.
    Raw,
    /// Percent-encoded, by one of five forms.
    Encoded,
}

use Meaning::*;

const OPTIONS: &[(&str, Option<char>, Meaning)] = &[
    ("basic", None, Idle),
    ("cacert", None, IdleValue),
    ("cert", Some('E'), IdleValue),
    ("compressed", None, Compressed),
    ("connect-timeout", None, IdleValue),
    ("cookie", Some('b'), Cookie),
    ("cookie-jar", Some('c'), IdleValue),
    ("data", Some('d'), Data(self::Data::Text)),
    ("data-ascii", None, Data(self::Data::Text)),
    ("data-binary", None, Data(self::Data::Binary)),
    ("data-raw", None, Data(self::Data::Raw)),
    ("data-urlencode", None, Data(self::Data::Encoded)),
    ("dump-header", Some('D'), IdleValue),
    ("fail", Some('f'), Idle),
    ("fail-with-body", None, Idle),
    ("form", Some('F'), Form),
    ("form-string", None, FormText),
    ("get", Some('G'), Get),
    ("globoff", Some('g'), Idle),
    ("head", Some('I'), Head),
    ("header", Some('H'), Header),
    ("http1.0", Some('0'), Idle),
    ("http1.1", None, Idle),
    ("http2", None, Idle),
    ("http2-prior-knowledge", None, Http2),
    ("include", Some('i'), Idle),
    ("insecure", Some('k'), Idle),
    ("ipv4", Some('4'), Idle),
    ("ipv6", Some('6'), Idle),
    ("json", None, Json),
    ("key", None, IdleValue),
    ("location", Some('L'), Idle),
    ("location-trusted", None, Idle),
    ("max-time", Some('m'), IdleValue),
    ("no-buffer", Some('N'), Idle),
    ("no-progress-meter", None, Idle),
    ("oauth2-bearer", None, Bearer),
    ("output", Some('o'), IdleValue),
    ("path-as-is", None, PathAsIs),
    ("progress-bar", Some('#'), Idle),
    ("proxy", Some('x'), IdleValue),
    ("referer", Some('e'), Referer),
    ("remote-name", Some('O'), Idle),
    ("request", Some('X'), Method),
    ("resolve", None, IdleValue),
    ("retry", None, IdleValue),
    ("show-error", Some('S'), Idle),
    ("silent", Some('s'), Idle),
    ("upload-file", Some('T'), Upload),
    ("url", None, Url),
    ("user", Some('u'), User),
    ("user-agent", Some('A'), Agent),
    ("verbose", Some('v'), Idle),
    ("write-out", Some('w'), IdleValue),
];

/// The request that the command `words` sends. One word is a whole command line, split as a shell
/// does (without expanding variables).
///
/// # Errors
/// What is wrong with the command line, in words for the person who pasted it.
pub fn parse(words: &[String], read: ReadFile<'_>) -> Result<Request, String> {
    let split;
    let words = match words {
        [line] => {
            // A pasted command may still have the breaks that its shell would have joined.
            split = shlex::split(&quotes::plain(&line.replace("\\\n", " ").replace("\\\r\n", " ")))
                .ok_or("the curl command has a quote that is not closed")?;
            &split
        }
        words => words,
    };
    match words.split_first() {
        Some((name, words)) if name == "curl" => {
            let mut command = Curl::default();
            command.read(words, read)?;
            command.request()
        }
        _ => Err("what follows `--` is to be a curl command: `-- curl …`".to_owned()),
    }
}

/// What the options have said so far.
#[derive(Default)]
struct Curl {
    url: Option<String>,
    method: Option<String>,
    /// As typed.
    headers: Vec<String>,
    defaults: Vec<(&'static str, String)>,
    data: Option<Vec<u8>>,
    json: bool,
    form: Vec<Field>,
    get: bool,
    head: bool,
    upload: bool,
    http2: bool,
    path_as_is: bool,
}

impl Curl {
    fn read(&mut self, words: &[String], read: ReadFile<'_>) -> Result<(), String> {
        let mut words = words.iter();
        let mut only_urls = false;
        while let Some(word) = words.next() {
            if only_urls || word == "-" || !word.starts_with('-') {
                self.set(Url, word, read)?;
            } else if word == "--" {
                only_urls = true;
            } else if let Some(long) = word.strip_prefix("--") {
                let meaning = meaning(word, |(name, ..)| *name == long)?;
                let value = if takes_value(meaning) { value_of(word, words.next())? } else { "" };
                self.set(meaning, value, read)?;
            } else {
                self.read_short(word, &mut words, read)?;
            }
        }
        Ok(())
    }

    /// `-sSXPOST`: letters without a value, and then perhaps one whose value is the rest or the next
    /// word.
    fn read_short<'w>(
        &mut self,
        word: &'w str,
        words: &mut impl Iterator<Item = &'w String>,
        read: ReadFile<'_>,
    ) -> Result<(), String> {
        let mut letters = word[1..].chars();
        while let Some(letter) = letters.next() {
            let meaning = meaning(&format!("-{letter}"), |(_, short, _)| *short == Some(letter))?;
            if !takes_value(meaning) {
                self.set(meaning, "", read)?;
                continue;
            }
            let rest = letters.as_str();
            let value = if rest.is_empty() { value_of(&format!("-{letter}"), words.next())? } else { rest };
            return self.set(meaning, value, read);
        }
        Ok(())
    }

    fn set(&mut self, meaning: Meaning, value: &str, read: ReadFile<'_>) -> Result<(), String> {
        match meaning {
            Agent => self.defaults.push(("user-agent", value.to_owned())),
            Bearer => self.defaults.push(("authorization", format!("Bearer {value}"))),
            Compressed => self.defaults.push(("accept-encoding", "deflate, gzip, br, zstd".to_owned())),
            Cookie => self.defaults.push(("cookie", value.to_owned())),
            Data(kind) => {
                let data = data(kind, value, read)?;
                self.add_data(&data, b"&");
            }
            Form => self.form.push(Field::parse(value)?),
            FormText => {
                let (name, text) = value.split_once('=').unwrap_or((value, ""));
                self.form.push(Field::text(name, text));
            }
            Get => self.get = true,
            Head => self.head = true,
            Header => self.headers.push(value.to_owned()),
            Http2 => self.http2 = true,
            Idle | IdleValue => {}
            Json => {
                self.json = true;
                let data = data(self::Data::Binary, value, read)?;
                self.add_data(&data, b"");
            }
            Method => self.method = Some(value.to_owned()),
            PathAsIs => self.path_as_is = true,
            Referer => self.defaults.push(("referer", value.to_owned())),
            Upload => {
                self.upload = true;
                self.data = Some(file(value, read)?);
            }
            Url => {
                if let Some(before) = self.url.replace(value.to_owned()) {
                    return Err(format!("one request at a time; the command has `{before}` and `{value}`"));
                }
            }
            User => self.defaults.push(("authorization", basic(value))),
        }
        Ok(())
    }

    fn add_data(&mut self, data: &[u8], separator: &[u8]) {
        match &mut self.data {
            Some(before) => {
                before.extend_from_slice(separator);
                before.extend_from_slice(data);
            }
            None => self.data = Some(data.to_vec()),
        }
    }

    fn request(self) -> Result<Request, String> {
        let url = self.url.as_deref().ok_or("the curl command has no URL")?;
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let mut url = request::Url::parse(&url)?;
        if !self.path_as_is {
            url.target = without_dot_segments(&url.target);
        }
        let mut data = self.data;
        if self.get
            && let Some(query) = data.take()
        {
            let separator = if url.target.contains('?') { '&' } else { '?' };
            url.target = format!("{}{separator}{}", url.target, String::from_utf8_lossy(&query));
        }
        let method = match &self.method {
            Some(method) => method.clone(),
            None if self.head => "HEAD".to_owned(),
            None if self.upload => "PUT".to_owned(),
            None if data.is_some() || !self.form.is_empty() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let (body, content_type) = if !self.form.is_empty() {
            let (body, content_type) = request::multipart(&self.form);
            (body, Some(content_type))
        } else {
            let form =
                (data.is_some() && !self.upload).then(|| "application/x-www-form-urlencoded".to_owned());
            (data.unwrap_or_default(), if self.json { Some("application/json".to_owned()) } else { form })
        };
        // A header without a value takes curl's own away; `name;` sends it empty.
        let mut removed = Vec::new();
        let mut headers = Vec::new();
        for line in &self.headers {
            match line.strip_suffix(';') {
                Some(name) if !name.contains(':') => headers.push((name.to_owned(), String::new())),
                _ => match request::header(line)? {
                    (name, value) if value.is_empty() => removed.push(name),
                    header => headers.push(header),
                },
            }
        }
        let mut request = Request { method, url, headers, http2: self.http2, body: Payload::Bytes(body) };
        let own = self.defaults.into_iter().chain(content_type.map(|value| ("content-type", value))).chain([
            ("user-agent", "curl".to_owned()),
            ("accept", if self.json { "application/json" } else { "*/*" }.to_owned()),
        ]);
        for (name, value) in own {
            if !removed.iter().any(|removed| removed.eq_ignore_ascii_case(name)) {
                request.default_header(name, value);
            }
        }
        Ok(request.with_url_headers())
    }
}

fn meaning(
    word: &str,
    is_meant: impl Fn(&&(&'static str, Option<char>, Meaning)) -> bool,
) -> Result<Meaning, String> {
    let option = OPTIONS.iter().find(is_meant);
    option.map(|(.., meaning)| *meaning).ok_or_else(|| {
        format!("the curl option `{word}` is not known here; leave it out if it does not change the request")
    })
}

fn takes_value(meaning: Meaning) -> bool {
    !matches!(meaning, Compressed | Get | Head | Http2 | Idle | PathAsIs)
}

fn value_of<'w>(option: &str, word: Option<&'w String>) -> Result<&'w str, String> {
    word.map(String::as_str).ok_or_else(|| format!("the curl option `{option}` needs a value"))
}

fn data(kind: Data, value: &str, read: ReadFile<'_>) -> Result<Vec<u8>, String> {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encode = |bytes: &[u8]| utf8_percent_encode(&String::from_utf8_lossy(bytes), ENCODED).to_string();
    match (kind, value.strip_prefix('@')) {
        (self::Data::Text, Some(path)) => {
            let mut bytes = file(path, read)?;
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            Ok(bytes)
        }
        (self::Data::Binary, Some(path)) => file(path, read),
        (self::Data::Encoded, _) => {
            let (name, content) = match value.find(['=', '@']) {
                Some(at) if value[at..].starts_with('@') => (&value[..at], file(&value[at + 1..], read)?),
                Some(at) => (&value[..at], value.as_bytes()[at + 1..].to_vec()),
                None => ("", value.as_bytes().to_vec()),
            };
            let equals = if name.is_empty() { "" } else { "=" };
            Ok(format!("{name}{equals}{}", encode(&content)).into_bytes())
        }
        _ => Ok(value.as_bytes().to_vec()),
    }
}

fn file(path: &str, read: ReadFile<'_>) -> Result<Vec<u8>, String> {
    read(path).map_err(|error| format!("cannot read `{path}`, which the request is to contain: {error}"))
}

/// curl sends `/b` for `/a/../b`; what follows `?` stays.
fn without_dot_segments(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<_> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> io::Result<Vec<u8>> {
        match path {
            "request.json" => Ok(b"{\n  \"a\": 1\n}\n".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn show(line: &str) -> String {
        let Request { method, url, headers, http2, body } = match parse(&[line.to_owned()], &read) {
            Ok(request) => request,
            Err(error) => return format!("$ {line}\n! {error}\n"),
        };
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let Payload::Bytes(body) = body else { unreachable!("curl always knows the body") };
        let version = if http2 { " HTTP/2" } else { "" };
        format!("$ {line}\n{method} {url}{version}\n{headers}\n{}\n", String::from_utf8_lossy(&body))
    }

    #[test]
    fn a_command_is_read_as_curl_reads_it() {
        let lines = [
            "curl localhost:8000",
            "curl http://localhost:8000/1/chat/completions -H 'x-test: a' -H \"x-model-name: gpt-4o\" -d @request.json",
            "curl --location 'http://localhost:8000/openai/v1/audio/transcriptions' \\\n --form 'model=whisper-2' \\\n --form 'file=@\"me.m4a\"'",
            "curl -sSLk -XPUT -d a=1 -d b=2 http://a.test/a/./b/../c/..?x=/../y",
            "curl --path-as-is http://a.test/a/../b",
            "curl -G http://a.test/a?z -d b=1 --data-urlencode 'q=x-y z&'",
            "curl --json '{\"a\":1}' https://u:p@a.test/x#y",
            "curl --data-binary @request.json -H 'Content-Type: application/json' -H 'Accept:' -H 'X-Empty;' a.test",
            "curl --data-raw @raw a.test --compressed --http2-prior-knowledge -A me -u user:pass -b c=1",
            "curl -I a.test",
        ];
        insta::assert_snapshot!(lines.map(show).join("\n"));
    }

    #[test]
    fn what_curl_would_not_do_is_refused_by_name() {
        let lines = [
            "wget a.test",
            "curl",
            "curl a.test b.test",
            "curl --frobnicate a.test",
            "curl -sZ a.test",
            "curl a.test -H",
            "curl a.test -H nothing",
            "curl a.test -d @missing",
            "curl 'a.test",
        ];
        insta::assert_snapshot!(lines.map(show).join("\n"));
    }

    #[test]
    fn words_are_taken_as_the_shell_left_them() {
        let words = ["curl", "a.test", "-d", "it's"].map(str::to_owned);
        assert_eq!(parse(&words, &read).unwrap().body, Payload::Bytes(b"it's".to_vec()));
    }
}
