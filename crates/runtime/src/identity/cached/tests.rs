use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::{JoinSet, yield_now};
use tokio::time::advance;

use super::*;

/// A source whose fetches are numbered, each with the outcome that it is told.
#[derive(Clone, Default)]
struct Source {
    cached: Arc<Cached<usize>>,
    fetches: Arc<AtomicUsize>,
}

impl Source {
    async fn get(&self, outcome: Result<Duration, &'static str>) -> Result<usize, String> {
        let fetch = || {
            let number = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                // Whoever asks meanwhile finds a fetch under way.
                yield_now().await;
                let fresh = |lifetime| Fresh { value: number, lifetime };
                outcome.map(fresh).map_err(Failure::unavailable)
            }
        };
        self.cached.get(fetch).await.map_err(|failure| failure.reason)
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// Lets what was started come to its end.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_who_ask_at_once_wait_for_one_fetch() {
    let source = Source::default();
    let mut asking = JoinSet::new();
    for _ in 0..50 {
        let source = source.clone();
        asking.spawn(async move { source.get(Ok(HOUR)).await });
    }
    let got = asking.join_all().await;
    assert_eq!(got, vec![Ok(1); 50]);
    assert_eq!(source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_is_fetched_anew_before_it_expires_and_used_meanwhile() {
    let source = Source::default();
    assert_eq!(source.get(Ok(HOUR)).await, Ok(1));
    advance(54 * MINUTE).await;
    assert_eq!(source.get(Ok(HOUR)).await, Ok(1));
    assert_eq!(source.fetches(), 1);
    advance(MINUTE).await;
    for _ in 0..3 {
        assert_eq!(source.get(Ok(HOUR)).await, Ok(1), "nobody waits for the new one");
    }
    settle().await;
    assert_eq!(source.get(Ok(HOUR)).await, Ok(2));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_a_short_life_is_fetched_anew_after_half_of_it() {
    let source = Source::default();
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(1));
    advance(29 * SECOND).await;
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(1));
    settle().await;
    assert_eq!(source.fetches(), 1);
    advance(SECOND).await;
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(1));
    settle().await;
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_expired_value_is_not_used() {
    let source = Source::default();
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(1));
    advance(MINUTE).await;
    assert_eq!(source.get(Ok(MINUTE)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_the_old_value_until_it_expires() {
    let source = Source::default();
    assert_eq!(source.get(Ok(HOUR)).await, Ok(1));
    advance(56 * MINUTE).await;
    assert_eq!(source.get(Err("down")).await, Ok(1));
    settle().await;
    assert_eq!(source.get(Err("down")).await, Ok(1));
    assert_eq!(source.fetches(), 2, "the endpoint is left alone for a while");
    advance(30 * SECOND).await;
    assert_eq!(source.get(Err("down")).await, Ok(1));
    settle().await;
    assert_eq!(source.fetches(), 3);
    advance(4 * MINUTE).await;
    assert_eq!(source.get(Err("still down")).await, Err("still down".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_the_answer_for_a_moment() {
    let source = Source::default();
    assert_eq!(source.get(Err("down")).await, Err("down".to_owned()));
    assert_eq!(source.get(Ok(HOUR)).await, Err("down".to_owned()));
    assert_eq!(source.fetches(), 1);
    advance(SECOND).await;
    assert_eq!(source.get(Ok(HOUR)).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_when_who_asked_has_left() {
    let source = Source::default();
    let asking = tokio::spawn({
        let source = source.clone();
        async move { source.get(Ok(HOUR)).await }
    });
    // It has asked, and waits.
    yield_now().await;
    asking.abort();
    settle().await;
    assert_eq!(source.get(Err("not asked")).await, Ok(1));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_panics_is_a_failure_for_those_who_wait_only() {
    let cached = Cached::<usize>::default();
    let panics = || async { panic!("the test's own panic") };
    let failed = cached.get(panics).await.map_err(|failure| failure.reason);
    assert_eq!(failed, Err("the fetch was broken off".to_owned()));
    let fetch = || async { Ok(Fresh { value: 1, lifetime: HOUR }) };
    assert_eq!(cached.get(fetch).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_beyond_all_measure_is_a_week() {
    let cached = Cached::<usize>::default();
    let fetch = |value| move || async move { Ok(Fresh { value, lifetime: Duration::MAX }) };
    assert_eq!(cached.get(fetch(1)).await, Ok(1));
    advance(7 * 24 * HOUR).await;
    assert_eq!(cached.get(fetch(2)).await, Ok(2));
    let never = cached.get(pending::<Result<Fresh<usize>, Failure>>);
    assert_eq!(never.await, Ok(2));
}
