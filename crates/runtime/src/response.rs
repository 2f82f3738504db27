//! The answer to a client.
use config_core::plan::prepare::Decision;
use hyper::Response;

use crate::Body;
use crate::gateway::Exchange;
use crate::refusal::Refusal;

pub(crate) fn refused(refusal: &Refusal, _exchange: Exchange) -> Response<Body> {
    refusal.response()
}

pub(crate) async fn answer(
    answer: Response<Body>,
    _decision: &Decision,
    _exchange: Exchange,
) -> Response<Body> {
    answer
}
