//! A preserved body, checked while it passes.

use formats::multipart::{Event, MultipartError, Part, Scanner};

use super::body::first_said;
use super::checks::{Checked, Form, MAX_MODEL};
use crate::model::Provider;
use crate::plan::proxy::Proxy;
use crate::plan::rejection::Rejection;

/// Checks a body that is passed on while it arrives. It says the same of a body whatever the pieces, and
/// [`prepare`](super::prepare) says the same of a whole one. Memory is bounded: files are skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    form: Form,
    reading: Reading,
    /// The first refusal, which stands.
    refused: Option<Rejection>,
    /// Whose model the answer names, if it names one.
    names: Option<Provider>,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reading {
    /// Fields of a form; the one whose value comes next.
    Multipart(Box<Scanner>, Option<&'static str>),
    /// The first byte that tells JSON from other content.
    Start,
    /// Nothing.
    Opaque,
}

impl Inspection {
    /// An inspection of a form, or of content that is no form; of that only if it is `guarded`: if
    /// something is demanded of it that JSON could hide.
    pub(super) fn new(
        proxy: &Proxy,
        configured: Option<&str>,
        guarded: bool,
        form: Option<&Scanner>,
    ) -> Self {
        let reading = match form {
            Some(scanner) => Reading::Multipart(Box::new(scanner.clone()), None),
            None if guarded => Reading::Start,
            None => Reading::Opaque,
        };
        Self {
            form: Form::new(proxy.response_streaming, configured),
            reading,
            refused: None,
            names: proxy.model_name_header.then_some(proxy.provider),
        }
    }

    /// Looks at the next piece, before it is passed on. A refused piece must not be, nor any after it.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Rejection> {
        self.keep_refusal(|inspection| inspection.read(piece))
    }

    /// Says whether the body may end here.
    pub fn finish(&mut self) -> Result<(), Rejection> {
        self.keep_refusal(|inspection| match &inspection.reading {
            Reading::Multipart(scanner, _) => scanner.finish().map_err(unreadable),
            Reading::Start | Reading::Opaque => Ok(()),
        })
    }

    /// The model that is asked: the configured one, or the one that the form has named by now.
    pub fn model(&self) -> Option<&str> {
        self.form.model.as_deref()
    }

    /// Whether the form has asked for a stream by now.
    pub fn stream(&self) -> bool {
        self.form.stream
    }

    /// The value of the answer's `X-Kong-LLM-Model`, as far as it is known by now.
    pub fn response_model_header(&self) -> Option<String> {
        Some(format!("{}/{}", self.names?, self.model()?))
    }

    /// What is settled by now.
    pub(super) fn checked(&self) -> Checked {
        Checked { model: self.form.model.clone(), stream: self.form.stream }
    }

    fn keep_refusal(
        &mut self,
        check: impl FnOnce(&mut Self) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        let refused = match self.refused.take() {
            Some(refused) => Some(refused),
            None => check(self).err(),
        };
        self.refused.clone_from(&refused);
        refused.map_or(Ok(()), Err)
    }

    fn read(&mut self, mut piece: &[u8]) -> Result<(), Rejection> {
        match &mut self.reading {
            Reading::Multipart(scanner, field) => {
                while let Some(event) = scanner.next(&mut piece).map_err(unreadable)? {
                    match event {
                        Event::Part(part) => {
                            *field = decisive(&mut self.form, &part)?;
                            if field.is_some() {
                                scanner.keep(MAX_MODEL);
                            }
                        }
                        Event::Value(value) => {
                            if let Some(name) = field.take() {
                                self.form.value(name, text(name, &value)?)?;
                            }
                        }
                    }
                }
            }
            Reading::Start => match first_said(piece) {
                Some(b'{') => return Err(disguised()),
                Some(_) => self.reading = Reading::Opaque,
                None => {}
            },
            Reading::Opaque => {}
        }
        Ok(())
    }
}

/// The field of a part, if it is one that decides what the gateway does.
fn decisive(form: &mut Form, part: &Part) -> Result<Option<&'static str>, Rejection> {
    let field = form.field(&part.name)?;
    match field {
        Some(name) if !part.is_plain => {
            let message = format!("the form's field `{name}` must be plain text, without a file name");
            Err(Rejection::bad_request(message).param(name))
        }
        // It says in which charset the other fields are.
        None if part.name == "_charset_" => Err(Rejection::bad_request("a form's charset must be UTF-8")),
        field => Ok(field),
    }
}

fn text<'a>(name: &'static str, value: &'a [u8]) -> Result<&'a str, Rejection> {
    std::str::from_utf8(value).map_err(|_| {
        Rejection::bad_request(format!("the form's field `{name}` is not valid UTF-8")).param(name)
    })
}

fn unreadable(error: MultipartError) -> Rejection {
    Rejection::bad_request(format!("request body cannot be read: {error}"))
}

/// Many servers read JSON whatever its content type.
fn disguised() -> Rejection {
    Rejection::bad_request(
        "request body begins like JSON, whose model can only be checked with content-type: application/json",
    )
}
