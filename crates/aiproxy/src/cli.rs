//! What can be typed, and its documentation. Values are checked here one by one; what they mean
//! together is the commands' business.

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use config_core::rules::Rule;

/// Lint, explain and run declarative AI-gateway routes.
#[derive(Debug, Parser)]
#[command(name = "aiproxy", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
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
    /// `aiproxy lint --format json`
    Lint,
    /// `aiproxy rules --format json`
    Rules,
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
