use std::cell::Cell;

use super::*;

const INSTANCE: Manner = Manner { passes: |status| matches!(status, 404 | 410 | 429 | 500..), ..LOCAL };

/// What comes of an endpoint that answers with these statuses, the last one from then on, and how often and
/// how long it was asked. The status 0 is no answer.
async fn asked(manner: Manner, statuses: &[u16]) -> String {
    let started = Instant::now();
    let count = Cell::new(0);
    let result = retried(manner, || {
        let status = statuses[count.get().min(statuses.len() - 1)];
        count.set(count.get() + 1);
        async move {
            match status {
                0 => Err(Failure::unavailable("no connection")),
                status => Ok(Reply { host: "test".to_owned(), status, body: Bytes::new() }),
            }
        }
    });
    let outcome = match result.await {
        Ok(reply) => reply.status.to_string(),
        Err(failure) => failure.reason,
    };
    format!("{outcome} after {} in {:?}", count.get(), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_asked_again() {
    let cases: [(Manner, &[u16]); 10] = [
        (REMOTE, &[200]),
        (REMOTE, &[400]),
        (REMOTE, &[404]),
        (REMOTE, &[503, 429, 200]),
        (REMOTE, &[503]),
        (REMOTE, &[0]),
        (INSTANCE, &[400]),
        (INSTANCE, &[404, 429, 500, 200]),
        (INSTANCE, &[410, 410, 410, 410, 410, 200]),
        (INSTANCE, &[410]),
    ];
    let mut said = Vec::new();
    for (manner, statuses) in cases {
        said.push(format!("{statuses:?}: {}", asked(manner, statuses).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    [200]: 200 after 1 in 0ns
    [400]: 400 after 1 in 0ns
    [404]: 404 after 1 in 0ns
    [503, 429, 200]: 200 after 3 in 2.4s
    [503]: 503 after 4 in 5.6s
    [0]: no connection after 4 in 5.6s
    [400]: 400 after 1 in 0ns
    [404, 429, 500, 200]: 200 after 4 in 5.6s
    [410, 410, 410, 410, 410, 200]: 200 after 6 in 22s
    [410]: 410 after 10 in 62s
    ");
}

#[test]
fn forms_are_percent_encoded() {
    assert_eq!(query(&[("a", "x y+z/ü"), ("b", "-._~")]), "a=x%20y%2Bz%2F%C3%BC&b=-._~");
}
