//! What can be typed, and its documentation. Values are checked here one by one; what they mean
//! together is the commands' business.

mod levels;
mod serve;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use config_core::{model::Provider, plan::upstream::Endpoint, rules::Rule, sdk::Origin, suggest};

pub use levels::Levels;
pub use serve::{AccessLogTarget, Serve};

/// Lint, explain and serve declarative AI-gateway routes.
#[derive(Debug, Parser)]
#[command(name = "aiproxy", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 900)]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Lint(Lint),
    Explain(Explain),
    Sdk(Sdk),
    Serve(Serve),
    Rules(Rules),
    Schema(Schema),
    Completions(Completions),
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Check configuration files
///
/// Exits with 0 if no finding reaches --fail-on, with 1 if one does, and with 2 if an input cannot
/// be read, there is nothing to check or the command line is wrong.
#[derive(Debug, Args)]
pub struct Lint {
    /// Files; directories, searched for gateway configuration (*.yaml, *.yml, *.json; what
    /// .gitignore excludes is left out); or `-` for standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// What to call standard input in findings
    #[arg(long, value_name = "NAME", default_value = "<stdin>", hide_default_value = true)]
    pub stdin_filename: String,
    /// How to print findings
    #[arg(long, default_value = "human")]
    pub format: LintFormat,
    /// The least severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub fail_on: FailOn,
    #[command(flatten)]
    pub levels: Levels,
    /// The gateway that will run the file; for `kong`, what Kong refuses is an error
    #[arg(long, default_value = "aiproxy")]
    pub target: LintTarget,
    /// Also require that the variables of {vault://env/…} references exist in this environment
    #[arg(long)]
    pub check_env: bool,
    /// Report what `# aiproxy: ignore[…]` comments hide
    #[arg(long)]
    pub no_ignores: bool,
    /// Also count the findings per rule; on standard error if the format is for programs
    #[arg(long)]
    pub statistics: bool,
    /// Print findings and nothing else
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// With the lines of the file and help
    Human,
    /// path:line:col: severity[rule] message
    Concise,
    /// One document, see `aiproxy schema lint`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintTarget {
    Aiproxy,
    Kong,
}

/// Show what becomes of a request: route, captures, upstream request; or why not
///
/// Exits with 0 if the request is proxied, with 1 if it has no route, is rejected or needs a secret
/// that --resolve-secrets does not find, and with 2 if the question could not be answered.
#[derive(Debug, Args)]
#[command(
    override_usage = "aiproxy explain [OPTIONS] FILE URL\n       aiproxy explain [OPTIONS] FILE -- curl …"
)]
pub struct Explain {
    /// The configuration; `-` for standard input
    pub file: PathBuf,
    /// The request's URL, or its path from the `/` on, then at http://localhost:8000; taken as it is,
    /// nothing is normalised
    #[arg(required_unless_present = "curl", conflicts_with = "curl")]
    pub url: Option<String>,
    /// A curl command, whose request is taken with curl's own defaults
    #[arg(last = true, value_name = "curl …", conflicts_with_all = ["method", "headers", "data", "form"])]
    pub curl: Vec<String>,
    /// What to call standard input in the answer
    #[arg(long, value_name = "NAME", default_value = "<stdin>", hide_default_value = true)]
    pub stdin_filename: String,
    /// The request's method
    #[arg(short = 'X', long = "request", value_name = "METHOD", default_value = "POST")]
    pub method: String,
    /// A header of the request: `name: value`
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// The request's body, or @FILE to read it; sets no content type. Without it the body is unknown
    #[arg(short, long, value_name = "BODY|@FILE", conflicts_with = "form")]
    pub data: Option<String>,
    /// A field of a multipart/form-data body: name=value, or name=@FILE (whose content does not count)
    #[arg(long, value_name = "NAME=VALUE")]
    pub form: Vec<String>,
    /// Answer as if the client had the key of this consumer: a username, custom id or id. Without it
    /// the key counts that the request carries
    #[arg(long, value_name = "NAME")]
    pub consumer: Option<String>,
    /// Check that the references to secrets resolve in this environment, and read clients' keys from
    /// it; none is ever printed
    #[arg(long)]
    pub resolve_secrets: bool,
    /// Put another URL in place of a provider's built-in endpoint
    #[arg(long, value_name = "PROVIDER=URL", value_parser = endpoint)]
    pub upstream: Vec<(Provider, Endpoint)>,
    /// List every path that was considered: also on a hit, and beyond the first 20
    #[arg(long)]
    pub all: bool,
    /// How to print
    #[arg(long, default_value = "human")]
    pub format: ExplainFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    Human,
    /// One document, see `aiproxy schema explain`
    Json,
}

