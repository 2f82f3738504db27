//! `aiproxy completions`.

use clap::CommandFactory;

use crate::{
    Answer,
    cli::{Cli, Completions},
};

/// The completion script of a shell.
pub fn run(args: &Completions) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aiproxy", &mut script);
    Answer::good(String::from_utf8_lossy(&script).into_owned())
}
