//! The body of an answer, from the upstream to the client.

mod rest;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use formats::error::ErrorObject;
use hyper::body::{Body as _, Frame, SizeHint};

use super::encoding::Decoder;
use super::flow::Flow;
use super::{Way, whole};
use crate::gateway::Exchange;
use crate::{Body, BoxError};

/// A body that passes as it comes and tells its exchange how it went. Dropping it drops what is left of
/// the upstream's, whose connection is closed then.
pub(super) struct Reply {
    /// What comes; none once it has ended.
    upstream: Option<Body>,
    decoder: Option<Decoder>,
    flow: Flow,
    exchange: Exchange,
}

type Next = Option<Result<Frame<Bytes>, BoxError>>;

impl Reply {
    /// `bodiless`: the answer's head is all that there is, as with HEAD.
    pub fn new(way: Way, exchange: Exchange, bodiless: bool) -> Self {
        let Way { body, decoder, flow } = way;
        let mut reply = Self { upstream: Some(body), decoder, flow, exchange };
        if bodiless || reply.is_end_stream() {
            reply.ended();
        }
        reply
    }

    /// What the client gets of what came.
    fn data(&mut self, data: Bytes) -> Next {
        match self.flow.data(data) {
            Ok(data) if data.is_empty() => None,
            Ok(data) => {
                self.exchange.gave(data.len());
                if self.flow.is_over() {
                    let failed = self.flow.failure().is_some();
                    if let Some(upstream) = self.upstream.take().filter(|_| !failed) {
                        rest::read(upstream);
                    }
                }
                // The end may not be asked for where the length is known.
                if self.is_end_stream() {
                    self.ended();
                }
                Some(Ok(Frame::data(data)))
            }
            Err(error) => self.failed(error, None),
        }
    }

    /// The answer is complete.
    fn ended(&mut self) {
        self.upstream = None;
        match self.flow.failure() {
            Some(error) => self.exchange.broke_off(error),
            None => self.exchange.ended(),
        }
    }

    /// The answer cannot be completed: the client is told, if there is a way, or gets no proper end.
    fn failed(&mut self, error: ErrorObject, cause: Option<BoxError>) -> Next {
        self.upstream = None;
        let end = self.flow.end(Some(&error));
        if !self.flow.tells_failures() {
            self.exchange.broke_off(&error.message);
            return Some(Err(cause.unwrap_or_else(|| error.message.into())));
        }
        if end.is_empty() {
            // The stream had said that it was over.
            self.exchange.ended();
            return None;
        }
        self.exchange.broke_off(&error.message);
        self.exchange.gave(end.len());
        Some(Ok(Frame::data(end)))
    }

    /// What the client gets after the last that came.
    fn end(&mut self) -> Next {
        let rest = match self.decoder.as_mut().map(Decoder::finish) {
            Some(Err(_)) => return self.failed(*whole::cut().error, None),
            Some(Ok(rest)) => rest,
            None => Bytes::new(),
        };
        let rest = if rest.is_empty() { Ok(rest) } else { self.flow.data(rest) };
        let rest = match rest {
            Ok(rest) => rest,
            Err(error) => return self.failed(error, None),
        };
        let end = self.flow.end(None);
        let last = if rest.is_empty() { end } else { [rest, end].concat().into() };
        self.exchange.gave(last.len());
        self.ended();
        (!last.is_empty()).then(|| Ok(Frame::data(last)))
    }
}

/// Whatever ended it, what was said by then counts.
impl Drop for Reply {
    fn drop(&mut self) {
        if self.exchange.recording().is_some() {
            self.exchange.said(self.flow.said());
        }
    }
}

impl hyper::body::Body for Reply {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        let this = &mut *self;
        loop {
            let Some(upstream) = &mut this.upstream else { return Poll::Ready(None) };
            if let Some(decoder) = &mut this.decoder {
                match decoder.decode() {
                    Ok(decoded) if decoded.is_empty() => {}
                    Ok(decoded) => match this.data(decoded) {
                        None => continue,
                        next => return Poll::Ready(next),
                    },
                    Err(_) => return Poll::Ready(this.failed(*whole::cut().error, None)),
                }
            }
            let Poll::Ready(frame) = Pin::new(upstream).poll_frame(cx) else { return Poll::Pending };
            let next = match frame {
                None => return Poll::Ready(this.end()),
                Some(Err(cause)) => {
                    let error = *whole::broken(&cause).error;
                    return Poll::Ready(this.failed(error, Some(cause)));
                }
                Some(Ok(frame)) => match (frame.into_data(), &mut this.decoder) {
                    // Trailers end here.
                    (Err(_), _) => None,
                    (Ok(data), Some(decoder)) => {
                        decoder.push(data);
                        None
                    }
                    (Ok(data), None) => this.data(data),
                },
            };
            if next.is_some() {
                return Poll::Ready(next);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.upstream {
            None => true,
            Some(upstream) => self.decoder.is_none() && self.flow.passes() && upstream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.upstream {
            None => SizeHint::with_exact(0),
            Some(upstream) if self.decoder.is_none() && self.flow.passes() => upstream.size_hint(),
            Some(_) => SizeHint::default(),
        }
    }
}
