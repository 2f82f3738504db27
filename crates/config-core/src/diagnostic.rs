//! What a finding is. Findings are data: wording and spans are settled here and in the rules,
//! looks in the front ends.

use std::borrow::Cow;

use crate::plan::request::{RequestHead, Scheme};
use crate::{rules::Rule, source::Span, syntax::Place};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Works, but probably not as meant, or not everywhere.
    Warning,
    /// Would fail, or be unsafe, at run time.
    Error,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding: a rule broken at a place.
///
/// Messages are lower-case, without a full stop, with user text in backticks, the fact first; the
/// help says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that was broken.
    pub rule: Rule,
    /// The rule's default severity, unless the rule raised it or the caller changed it.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The smallest range that explains the finding, and the value it belongs to.
    pub place: Place,
    /// Further ranges that matter, such as the definition that is missed.
    pub related: Vec<Related>,
    /// A request that shows the finding.
    pub witness: Option<Witness>,
    /// An edit that mends it.
    pub fix: Option<Fix>,
}

/// A second range of a finding, in the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What is to be seen there.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A concrete request that shows what a finding says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// The server name of the TLS handshake; `None` over plain HTTP, and for an address.
    pub sni: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Request target: path and query.
    pub path: String,
    /// Header names and values. The host is among them where it is another than the URL's.
    pub headers: Vec<(String, String)>,
    /// The consumer whose key the client has, by a name of it; `None` where no key is asked for, and
    /// where the file has no consumers.
    pub consumer: Option<String>,
}

/// Whether a fix may be applied without a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Cannot change what the file means to aiproxy.
    Safe,
    /// May change behaviour.
    Unsafe,
}

/// A textual mend for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What applying it does, as an imperative.
    pub title: String,
    /// Whether it needs a look.
    pub safety: Safety,
    /// Replacements, in file order, not overlapping.
    pub edits: Vec<Edit>,
}

/// One replacement of source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The text to replace; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

impl Witness {
    /// Where the request goes: from the `/` on if that is where the gateway listens by default.
    pub fn url(&self) -> Cow<'_, str> {
        match self.scheme {
            Scheme::Http => Cow::Borrowed(&self.path),
            Scheme::Https => Cow::Owned(format!("https://{}{}", self.authority(), self.path)),
        }
    }

    /// Gives the head that a gateway sees to `use_it`.
    pub fn with_head<T>(&self, use_it: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push((b"host", self.authority().as_bytes()));
        }
        use_it(&RequestHead {
            scheme: self.scheme,
            http2: false,
            method: self.method.as_bytes(),
            target: self.path.as_bytes(),
            headers: &headers,
            port: match self.scheme {
                Scheme::Http => 8000,
                Scheme::Https => 443,
            },
            sni: self.sni.as_deref().map(str::as_bytes),
        })
    }

    /// The host that the client connects to, and names unless a header does.
    fn authority(&self) -> &str {
        match self.scheme {
            Scheme::Http => "localhost:8000",
            // No client sends an address as a server name.
            Scheme::Https => self.sni.as_deref().unwrap_or("127.0.0.1"),
        }
    }
}

impl Diagnostic {
    /// A finding of `rule` at `place`, with the rule's default severity.
    pub fn new(rule: Rule, place: Place, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            message: message.into(),
            help: None,
            place,
            related: Vec::new(),
            witness: None,
            fix: None,
        }
    }

    /// Adds what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second range.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), span });
        self
    }

    /// Replaces the rule's default severity.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds a request that shows the finding.
    pub fn witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// Adds an edit that mends it.
    pub fn fix(mut self, fix: Fix) -> Self {
        debug_assert!(self.rule.fixable(), "`Rule::fixable` is to name {}", self.rule.id());
        self.fix = Some(fix);
        self
    }
}
