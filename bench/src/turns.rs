//! Programs that take turns at a file, each time as a process of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use wait4::Wait4;

/// What a program took, by the medians over the rounds.
pub struct Figures {
    /// From start to exit.
    pub wall: Duration,
    /// In the program and for it in the kernel: what other work on the machine disturbs least.
    pub cpu: Duration,
    /// The most resident memory, in bytes.
    pub peak: u64,
}

/// A program and its arguments before the file's.
pub struct Contender {
    program: PathBuf,
    arguments: &'static [&'static str],
    rounds: Vec<(Duration, Duration, u64)>,
}

impl Contender {
    /// `aiproxy lint`, as `cargo build --profile dist` leaves it.
    pub fn lint() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/aiproxy");
        assert!(path.exists(), "build aiproxy first: `cargo build --profile dist` in the directory above");
        Self { program: path, arguments: &["lint"], rounds: Vec::new() }
    }

    /// This program, told to do one thing.
    pub fn this(arguments: &'static [&'static str]) -> Self {
        Self { program: env::current_exe().expect("this program has a path"), arguments, rounds: Vec::new() }
    }

    fn run(&mut self, file: &Path) {
        let mut command = Command::new(&self.program);
        command.args(self.arguments).arg(file).stdout(Stdio::null());
        let start = Instant::now();
        let ended = command.spawn().and_then(|mut child| child.wait4()).expect("the program starts");
        let wall = start.elapsed();
        assert!(ended.status.success(), "{:?} failed", self.arguments);
        let taken = ended.rusage;
        self.rounds.push((wall, taken.utime + taken.stime, taken.maxrss));
    }

    fn figures(self) -> Figures {
        Figures {
            wall: median(self.rounds.iter().map(|round| round.0)),
            cpu: median(self.rounds.iter().map(|round| round.1)),
            peak: median(self.rounds.iter().map(|round| round.2)),
        }
    }
}

/// What each contender takes for a file of this text.
pub fn at<const N: usize>(text: &str, mut contenders: [Contender; N], rounds: usize) -> [Figures; N] {
    let path = env::temp_dir().join(format!("aiproxy-bench-{}.yaml", std::process::id()));
    fs::write(&path, text).expect("the temporary directory takes a file");
    for _ in 0..rounds {
        for contender in &mut contenders {
            contender.run(&path);
        }
    }
    fs::remove_file(&path).expect("the file is ours");
    contenders.map(Contender::figures)
}

fn median<T: Ord>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.swap_remove(values.len() / 2)
}
