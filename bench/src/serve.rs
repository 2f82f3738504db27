//! What a request costs in `aiproxy serve`, beside a bare proxy of the same parts and nginx, all before
//! the same provider in this process, in turns.

mod api;
mod contender;
mod load;
mod proxy;
mod translation;
mod upstream;

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use contender::Contender;
use load::{Kind, Work};
use upstream::{EVENTS, Upstream};

pub use proxy::run as bare_proxy;

/// The key that every client shows.
const CLIENT_KEY: &str = "bench-client-key";

const ROUNDS: usize = 11;

/// Prints the tables.
#[tokio::main]
pub async fn measure() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let upstream = Upstream::default();
    let provider = upstream.start().await;
    let files = Files::write(directory.path());
    let mut contenders = vec![Contender::bare(provider)];
    match Contender::nginx(provider, directory.path()) {
        Some(nginx) => contenders.push(nginx),
        None => eprintln!("nginx is not installed; measuring without it"),
    }
    contenders.push(Contender::aiproxy("aiproxy, no key, no log", provider, &files.open, false));
    contenders.push(Contender::aiproxy("aiproxy", provider, &files.keyed, true));
    contenders.push(Contender::aiproxy("aiproxy, statistics", provider, &files.statistics, true));

    println!("| request | program | CPU | × | requests/s | median latency | 99 % |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for Load { name, kind, times, units } in loads(&upstream) {
        let work = Work { path: load::CHAT.to_owned(), kind };
        requests(name, &work, times, units, provider, &contenders).await;
    }
    println!();
    println!("| program | after the load | per open stream | peak over an upload of 1 GiB |");
    println!("|---|---:|---:|---:|");
    for contender in contenders {
        memory(&contender, &upstream).await;
    }
    println!();
    startup(provider, &files);
    println!();
    translation::measure(provider, &upstream, directory.path()).await;
}

/// Prints the table of translations alone.
#[tokio::main]
pub async fn measure_translation() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let upstream = Upstream::default();
    let provider = upstream.start().await;
    translation::measure(provider, &upstream, directory.path()).await;
}

/// Work of one kind, as it is measured.
struct Load {
    name: &'static str,
    kind: Kind,
    /// How often each client does it in a slice.
    times: usize,
    /// What one such time counts for.
    units: usize,
}

fn loads(upstream: &Upstream) -> [Load; 3] {
    [
        Load { name: "chat, 1.5 kB", kind: Kind::Chat(load::chat_body(1_500)), times: 125, units: 1 },
        Load { name: "chat, 40 kB", kind: Kind::Chat(load::chat_body(40_000)), times: 60, units: 1 },
        Load { name: "one event", kind: Kind::Stream(upstream.clone()), times: 2, units: EVENTS },
    ]
}

/// One row for each contender, and one without any.
async fn requests(
    name: &str,
    work: &Work,
    times: usize,
    units: usize,
    provider: SocketAddr,
    contenders: &[Contender],
) {
    let mut direct = Slices::default();
    let mut slices: Vec<Slices> = contenders.iter().map(|_| Slices::default()).collect();
    for round in 0..=ROUNDS {
        let warm = round > 0;
        direct.add(warm, Duration::ZERO, load::run(provider, work, times).await, units);
        for (contender, slices) in contenders.iter().zip(&mut slices) {
            let before = contender.family.cpu();
            let done = load::run(contender.address, work, times).await;
            slices.add(warm, contender.family.cpu() - before, done, units);
        }
    }
    println!("| {name} | direct | – | – | {} |", direct.speed());
    for (contender, of_it) in contenders.iter().zip(&slices) {
        let ratios = of_it.cpu.iter().zip(&slices[0].cpu).map(|(ours, bare)| ours / bare).collect();
        println!(
            "| {name} | {} | {:.1} µs | {:.2} | {} |",
            contender.name,
            median(of_it.cpu.clone()),
            median(ratios),
            of_it.speed()
        );
    }
}

/// What one contender took for one kind of work.
#[derive(Default)]
struct Slices {
    /// Microseconds a unit, slice by slice.
    cpu: Vec<f64>,
    /// Units a second, slice by slice.
    rate: Vec<f64>,
    /// Microseconds a unit, of all slices.
    latencies: Vec<f64>,
}

impl Slices {
    fn add(&mut self, warm: bool, cpu: Duration, (latencies, wall): (Vec<Duration>, Duration), units: usize) {
        if warm {
            let done = (latencies.len() * units) as f64;
            self.cpu.push(cpu.as_secs_f64() * 1e6 / done);
            self.rate.push(done / wall.as_secs_f64());
            self.latencies.extend(latencies.iter().map(|one| one.as_secs_f64() * 1e6 / units as f64));
        }
    }

