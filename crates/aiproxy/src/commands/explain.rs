//! `aiproxy explain`: reads the request and the configuration, asks the plan, prints its answer.

use std::path::Path;

use config_core::{
    check,
    plan::{Plan, obstacle::Obstacle},
    source::SourceFile,
    suggest,
};

use crate::{
    Answer, Failure, Verdict,
    cli::{Explain, ExplainFormat},
    curl,
    explanation::{self, Client, Explanation, Outcome},
    files,
    output::{FileReport, Report, human, plural, to_json},
    request::{self, Field, Payload, Request, Url},
    terminal::Terminal,
};

/// How many candidates are listed unless all are asked for.
const CANDIDATES: usize = 20;

/// Explains one request.
pub fn run(args: &Explain, terminal: &Terminal) -> Result<Answer, Failure> {
    let request = request(args)?;
    let source = files::read_one(&args.file, &args.stdin_filename)?;
    let compiled = match check::compile(&source) {
        Ok(compiled) => compiled,
        Err(checked) => return Ok(unparsable(source, checked, request, args, terminal)),
    };
    let errors = compiled.errors();
    let check::Compiled { mut plan, obstacles, .. } = compiled;
    for (provider, endpoint) in &args.upstream {
        plan.replace_endpoint(*provider, endpoint);
    }
    let variable = |name: &str| std::env::var(name).ok();
    let variables = args.resolve_secrets.then_some(&variable as explanation::Variables<'_>);
    let client = client(&plan, args)?;
    let mut explanation = explanation::explain(&plan, &request, client, variables);
    if !args.all {
        explanation.omit_candidates_after(CANDIDATES);
    }
    explanation.notes.extend(not_served(&source, errors));
    explanation.notes.extend(obstacles.iter().map(stops_serving));
    let verdict = verdict(&explanation);
    let text = match args.format {
        ExplainFormat::Human => explanation::human::render(&explanation, terminal, args.all),
        ExplainFormat::Json => to_json(&explanation),
    };
    Ok(Answer { verdict, ..Answer::good(text) })
}

fn verdict(explanation: &Explanation) -> Verdict {
    let unresolved = explanation.secrets.iter().flatten().any(|secret| !secret.resolved);
    match explanation.outcome {
        Outcome::Proxied if !unresolved => Verdict::Good,
        _ => Verdict::Wanting,
    }
}

/// What to say of a file with errors: the plan answers all the same, and no gateway should run it.
fn not_served(source: &SourceFile, errors: usize) -> Option<String> {
    (errors > 0).then(|| {
        let count = plural(errors, "error");
        format!(
            "the file has {count}, with which it is not served; `aiproxy lint {}` shows them",
            source.name()
        )
    })
}

/// What to say of a plugin with which the file is not served.
fn stops_serving(Obstacle { line, message, .. }: &Obstacle) -> String {
    format!("the file is not served (line {line}): {message}")
}

/// The consumer that is asked for, if one is.
fn client(plan: &Plan, args: &Explain) -> Result<Client, Failure> {
    let Some(name) = &args.consumer else { return Ok(Client::Keyed) };
    let Some(consumer) = plan.consumer_named(name) else {
        let mut message = format!("no consumer of `{}` is called `{name}`", plan.file());
        let known = plan.consumers().iter().filter_map(|consumer| consumer.username.as_deref());
        if let Some(near) = suggest::nearest(name, known) {
            message.push_str(&format!("; a similar one is `{near}`"));
        }
        return Err(Failure::Usage(message));
    };
    Ok(Client::Consumer(consumer))
}

/// No request can be answered by a file that cannot be parsed; why not is what lint says.
fn unparsable(
    source: SourceFile,
    checked: check::Checked,
    request: Request,
    args: &Explain,
    terminal: &Terminal,
) -> Answer {
    let check::Checked { diagnostics, credentials, .. } = checked;
    let text = match args.format {
        ExplainFormat::Json => {
            let reason = diagnostics.first().map(|finding| {
                let line = source.position(finding.place.span.range().start).line;
                format!("the file cannot be read ({}, line {line}): {}", finding.rule.id(), finding.message)
            });
            to_json(&Explanation::rejected(&request, 500, reason.unwrap_or_default()))
        }
        ExplainFormat::Human => {
            let file = FileReport { source: source.masked(&credentials), diagnostics, ignored: 0 };
            human::render(&Report { files: vec![file], complete: true }, terminal, true)
        }
    };
    Answer { verdict: Verdict::Wanting, ..Answer::good(text) }
}

/// The request that the arguments describe.
fn request(args: &Explain) -> Result<Request, Failure> {
    if !args.curl.is_empty() {
        return curl::parse(&args.curl, &curl::from_disk).map_err(Failure::Usage);
    }
    let url = Url::parse(args.url.as_deref().unwrap_or_default()).map_err(Failure::Usage)?;
    let headers = args.headers.iter().map(|line| request::header(line)).collect::<Result<_, _>>();
    let mut request = Request {
        method: args.method.clone(),
        url,
        headers: headers.map_err(Failure::Usage)?,
        http2: false,
        body: Payload::Unknown,
    };
    if let Some(data) = &args.data {
        request.body = Payload::Bytes(match data.strip_prefix('@') {
            Some("-") if args.file == Path::new("-") => {
                let message = "standard input can be the configuration or the body, not both";
                return Err(Failure::Usage(message.to_owned()));
            }
            Some(path) => {
                curl::from_disk(path).map_err(|cause| Failure::Unreadable { path: path.into(), cause })?
            }
            None => data.clone().into_bytes(),
        });
    }
    if !args.form.is_empty() {
        let fields = args.form.iter().map(|field| Field::parse(field)).collect::<Result<Vec<_>, _>>();
        let (body, content_type) = request::multipart(&fields.map_err(Failure::Usage)?);
        request.body = Payload::Bytes(body);
        request.default_header("content-type", content_type);
    }
    Ok(request.with_url_headers())
}
