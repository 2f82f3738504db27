//! The content of a message: a text, or a list of parts.

use std::borrow::Cow;

use super::{Place, RequestError};

/// What a message says, part by part.
#[derive(Debug, Clone, Default)]
pub struct Content<'a> {
    /// The parts in order. No text of them is empty.
    pub parts: Vec<Part<'a>>,
}

/// A part of a message.
#[derive(Debug, Clone)]
pub enum Part<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A picture.
    Image(Image<'a>),
}

/// A picture.
#[derive(Debug, Clone)]
pub struct Image<'a> {
    /// The picture itself, or where it is.
    pub source: ImageSource<'a>,
    /// The media type of a link, if the client names it: Google's member `mime_type`.
    pub media_type: Option<Cow<'a, str>>,
    /// How closely to look: `auto`, `low` or `high`.
    pub detail: Option<Cow<'a, str>>,
    /// Where it stands in the request: `messages[0].content[1].image_url`.
    pub place: Place,
}

/// A picture itself, or where it is.
#[derive(Debug, Clone)]
pub enum ImageSource<'a> {
    /// The picture, from a data URL.
    Data {
        /// Its media type in lower case, without parameters; `image/jpg` is `image/jpeg`.
        media_type: Cow<'a, str>,
        /// Its bytes in base64, checked to be made of that alphabet.
        base64: Cow<'a, str>,
    },
    /// A URL of another kind.
    Link(Cow<'a, str>),
}

impl<'a> Content<'a> {
    /// The texts joined without anything between them, as OpenAI reads parts.
    pub fn text(&self) -> Cow<'_, str> {
        match &*self.parts {
            [] => Cow::Borrowed(""),
            [Part::Text(text)] => Cow::Borrowed(text),
            parts => parts.iter().filter_map(Part::as_text).collect::<String>().into(),
        }
    }

    /// The text of a message that has to be without pictures.
    ///
    /// # Errors
    /// If it has one; `why` says what to send in its place.
    pub fn text_alone(&self, why: &str) -> Result<Cow<'_, str>, RequestError> {
        match self.images().next() {
            Some(image) => Err(image.refused(why)),
            None => Ok(self.text()),
        }
    }

    /// The parts without blank texts, for providers that refuse them.
    pub fn parts_that_say(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(|part| !part.as_text().is_some_and(is_blank))
    }

    /// The pictures.
    pub fn images(&self) -> impl Iterator<Item = &Image<'a>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Image(image) => Some(image),
            Part::Text(_) => None,
        })
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Part<'_> {
    /// The text of a part that is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Part::Text(text) => Some(text),
            Part::Image(_) => None,
        }
    }
}

impl Image<'_> {
    /// An error about this picture.
    pub fn refused(&self, why: &str) -> RequestError {
        RequestError::new("messages", format!("{}: {why}", self.place))
    }
}

impl<'a> ImageSource<'a> {
    /// Reads a URL (RFC 2397 for data URLs); says what is wrong with a data URL that cannot be taken.
    pub(super) fn parse(url: Cow<'a, str>) -> Result<Self, &'static str> {
        if !url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            return Ok(ImageSource::Link(url));
        }
        let (head, base64): (Cow<'a, str>, Cow<'a, str>) = match url {
            Cow::Borrowed(url) => {
                let (head, data) = url[5..].split_once(',').ok_or(NO_COMMA)?;
                (head.into(), data.into())
            }
            Cow::Owned(url) => {
                let (head, data) = url[5..].split_once(',').ok_or(NO_COMMA)?;
                (head.to_owned().into(), data.to_owned().into())
            }
        };
        let mut parameters = head.split(';');
        let media_type = parameters.next().unwrap_or_default().trim().to_ascii_lowercase();
        if !parameters.next_back().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64")) {
            return Err("the data URL is not in base64");
        }
        let is_subtype = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        if !media_type.strip_prefix("image/").is_some_and(|it| !it.is_empty() && it.chars().all(is_subtype)) {
            return Err("the data URL does not name an image's media type, such as `image/png`");
        }
        let media_type = if media_type == "image/jpg" { "image/jpeg".to_owned() } else { media_type };
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        if base64.is_empty() || !base64.bytes().all(is_base64) {
            return Err("the data URL holds what is not base64");
        }
        Ok(ImageSource::Data { media_type: media_type.into(), base64 })
    }
}

/// Whether a text is white space alone.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

const NO_COMMA: &str = "the data URL has no comma before its data";
