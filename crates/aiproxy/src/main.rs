//! The command line: arguments, files, environment, printing, exit codes. What a file means is
//! decided in `config_core`; nothing here would be needed by another front end.

mod cli;
mod commands;
mod curl;
mod explanation;
mod files;
mod output;
mod request;
mod sdk;
mod terminal;

use std::{
    io::{self, Write},
    panic,
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    terminal::{Terminal, printable},
};

/// What a command has to say at its end. The verdict is known before a byte is printed, so a reader that
/// leaves early does not change it.
struct Answer {
    stdout: String,
    stderr: String,
    verdict: Verdict,
}

/// How a command ended; the exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// 0: nothing stands against the configuration or the request.
    Good,
    /// 1: the configuration or the request was found wanting.
    Wanting,
    /// 2: the question could not be answered in full.
    Unanswered,
}

/// Why a question could not be answered at all.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable { path: PathBuf, cause: io::Error },
    #[error("nothing to check: {0}")]
    NothingToCheck(String),
    /// The machine does not give what serving takes.
    #[error("{0}")]
    Unavailable(String),
}

impl Answer {
    fn good(stdout: String) -> Self {
        Self { stdout, stderr: String::new(), verdict: Verdict::Good }
    }
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        ExitCode::from(match verdict {
            Verdict::Good => 0,
            Verdict::Wanting => 1,
            Verdict::Unanswered => 2,
        })
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version end here too, with status 0. A closed pipe is not worth a word.
            let _ = error.print();
            return if error.use_stderr() { Verdict::Unanswered } else { Verdict::Good }.into();
        }
    };
    let answer = panic::catch_unwind(|| answer(&cli)).unwrap_or_else(|_| Answer {
        stdout: String::new(),
        stderr: "error: this is a bug in aiproxy, not in your configuration; please report it\n".into(),
        verdict: Verdict::Unanswered,
    });
    print(&answer).into()
}

fn answer(cli: &Cli) -> Answer {
    let terminal = Terminal::new(cli.color);
    let result = match &cli.command {
        Command::Lint(args) => commands::lint::run(args, &terminal),
        Command::Explain(args) => commands::explain::run(args, &terminal),
        Command::Sdk(args) => commands::sdk::run(args, &terminal),
        Command::Serve(args) => commands::serve::run(args, &Terminal::stderr(cli.color)),
        Command::Rules(args) => commands::rules::run(args),
        Command::Schema(args) => Ok(commands::schema::run(args)),
        Command::Completions(args) => Ok(commands::completions::run(args)),
    };
    result.unwrap_or_else(|failure| Answer {
        stdout: String::new(),
        stderr: format!("{} {}\n", terminal.error("error:"), printable(&failure.to_string())),
        verdict: Verdict::Unanswered,
    })
}

/// Prints the answer. A reader that left does not matter; any other trouble with stdout means that
/// the answer did not arrive.
fn print(answer: &Answer) -> Verdict {
    let mut stdout = io::stdout().lock();
    let printed = stdout.write_all(answer.stdout.as_bytes()).and_then(|()| stdout.flush());
    // If stderr is closed as well there is nobody left to tell.
    let _ = io::stderr().write_all(answer.stderr.as_bytes());
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "error: cannot write the answer: {error}");
            Verdict::Unanswered
        }
        _ => answer.verdict,
    }
}
