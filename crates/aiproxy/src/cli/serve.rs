//! The arguments of `aiproxy serve`.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use config_core::{model::Provider, plan::upstream::Endpoint};
use ipnet::IpNet;

use super::endpoint;

/// Run the gateway
///
/// Exits with 0 once it was told to stop (SIGTERM, SIGINT) and requests in flight are done, with 1
/// before it listens if the file has an error, holds what is not served or needs a secret that is
/// missing, and with 2 if an address is taken or the command line is wrong.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration; `-` for standard input
    pub file: PathBuf,
    /// What to call standard input in messages
    #[arg(long, value_name = "NAME", default_value = "<stdin>", hide_default_value = true)]
    pub stdin_filename: String,
    /// Where to serve clients; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000", value_parser = address)]
    pub listen: SocketAddr,
    /// Where to answer /livez and /readyz; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001", value_parser = address)]
    pub admin: SocketAddr,
    /// Answer every upstream's part with made-up text: no network and no upstream's key is needed
    #[arg(long)]
    pub mock: bool,
    /// Stop before listening: say whether the gateway would start
    #[arg(long)]
    pub check: bool,
    /// Put another URL in place of a provider's built-in endpoint
    #[arg(long, value_name = "PROVIDER=URL", value_parser = endpoint)]
    pub upstream: Vec<(Provider, Endpoint)>,
    /// Certificates (PEM) of authorities to trust beside the public ones
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For, -Proto and -Port count
    #[arg(long, value_name = "CIDR,…", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Where to write a line of JSON about each request: a file, `-` for standard output, or `off`
    #[arg(long, value_name = "PATH|off|-", default_value = "-", value_parser = access_log)]
    pub access_log: AccessLogTarget,
    /// The most connections at a time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = at_least_one)]
    pub max_connections: usize,
    /// The most requests at a time; beyond, they get 503 and may try again
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = at_least_one)]
    pub max_in_flight: usize,
    /// How long requests in flight may take once the gateway was told to stop
    #[arg(long, value_name = "SECS", default_value = "30", value_parser = seconds)]
    pub drain_time: Duration,
}

/// Where the access log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogTarget {
    Stdout,
    Off,
    File(PathBuf),
}

// Whatever is no keyword is a path.
#[expect(clippy::unnecessary_wraps, reason = "argument parsers return a result")]
fn access_log(text: &str) -> Result<AccessLogTarget, String> {
    Ok(match text {
        "-" => AccessLogTarget::Stdout,
        "off" => AccessLogTarget::Off,
        path => AccessLogTarget::File(path.into()),
    })
}

/// A numeric address with a port: a name could stand for several.
fn address(text: &str) -> Result<SocketAddr, String> {
    let example = match text.trim_start_matches("localhost").trim_start_matches(':').parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}, or 0.0.0.0:{port} for every address of this machine"),
        Err(_) => "127.0.0.1:8000 or [::1]:8000".to_owned(),
    };
    text.parse().map_err(|_| format!("write a numeric address and a port, such as {example}"))
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "write a network such as 10.0.0.0/8 or an address".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("write a whole number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "write a whole number of seconds".to_owned())
}
