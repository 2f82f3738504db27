//! Models of Bedrock that the region which is asked does not have.

use super::Upstream;
use crate::diagnostic::Diagnostic;
use crate::model::Provider;
use crate::rules::Rule;

/// What the ids of inference profiles begin with, and what the names of their regions do (AWS, "Geographic
/// cross-Region inference"). `global` is for all; of areas that are not here nothing is said.
const PROFILES: &[(&str, &str)] =
    &[("us", "us-"), ("us-gov", "us-gov-"), ("eu", "eu-"), ("apac", "ap-"), ("jp", "ap-"), ("au", "ap-")];

/// What the names of those regions begin with that surely belong to one area, and the area's profiles. From
/// others, such as `ca-central-1`, a neighbour's profiles can be asked.
const AREAS: &[(&str, &str)] = &[("us-gov-", "us-gov"), ("us-", "us"), ("eu-", "eu"), ("ap-", "apac")];

/// A model that is written for another region than the one that is asked.
pub(super) fn elsewhere(upstream: &Upstream) -> Option<Diagnostic> {
    if upstream.provider() != Provider::Bedrock {
        return None;
    }
    let name = upstream.config.model.given_name()?;
    let host = upstream.to.host.as_deref()?;
    let region = host.strip_prefix("bedrock-runtime.")?.strip_suffix(".amazonaws.com")?;
    let (message, help) = match name.strip_prefix("arn:") {
        Some(arn) => of_arn(arn, region)?,
        None => of_profile(name, region)?,
    };
    let place = upstream.document.place(name.node);
    Some(Diagnostic::new(Rule::UpstreamUrl, place, message).help(help))
}

/// `arn:aws:bedrock:REGION:…`: what it names is in that region alone.
fn of_arn(arn: &str, region: &str) -> Option<(String, String)> {
    let mut parts = arn.split(':').skip(1);
    let [service, written] = [parts.next()?, parts.next()?];
    if service != "bedrock" || written == region || written.is_empty() || written.contains("$(") {
        return None;
    }
    Some((
        format!("this resource is in `{written}`, and requests go to `{region}`, which does not find it"),
        format!("write `aws_region: {written}`, or the ARN of a resource in `{region}`"),
    ))
}

/// `eu.anthropic.…`: the profile is known in the regions of its area.
fn of_profile(name: &str, region: &str) -> Option<(String, String)> {
    let (area, model) = name.split_once('.')?;
    let (_, regions) = PROFILES.iter().find(|(prefix, _)| *prefix == area)?;
    if region.starts_with(regions) {
        return None;
    }
    let (_, here) = AREAS.iter().find(|(start, _)| region.starts_with(start))?;
    Some((
        format!("`{area}.…` is an inference profile for regions `{regions}…`, and requests go to `{region}`"),
        format!(
            "write a profile that `{region}` has, such as `{here}.{model}` or `global.{model}`, or another \
             `aws_region`"
        ),
    ))
}
