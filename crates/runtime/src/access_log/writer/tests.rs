use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use super::*;

const FOREVER: Duration = Duration::from_secs(600);

/// Takes as many bytes as it is told to, or fails.
struct Reluctant {
    taken: Arc<Mutex<Vec<u8>>>,
    takes: VecDeque<io::Result<usize>>,
    calls: Arc<AtomicUsize>,
}

impl Write for Reluctant {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let count = self.takes.pop_front().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
        self.taken.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is taken of `lines`, each queued when those before it are written; and how often it was tried.
fn written(takes: impl IntoIterator<Item = io::Result<usize>>, lines: &[&str]) -> (String, usize) {
    let (taken, calls) = (Arc::default(), Arc::default());
    let out = Reluctant {
        taken: Arc::clone(&taken),
        takes: takes.into_iter().collect(),
        calls: Arc::clone(&calls),
    };
    let writer = Writer::spawn(out, "the test".to_owned());
    for line in lines {
        writer.queue(format!("{line}\n").into_bytes());
        writer.flush(FOREVER);
    }
    let taken = taken.lock().unwrap().clone();
    (String::from_utf8(taken).unwrap(), calls.load(Ordering::Relaxed))
}

#[test]
fn lines_are_whole_however_little_is_taken_at_a_time() {
    let interrupted = || Err(ErrorKind::Interrupted.into());
    assert_eq!(written([Ok(1), interrupted(), Ok(2), Ok(1)], &["first", "second"]).0, "first\nsecond\n");
}

#[test]
fn a_line_that_an_error_cuts_is_not_continued_by_the_next() {
    let full = || Err(ErrorKind::StorageFull.into());
    assert_eq!(written([Ok(3), full(), full()], &["first", "second", "third"]).0, "fir\nthird\n");
    assert_eq!(written([full()], &["first", "second"]).0, "second\n");
    assert_eq!(written([Ok(6), full()], &["first", "second", "third"]).0, "first\nthird\n");
}

#[test]
fn once_nobody_reads_nothing_more_is_written() {
    let (text, calls) = written([Err(ErrorKind::BrokenPipe.into())], &["first", "second", "third"]);
    assert_eq!((&*text, calls), ("", 1));
}

#[test]
fn lines_of_many_threads_do_not_mix() {
    let taken = Arc::default();
    let out = Reluctant {
        taken: Arc::clone(&taken),
        takes: (0..2000).map(|count| Ok(count % 7 + 1)).collect(),
        calls: Arc::default(),
    };
    let writer = Writer::spawn(out, "the test".to_owned());
    thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let writer = &writer;
            scope.spawn(move || {
                for number in 0..500 {
                    writer.queue(format!("{}{number:03}\n", name.repeat(30)).into_bytes());
                }
            });
        }
    });
    writer.flush(FOREVER);
    let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().count(), 2000);
    for name in ["a", "b", "c", "d"] {
        let lines = text.lines().filter(|line| line.starts_with(name));
        let expected = (0..500).map(|number| format!("{}{number:03}", name.repeat(30)));
        assert!(lines.eq(expected), "each thread's lines are whole and in order");
    }
}

/// Takes nothing until it is told to go on.
struct Stuck(Receiver<()>, Sender<usize>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Once the test has gone there is nothing to wait for.
        let _ = self.0.recv();
        let _ = self.1.send(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_finds_the_queue_full_is_dropped_and_nobody_waits() {
    let (go_on, told) = channel();
    let (took, sizes) = channel();
    let writer = Writer::spawn(Stuck(told, took), "the test".to_owned());
    writer.queue(vec![b'x'; QUEUED_BYTES + 1]);
    writer.queue(b"too many\n".to_vec());
    writer.queue(b"again\n".to_vec());
    writer.flush(Duration::from_millis(1));
    assert_eq!(writer.backlog.dropped.load(Ordering::Relaxed), 2);
    drop(go_on);
    writer.flush(FOREVER);
    assert_eq!(sizes.try_iter().sum::<usize>(), QUEUED_BYTES + 1, "one line may be longer than the queue");
    assert_eq!(writer.backlog.bytes.load(Ordering::Relaxed), 0);
    assert_eq!(writer.backlog.dropped.load(Ordering::Relaxed), 0, "what was dropped has been said");
}
