//! The running gateway: from its first open port to the last answer.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use runtime::{Gateway, Limits, Server};

use crate::{Failure, cli::Serve};

/// Serves until the process is told to stop and requests in flight are done. Told again, it cuts these
/// short.
pub fn until_told_to_stop(args: &Serve, gateway: Gateway, limits: Limits) -> Result<(), Failure> {
    let unavailable = |cause: io::Error| Failure::Unavailable(cause.to_string());
    allow_descriptors(args);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(unavailable)?;
    let served = tokio.block_on(async {
        // Before anybody is told that the gateway runs, so that telling it to stop always drains it.
        let mut signals = Signals::new()?;
        let drain_time = limits.drain_time.as_secs();
        let server = Server::bind(args.listen, args.admin, limits, args.trusted_proxies.clone())
            .await
            .map_err(|cause| io::Error::other(format!("{cause}; choose others with --listen and --admin")))?;
        let (clients, admin) = server.addresses();
        say(&format!("listening on http://{clients} (admin http://{admin})"));
        let stop = server.stop();
        tokio::select! {
            () = server.run(Arc::new(gateway)) => {}
            () = async {
                signals.next().await;
                // Before anybody is told, so that `/readyz` says the same.
                stop.now();
                say(&format!("stopping: requests in flight have {drain_time} s; a second signal cuts them short"));
                signals.next().await;
                say("stopped: requests in flight were cut short");
            } => {}
        }
        Ok(())
    });
    // Requests that are cut have their lines in the access log, too; a name that is still being looked up
    // keeps nobody waiting.
    tokio.shutdown_timeout(CUT_TIME);
    served.map_err(unavailable)
}

/// How long what is still running may take to end.
const CUT_TIME: Duration = Duration::from_secs(1);

/// Descriptors that are taken by neither clients nor upstreams.
const OTHER_DESCRIPTORS: usize = 64;

/// Raises the limit of open files as far as the connections that are allowed need it, or the system lets
/// it be raised.
fn allow_descriptors(args: &Serve) {
    let needed = args.max_connections.saturating_add(args.max_in_flight).saturating_add(OTHER_DESCRIPTORS);
    // Where there is no such limit there is nothing to raise.
    let Ok(allowed) = rlimit::increase_nofile_limit(needed as u64) else { return };
    if allowed < needed as u64 {
        say(&format!(
            "warning: this process may open {allowed} files, and --max-connections with --max-in-flight can take \
             {needed}; raise `ulimit -n` or lower these"
        ));
    }
}

/// Tells the operator; if standard error is closed there is nobody to tell.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// What tells the process to stop: SIGTERM and SIGINT.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What tells the process to stop: Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
