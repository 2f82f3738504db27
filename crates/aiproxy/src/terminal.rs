//! What the output may look like where it is going to be read.

use std::{borrow::Cow, io};

use anstyle::{AnsiColor, Style};
use config_core::{diagnostic::Severity, rules::Rule};

use crate::cli::Color;

/// Colours and width of standard output.
pub struct Terminal {
    /// Whether to write escape sequences.
    pub color: bool,
    /// Columns to wrap prose at.
    pub width: usize,
}

/// Prose is wrapped here when standard output is no terminal, and never later than this.
const WIDTH: usize = 100;

impl Terminal {
    /// Looks at standard output, `NO_COLOR` and the like unless `color` decides.
    pub fn new(color: Color) -> Self {
        Self::of(&io::stdout(), color)
    }

    /// The same for standard error.
    pub fn stderr(color: Color) -> Self {
        Self::of(&io::stderr(), color)
    }

    fn of(stream: &impl anstream::stream::RawStream, color: Color) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        };
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
        Self { color, width: width.clamp(40, WIDTH) }
    }

    /// `text` as the word "error" looks.
    pub fn error(&self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// `text` as the word "warning" looks.
    pub fn warning(&self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default().bold(), text)
    }

    /// `severity[rule]`, in the colour of the severity.
    pub fn code(&self, severity: Severity, rule: Rule) -> String {
        let color = match severity {
            Severity::Error => AnsiColor::Red,
            Severity::Warning => AnsiColor::Yellow,
            Severity::Info => AnsiColor::Cyan,
        };
        self.paint(color.on_default().bold(), &format!("{}[{}]", severity.as_str(), rule.id()))
    }

    /// `text` as headings look.
    pub fn strong(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// `text` as asides look.
    pub fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// `text` as what stands for a secret looks.
    pub fn secret(&self, text: &str) -> String {
        self.paint(AnsiColor::Magenta.on_default(), text)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// `text` without characters that would drive the terminal instead of being read: controls but
/// line breaks and tabs, and the marks that reorder or break text. Each is replaced by something visible of
/// the same length in bytes, so that spans stay true.
pub fn printable(text: &str) -> Cow<'_, str> {
    let substitute = |c: char| match c {
        '\n' | '\t' => None,
        '\0'..='\x1f' | '\x7f' => Some('?'),
        '\u{80}'..='\u{9f}' => Some('¿'),
        '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => Some(char::REPLACEMENT_CHARACTER),
        _ => None,
    };
    if text.chars().any(|c| substitute(c).is_some()) {
        Cow::Owned(text.chars().map(|c| substitute(c).unwrap_or(c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_would_drive_the_terminal_is_shown_instead() {
        let text = "a\x1b[31m\u{85}b\u{202e}c\td\n";
        assert_eq!(printable(text), "a?[31m¿b\u{fffd}c\td\n");
        assert_eq!(printable(text).len(), text.len());
    }
}
