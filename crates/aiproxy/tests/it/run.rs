//! Runs the binary in a directory of its own with nothing of the surrounding environment.

use std::{
    fmt,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A command line to run, and the files around it.
pub struct Aiproxy {
    args: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    stdin: Vec<u8>,
    directory: TempDir,
}

/// What the binary said.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub status: Option<i32>,
}

/// `aiproxy ARGS…`, the arguments given as a shell would take them.
pub fn aiproxy(args: &str) -> Aiproxy {
    Aiproxy {
        args: shlex::split(args).expect("the test's quotes are closed"),
        environment: Vec::new(),
        stdin: Vec::new(),
        directory: TempDir::new().expect("a temporary directory can be made"),
    }
}

impl Aiproxy {
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a directory")).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Where the file `path` of the run is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub fn run(self) -> Run {
        let mut child = self.command().spawn().expect("the binary was built for this test");
        // The binary may end without having read its input.
        let _ = child.stdin.take().expect("it was piped").write_all(&self.stdin);
        let output = child.wait_with_output().unwrap();
        Run {
            stdout: String::from_utf8(output.stdout).expect("output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("output is UTF-8"),
            status: output.status.code(),
        }
    }

    /// The command, to be run in another way than [`Aiproxy::run`] does.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiproxy"));
        command
            .args(&self.args)
            .env_clear()
            .envs(self.environment.iter().copied())
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Run {
    /// The answer as a JSON document.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("the answer is one JSON document")
    }
}

/// The whole answer, for snapshots.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map_or("killed".to_owned(), |status| status.to_string());
        writeln!(f, "status: {status}")?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "----- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