/// Show what to give the official SDKs as their base for each route; or why none reaches it
///
/// Exits with 0 if a route is reached, with 1 if none is or the file cannot be parsed, and with 2 if
/// the question could not be answered.
#[derive(Debug, Args)]
pub struct Sdk {
    /// The configuration; `-` for standard input
    pub file: PathBuf,
    /// A route's name, or its JSON pointer; all routes unless given
    pub route: Option<String>,
    /// What to call standard input in the answer
    #[arg(long, value_name = "NAME", default_value = "<stdin>", hide_default_value = true)]
    pub stdin_filename: String,
    /// Where clients reach the gateway
    #[arg(long, value_name = "URL", default_value = "http://localhost:8000", value_parser = Origin::parse)]
    pub origin: Origin,
    /// How to print
    #[arg(long, default_value = "human")]
    pub format: SdkFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SdkFormat {
    Human,
    /// One document, see `aiproxy schema sdk`
    Json,
}

/// Show the rules that lint checks, or one rule's page
#[derive(Debug, Args)]
pub struct Rules {
    /// The rule whose page to show
    #[arg(value_parser = rule(), hide_possible_values = true)]
    pub rule: Option<Rule>,
    /// How to print
    #[arg(long, default_value = "text")]
    pub format: RulesFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    Text,
    Json,
}

/// Print the JSON Schema of the configuration file or of a command's JSON output
#[derive(Debug, Args)]
pub struct Schema {
    /// The document that the schema describes
    #[arg(value_name = "DOCUMENT")]
    pub document: SchemaDocument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaDocument {
    /// Configuration files
    Config,
    /// `aiproxy lint --format json`
    Lint,
    /// `aiproxy explain --format json`
    Explain,
    /// `aiproxy sdk --format json`
    Sdk,
    /// `aiproxy rules --format json`
    Rules,
    /// A line of the access log of `aiproxy serve`
    AccessLog,
}

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell to complete for
    pub shell: clap_complete::Shell,
}

/// Accepts the id of a rule; an unknown one is answered with the nearest.
fn rule() -> impl TypedValueParser<Value = Rule> {
    PossibleValuesParser::new(Rule::ALL.iter().map(|rule| rule.id()))
        .map(|id| Rule::from_id(&id).expect("only ids of rules are possible values"))
}

/// Reads `PROVIDER=URL`.
fn endpoint(text: &str) -> Result<(Provider, Endpoint), String> {
    let (name, url) =
        text.split_once('=').ok_or("write PROVIDER=URL, such as openai=http://127.0.0.1:9000")?;
    let provider = Provider::ALL.iter().copied().find(|provider| provider.as_str() == name);
    let provider = provider.ok_or_else(|| {
        let names = Provider::ALL.iter().map(|provider| provider.as_str());
        match suggest::nearest(name, names.clone()) {
            Some(near) => format!("there is no provider `{name}`; a similar one is `{near}`"),
            None => {
                format!("there is no provider `{name}`; there are {}", names.collect::<Vec<_>>().join(", "))
            }
        }
    })?;
    Ok((provider, Endpoint::parse(url)?))
}
