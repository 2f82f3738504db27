//! `aiproxy lint` beside a reader that only makes a tree of values of the same file, in turns, each
//! time as a process of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use wait4::Wait4;

use crate::configuration;

/// What a program took, by the medians over the rounds.
pub struct Figures {
    pub name: &'static str,
    /// From start to exit.
    pub wall: Duration,
    /// In the program and for it in the kernel: what other work on the machine disturbs least.
    pub cpu: Duration,
    /// The most resident memory, in bytes.
    pub peak: u64,
}

/// The size of the file with `routes` routes in bytes, and what each program took for it.
pub fn measure(routes: usize) -> (usize, Vec<Figures>) {
    let path = env::temp_dir().join(format!("aiproxy-bench-{}.yaml", std::process::id()));
    let text = configuration::yaml(routes);
    let size = text.len();
    fs::write(&path, text).expect("the temporary directory takes a file");
    let mut contenders = [
        Contender::new("aiproxy lint", aiproxy(), &["lint"]),
        Contender::new("yaml_serde into `Value`", env::current_exe().expect("a path"), &["read-values"]),
    ];
    let rounds = if routes < 100_000 { 15 } else { 5 };
    for _ in 0..rounds {
        for contender in &mut contenders {
            contender.run(&path);
        }
    }
    fs::remove_file(&path).expect("the file is ours");
    (size, contenders.into_iter().map(Contender::figures).collect())
}

/// The peer: all values of a YAML file, in memory.
pub fn read_values(path: &str) {
    let text = fs::read_to_string(path).expect("a file of ours");
    let values: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML of ours");
    assert!(values.is_mapping());
}

/// The program as `cargo build --profile dist` leaves it.
fn aiproxy() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/aiproxy");
    assert!(path.exists(), "build aiproxy first: `cargo build --profile dist` in the directory above");
    path
}

struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
    rounds: Vec<(Duration, Duration, u64)>,
}

impl Contender {
    fn new(name: &'static str, program: PathBuf, arguments: &'static [&'static str]) -> Self {
        Self { name, program, arguments, rounds: Vec::new() }
    }

    fn run(&mut self, file: &Path) {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).arg(file).stdout(Stdio::null());
        let start = Instant::now();
        let ended = command.spawn().and_then(|mut child| child.wait4()).expect("the program starts");
        let wall = start.elapsed();
        assert!(ended.status.success(), "{} failed", self.name);
        let taken = ended.rusage;
        self.rounds.push((wall, taken.utime + taken.stime, taken.maxrss));
    }

    fn figures(self) -> Figures {
        Figures {
            name: self.name,
            wall: median(self.rounds.iter().map(|round| round.0)),
            cpu: median(self.rounds.iter().map(|round| round.1)),
            peak: median(self.rounds.iter().map(|round| round.2)),
        }
    }
}

fn median<T: Ord>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.swap_remove(values.len() / 2)
}
