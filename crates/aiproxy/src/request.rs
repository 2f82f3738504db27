//! The request that `explain` asks about, as typed: before anything is decided about it.

use base64::{Engine, prelude::BASE64_STANDARD};

/// One request as a client would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub url: Url,
    /// In order; names as typed.
    pub headers: Vec<(String, String)>,
    pub http2: bool,
    pub body: Payload,
}

/// What is known of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: steps that need it are skipped.
    Unknown,
    /// These bytes, perhaps none.
    Bytes(Vec<u8>),
}

/// A URL in the parts that a client makes a request of, each raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether the scheme is `https`.
    pub https: bool,
    /// `user:password`, which a client sends as a header.
    pub userinfo: Option<String>,
    /// Host and port as written.
    pub authority: String,
    /// Path and query, never empty.
    pub target: String,
}

/// The origin of a URL that starts with `/`: where Kong listens by default.
const DEFAULT_ORIGIN: &str = "http://localhost:8000";

impl Url {
    /// Takes `url` apart without a change to any part, but for the fragment, which no client sends.
    ///
    /// # Errors
    /// If the URL is neither http(s) nor starts with `/`, or has no host.
    pub fn parse(url: &str) -> Result<Self, String> {
        let whole = if url.starts_with('/') { format!("{DEFAULT_ORIGIN}{url}") } else { url.to_owned() };
        let (scheme, rest) = whole.split_once("://").ok_or_else(|| {
            format!("`{url}` is not a URL; write `http://HOST/PATH`, or a path that starts with `/`")
        })?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(format!("`{scheme}` URLs are not for a gateway; write `http://` or `https://`")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority),
        };
        if authority.is_empty() || authority.starts_with(':') {
            return Err(format!(
                "`{url}` has no host; write `http://HOST/PATH`, or a path that starts with `/`"
            ));
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        let url = Self { https, userinfo, authority: authority.to_owned(), target };
        url.explicit_port().map(|_| url)
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The port that the connection goes to.
    pub fn port(&self) -> u16 {
        let default = if self.https { 443 } else { 80 };
        self.explicit_port().ok().flatten().unwrap_or(default)
    }

    /// The host without port and brackets.
    pub fn host(&self) -> &str {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => host,
            _ => &self.authority,
        };
        host.trim_start_matches('[').trim_end_matches(']')
    }

    fn explicit_port(&self) -> Result<Option<u16>, String> {
        match self.authority.rsplit_once(':') {
            Some((_, port)) if !port.contains(']') && !port.is_empty() => {
                port.parse().map(Some).map_err(|_| format!("`{port}` is not a port; ports are 0 to 65535"))
            }
            _ => Ok(None),
        }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.target)
    }
}

impl Request {
    /// Adds a header unless one of the name is there.
    pub fn default_header(&mut self, name: &str, value: impl Into<String>) {
        if !self.headers.iter().any(|(present, _)| present.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.into()));
        }
    }

    /// Adds what every HTTP client derives from the URL: the host, and credentials written there.
    pub fn with_url_headers(mut self) -> Self {
        let authority = self.url.authority.clone();
        self.default_header("host", authority);
        if let Some(userinfo) = self.url.userinfo.clone() {
            self.default_header("authorization", basic(&userinfo));
        }
        self
    }
}

/// The `Authorization` value for `user:password`.
pub fn basic(userinfo: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(userinfo))
}

/// A header as typed after `-H`: `name: value`.
///
/// # Errors
/// If there is no name, or a server could not take the header (RFC 9110 §5.1, §5.5).
pub fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) = line
        .split_once(':')
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("`{line}` is not a header; write `name: value`"))?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !name.chars().all(is_token) {
        return Err(format!("no header can be called `{name}`"));
    }
    if value.chars().any(|c| c.is_ascii_control() && c != '\t') {
        return Err(format!("the value of `{name}` has control characters, which no header can carry"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A field of a `multipart/form-data` body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    name: String,
    value: String,
    file: Option<String>,
}

/// Separates the fields; fixed, so that the same command gives the same request.
const BOUNDARY: &str = "------------------------aiproxy-explain";

impl Field {
    /// A field as typed after `-F`: `name=value`, or `name=@file`, of which only the file's name is
    /// taken: no decision depends on what is in an attachment.
    ///
    /// # Errors
    /// If there is no `=`.
    pub fn parse(field: &str) -> Result<Self, String> {
        let Some((name, value)) = field.split_once('=') else {
            return Err(format!("`{field}` is not a form field; write `name=value`"));
        };
        let (value, file) = match value.strip_prefix('@') {
            Some(file) => {
                (String::new(), Some(file.split(';').next().unwrap_or(file).trim_matches('"').to_owned()))
            }
            None => (value.to_owned(), None),
        };
        Ok(Self { name: name.to_owned(), value, file })
    }

    /// A field whose value is taken as it is.
    pub fn text(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), file: None }
    }
}

/// The body and content type of a form.
pub fn multipart(fields: &[Field]) -> (Vec<u8>, String) {
    let mut body = String::new();
    for Field { name, value, file } in fields {
        let quoted = |text: &str| text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let attachment = file.as_ref().map_or(String::new(), |file| {
            format!("; filename=\"{}\"\r\nContent-Type: application/octet-stream", quoted(file))
        });
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{attachment}\r\n\r\n{value}\r\n",
            quoted(name)
        ));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    (body.into_bytes(), format!("multipart/form-data; boundary={BOUNDARY}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_not_changed() {
        let url = Url::parse("HTTPS://u:p@[::1]:8443?q=%2e#f").unwrap();
        assert_eq!((url.https, url.host(), url.port()), (true, "::1", 8443));
        assert_eq!((url.authority.as_str(), url.target.as_str()), ("[::1]:8443", "/?q=%2e"));
        assert_eq!(url.userinfo.as_deref(), Some("u:p"));
        let url = Url::parse("//a/../b c").unwrap();
        assert_eq!(url.to_string(), "http://localhost:8000//a/../b c");
        assert_eq!(Url::parse("http://a.test").unwrap().port(), 80);
    }

    #[test]
    fn what_is_no_url_is_answered_with_what_to_write() {
        for (url, part) in [
            ("gpt-4/chat", "starts with `/`"),
            ("ftp://a/b", "write `http://` or `https://`"),
            ("http:///a", "no host"),
            ("http://a:99999/", "not a port"),
        ] {
            assert!(Url::parse(url).unwrap_err().contains(part), "{url}");
        }
    }

    #[test]
    fn headers_are_such_as_a_server_takes() {
        assert_eq!(header("X-A:\tb\tc "), Ok(("X-A".to_owned(), "b\tc".to_owned())));
        for (line, part) in [
            ("nothing", "write `name: value`"),
            (": a", "write `name: value`"),
            ("a b: c", "called `a b`"),
            ("x: a\r\ny: b", "value of `x` has control characters"),
        ] {
            assert!(header(line).unwrap_err().contains(part), "{line:?}");
        }
    }

    #[test]
    fn a_form_names_its_attachments() {
        let fields = [
            Field::parse("model=whisper-2").unwrap(),
            Field::parse("file=@\"me.m4a\";type=audio/mp4").unwrap(),
        ];
        let (body, content_type) = multipart(&fields);
        insta::assert_snapshot!(format!(
            "{content_type}\n\n{}",
            String::from_utf8(body).unwrap().replace('\r', "")
        ));
    }
}
