//! Pictures: in the request itself, or where Google finds them.

use std::borrow::Cow;

use serde::Serialize;

use super::Gemini;
use crate::chat::{Image, ImageSource, RequestError};

/// A picture as a part of a content.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum File<'a> {
    /// The picture itself.
    #[serde(rename_all = "camelCase")]
    InlineData {
        /// Its media type.
        mime_type: &'a str,
        /// Its bytes in base64.
        data: &'a str,
    },
    /// Where it is.
    #[serde(rename_all = "camelCase")]
    FileData {
        /// Its media type.
        mime_type: Cow<'a, str>,
        /// A URI of Cloud Storage or of the Files API; of Vertex AI, any link.
        file_uri: &'a str,
    },
}

/// Media types by the extension of a link (Gemini API, Image, Document and Video understanding).
const MEDIA_TYPES: [(&str, &str); 11] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("gif", "image/gif"),
    ("pdf", "application/pdf"),
    ("mp4", "video/mp4"),
    ("mov", "video/mov"),
    ("webm", "video/webm"),
];

/// Where the Files API has what was uploaded to it.
const FILES_API: &str = "https://generativelanguage.googleapis.com/";

/// A picture for this API.
///
/// # Errors
/// If the API does not fetch the link, or wants to be told a media type that cannot be known.
pub fn file<'a>(host: Gemini, image: &'a Image<'_>) -> Result<File<'a>, RequestError> {
    let link: &str = match &image.source {
        ImageSource::Data { media_type, base64 } => {
            return Ok(File::InlineData { mime_type: media_type, data: base64 });
        }
        ImageSource::Link(link) => link,
    };
    let starts = |scheme: &str| link.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    if !starts("gs://") && !starts(FILES_API) {
        if !starts("https://") && !starts("http://") {
            return Err(image.refused("must be a data URL, or begin with `https://` or `gs://`"));
        }
        if host == Gemini::Public {
            return Err(image.refused(
                "gemini fetches no links but those of its Files API and `gs://`; \
                 send the image itself as a data URL",
            ));
        }
    }
    let hinted = image.media_type.as_deref().map(Cow::Borrowed);
    let mime_type = hinted.or_else(|| by_extension(link).map(Cow::Borrowed)).ok_or_else(|| {
        image.refused(
            "the link does not end like a picture's, such as `.png`, and gemini has to be told what it is; \
             add its media type as `mime_type` beside `url`, or send a data URL",
        )
    })?;
    Ok(File::FileData { mime_type, file_uri: link })
}

fn by_extension(link: &str) -> Option<&'static str> {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    MEDIA_TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, kind)| *kind)
}