    fn speed(&self) -> String {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable_by(f64::total_cmp);
        let slow = latencies[latencies.len() * 99 / 100];
        format!("{:.0} | {:.0} µs | {slow:.0} µs", median(self.rate.clone()), median(latencies))
    }
}

const OPEN_STREAMS: usize = 1_000;

async fn memory(contender: &Contender, upstream: &Upstream) {
    let family = &contender.family;
    let idle = family.resident();
    let mut streams = Vec::with_capacity(OPEN_STREAMS);
    for _ in 0..OPEN_STREAMS {
        streams.push(load::open_stream(contender.address, upstream).await);
    }
    let open = family.resident();
    drop(streams);
    let before = family.resident();
    family.forget_peak();
    let answer = load::upload(contender.address, 1 << 30).await;
    assert_eq!(answer, format!("{{\"bytes\":{}}}", 1 << 30));
    println!(
        "| {} | {:.1} MiB | {:.1} KiB | +{:.1} MiB |",
        contender.name,
        mib(idle),
        open.saturating_sub(idle) as f64 / 1024.0 / OPEN_STREAMS as f64,
        mib(family.peak().saturating_sub(before)),
    );
}

/// Starts fresh gateways: time and memory before the first request.
fn startup(provider: SocketAddr, files: &Files) {
    println!("| aiproxy serve of | ready after | idle |");
    println!("|---|---:|---:|");
    for (routes, path) in [("3 routes", &files.statistics), ("100 routes", &files.many)] {
        let (mut after, mut idle) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            let started = Contender::aiproxy(routes, provider, path, true);
            after.push(started.ready_after.as_secs_f64() * 1e3);
            idle.push(mib(started.family.resident()));
        }
        println!("| {routes} | {:.0} ms | {:.1} MiB |", median(after), median(idle));
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The files that aiproxy serves.
struct Files {
    /// Open to everybody.
    open: PathBuf,
    /// Guarded by a key.
    keyed: PathBuf,
    /// Guarded by a key, with statistics in the access log.
    statistics: PathBuf,
    /// As the last, with 100 routes.
    many: PathBuf,
}

impl Files {
    fn write(directory: &Path) -> Self {
        let write = |name: &str, text: String| {
            let path = directory.join(name);
            fs::write(&path, text).expect("a directory of ours");
            path
        };
        Self {
            open: write("open.yaml", yaml(0, false, false)),
            keyed: write("keyed.yaml", yaml(0, true, false)),
            statistics: write("statistics.yaml", yaml(0, true, true)),
            many: write("many.yaml", yaml(98, true, true)),
        }
    }
}

/// A route for chat, one for uploads, and `more` that no request is for.
fn yaml(more: usize, keyed: bool, statistics: bool) -> String {
    let mut text = String::from("_format_version: \"3.0\"\n");
    if keyed {
        let _ = write!(
            text,
            "consumers:\n  - username: bench\n    keyauth_credentials: [{{key: {CLIENT_KEY}}}]\n"
        );
        text += "plugins:\n  - name: key-auth\n    config: {key_names: [apikey], hide_credentials: true}\n";
    }
    text += "services:\n  - name: model\n    host: localhost\n    routes:\n";
    text += &route("chat", "~/v1/chat/completions$", "llm/v1/chat", "gpt-4o-mini", statistics);
    text += &route("files", "~/files$", "preserve", "gpt-4o-mini", statistics);
    for index in 0..more {
        let path = format!("~/team-{index}/(?<model>[^#?/]+)/chat/completions$");
        text += &route(&format!("team-{index}"), &path, "llm/v1/chat", "$(uri_captures.model)", statistics);
    }
    text
}

fn route(name: &str, path: &str, route_type: &str, model: &str, statistics: bool) -> String {
    format!(
        "      - name: {name}\n        paths: ['{path}']\n        methods: [POST]\n        plugins:\n          - name: \
         ai-proxy\n            config:\n              route_type: {route_type}\n              max_request_body_size: \
         1048576\n              auth: {{header_name: Authorization, header_value: '{{vault://env/OPENAI_AUTH_HEADER}}'}}\n              \
         logging: {{log_statistics: {statistics}, log_payloads: false}}\n              model: {{provider: openai, \
         name: '{model}'}}\n"
    )
}
