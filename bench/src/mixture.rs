//! The routes and requests that routers are measured on.

/// `count` regex paths, without `~`: of every hundred, 43 capture a segment after a literal
/// beginning of their own, 15 are literal, 15 capture the rest of the path, 15 have an open end, 10
/// capture a part of a segment, one begins with two characters only, and one captures right away.
pub fn patterns(count: usize) -> Vec<String> {
    (0..count).map(pattern).collect()
}

/// `count` request paths: nine in ten belong to a route of the first `routes`, spread evenly.
pub fn requests(routes: usize, count: usize) -> Vec<String> {
    let mut random = 1_u64;
    let mut next = move || {
        // Knuth's multiplier; the high bits are good enough to pick routes with.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize
    };
    (0..count)
        .map(|at| match at % 10 {
            9 => format!("/nowhere/{}/chat/completions", next() % routes),
            _ => request(next() % routes),
        })
        .collect()
}

fn pattern(route: usize) -> String {
    match route % 100 {
        0 => format!("/(?<model>[^#?/]+)/y{route}/chat/completions$"),
        1 => format!("/m(?<model>[^#?/]+)/x{route}/completions$"),
        2..12 => format!("/mistral{route}-(?<model>[^#?/]+)/chat/completions$"),
        12..27 => format!("/openai/deployments/az-{route}/(?<operation>chat|completions)"),
        27..42 => format!("/cohere/{route}/(?<op_path>[^#?]+)"),
        42..57 => format!("/static/{route}/chat/completions$"),
        _ => format!("/team-{route}/(?<model>[^#?/]+)/chat/completions$"),
    }
}

fn request(route: usize) -> String {
    match route % 100 {
        0 => format!("/gpt-4o/y{route}/chat/completions"),
        1 => format!("/mixtral/x{route}/completions"),
        2..12 => format!("/mistral{route}-large/chat/completions"),
        12..27 => format!("/openai/deployments/az-{route}/chat/completions"),
        27..42 => format!("/cohere/{route}/v1/rerank"),
        42..57 => format!("/static/{route}/chat/completions"),
        _ => format!("/team-{route}/gpt-4o-mini/chat/completions"),
    }
}
