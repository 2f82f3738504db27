//! The programs that stand between client and provider, each as a process of its own.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::api::Api;
use crate::process::Family;

/// A program that listens.
pub struct Contender {
    pub name: &'static str,
    pub address: SocketAddr,
    pub family: Family,
    /// From its start to its readiness.
    pub ready_after: Duration,
    child: Child,
}

impl Contender {
    /// The floor, [`super::proxy`].
    pub fn bare(upstream: SocketAddr) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        command.args(["bare-proxy", &upstream.to_string()]);
        Self::told_by_stderr("bare hyper proxy", command)
    }

    /// nginx with a pool of connections and without buffering of answers, if it is installed. It keeps
    /// its files in `directory`.
    pub fn nginx(upstream: SocketAddr, directory: &Path) -> Option<Self> {
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
        let directory = directory.display();
        let path = format!("{directory}/nginx.conf");
        let configuration = format!(
            "daemon off; pid {directory}/nginx.pid; error_log stderr crit; worker_processes 2;
             events {{ worker_connections 4096; }}
             http {{
               access_log off; keepalive_requests 1000000000; client_max_body_size 0;
               client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
               uwsgi_temp_path {directory}; scgi_temp_path {directory}; client_body_buffer_size 1m;
               upstream model {{ server {upstream}; keepalive 64; keepalive_requests 1000000000; }}
               server {{
                 listen {free};
                 location / {{
                   proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection \"\";
                   proxy_buffering off;
                 }}
               }}
             }}"
        );
        fs::write(&path, configuration).expect("a directory of ours");
        let start = Instant::now();
        let child = Command::new("nginx").args(["-c", &path]).stderr(Stdio::null()).spawn().ok()?;
        while TcpStream::connect(free).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "nginx does not start");
            thread::sleep(Duration::from_millis(1));
        }
        Some(Self::ready("nginx", free, start, child))
    }

    /// `aiproxy serve`, as `cargo build --profile dist` leaves it, of a file at `path`.
    pub fn aiproxy(name: &'static str, upstream: SocketAddr, path: &Path, access_log: bool) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/aiproxy");
        assert!(program.exists(), "build aiproxy first: `cargo build --profile dist` in the directory above");
        let mut command = Command::new(program);
        command.arg("serve").arg(path).args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.env("OPENAI_AUTH_HEADER", "Bearer sk-bench");
        for api in Api::ALL {
            command.args(["--upstream", &format!("{}=http://{upstream}", api.provider())]);
        }
        if !access_log {
            command.args(["--access-log", "off"]);
        }
        Self::told_by_stderr(name, command)
    }

    fn told_by_stderr(name: &'static str, mut command: Command) -> Self {
        let start = Instant::now();
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let address = line.strip_prefix("listening on http://")?;
            Some(address.split_once(' ').map_or(address, |(address, _)| address).to_owned())
        });
        let address = address.unwrap_or_else(|| panic!("{name} does not start")).parse().expect("an address");
        let contender = Self::ready(name, address, start, child);
        // What it has to say later is nobody's business, but must not block it.
        thread::spawn(move || lines.for_each(drop));
        contender
    }

    fn ready(name: &'static str, address: SocketAddr, start: Instant, child: Child) -> Self {
        let ready_after = start.elapsed();
        Self { name, address, family: Family::of(child.id()), ready_after, child }
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        self.family.terminate();
        self.child.wait().expect("it is a child of ours");
    }
}
