//! What another process has used and holds, as Linux tells it.

use std::{fs, path::Path, time::Duration};

use nix::{sys::signal, time::ClockId, unistd::Pid};

/// A process and its children.
#[derive(Debug, Clone, Copy)]
pub struct Family(u32);

impl Family {
    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// CPU time used so far, in user and kernel mode, to the nanosecond: `/proc/PID/stat` counts in
    /// hundredths of a second.
    pub fn cpu(&self) -> Duration {
        let used = |pid: &Pid| {
            let clock = ClockId::pid_cpu_clock_id(*pid).expect("the process runs");
            Duration::from(clock.now().expect("the process runs"))
        };
        self.members().iter().map(used).sum()
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most resident memory since [`Self::forget_peak`], in bytes.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    pub fn forget_peak(&self) {
        for pid in self.members() {
            fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of ours");
        }
    }

    /// Asks the process to end.
    pub fn terminate(&self) {
        // It may be gone.
        let _ = signal::kill(Pid::from_raw(self.0 as i32), signal::Signal::SIGTERM);
    }

    fn status(&self, field: &str) -> u64 {
        self.members().iter().map(|pid| status(Path::new(&format!("/proc/{pid}/status")), field)).sum()
    }

    fn members(&self) -> Vec<Pid> {
        let pid = self.0;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children.split_ascii_whitespace().map(|pid| pid.parse().expect("a process id"));
        [pid as i32].into_iter().chain(children).map(Pid::from_raw).collect()
    }
}

/// A size in a `/proc/PID/status`, in bytes; 0 where there is none.
pub fn status(path: &Path, field: &str) -> u64 {
    let status = fs::read_to_string(path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
