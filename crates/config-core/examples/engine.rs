use config_core::{
    language::{capture::*, *},
    pattern::{Pattern, Patterns},
};
use std::time::Instant;
fn time<T>(what: &str, n: usize, f: impl FnOnce() -> T) -> T {
    let t = Instant::now();
    let r = f();
    let e = t.elapsed();
    println!("{what}: {:?} total, {:?} each", e, e / n as u32);
    r
}
fn main() {
    let tails = [
        "/(?<model>[^#?/]+)/chat/completions$",
        "/(?<op>[^#?]+)",
        "/chat/completions$",
        "/.*",
        "/(?<m>[a-z0-9-]+)/v1/(?<rest>.*)$",
        "/(?:(?<t>t\\d+)/)?chat/(?<m>[^/]+)$",
        "/openai/deployments/(?<az>[^#?/]+)/chat/completions",
        "/(?i)models/(?<m>[\\w.-]+)(?::generate|:stream)$",
    ];
    let n = 10_000;
    let mut ps = Patterns::default();
    let pats: Vec<Pattern> = time("parse", n, || {
        (0..n)
            .map(|i| ps.parse(&format!("/team-{}/svc{}{}", i / 50, i % 50, tails[i % tails.len()])).unwrap())
            .collect()
    });
    let catch: Vec<Pattern> =
        ["/(?<model>[^#?/]+)/chat/completions$", "/.*", "/team-1.*", "/(?<a>[^/]+)/(?<b>[^/]+)/(?<c>.*)$"]
            .iter()
            .map(|p| ps.parse(p).unwrap())
            .collect();
    let l = time("new", n, || Languages::new(catch.iter().chain(&pats).map(Paths::Regex)));
    for c in 0..4u32 {
        for round in 0..2 {
            let mut some = 0;
            time(&format!("catch {c} round {round} overlap"), n, || {
                for i in 0..n as u32 {
                    some += l.find(&[PathsId(c), PathsId(4 + i)], &[]).unwrap().is_some() as u32
                }
            });
            time(&format!("catch {c} round {round} inclusion"), n, || {
                for i in 0..n as u32 {
                    some += l.find(&[PathsId(4 + i)], &[PathsId(c)]).unwrap().is_some() as u32
                }
            });
            time(&format!("catch {c} round {round} early none"), n, || {
                for i in 0..n as u32 {
                    some += l.find(&[PathsId(c)], &[PathsId(4 + i)]).unwrap().is_some() as u32
                }
            });
            println!("{some}");
        }
    }
    let c = Captures::default();
    for round in 0..2 {
        time(&format!("captures round {round}"), n, || {
            for p in &pats {
                for g in p.groups() {
                    if let Some(name) = &g.name {
                        for o in [
                            Outcome::Unset,
                            Outcome::Outside(Texts::HostLabel),
                            Outcome::Outside(Texts::NonEmpty),
                        ] {
                            let _ = c.find(p, name, o).unwrap();
                        }
                    }
                }
            }
        });
    }
    // fresh products
    for (a, b) in [(0, 2), (0, 4), (1, 5), (3, 5), (4, 5), (5, 7)] {
        let (a, b) = (Pattern::parse(tails[a]).unwrap(), Pattern::parse(tails[b]).unwrap());
        let l = Languages::new([Paths::Regex(&a), Paths::Regex(&b)]);
        time(&format!("fresh {} & {}", a.written(), b.written()), 1, || {
            l.find(&[PathsId(0), PathsId(1)], &[]).unwrap()
        });
        time("  then inclusion", 1, || l.find(&[PathsId(0)], &[PathsId(1)]).unwrap());
        let cc = Captures::default();
        if let Some(g) = a.groups().first() {
            time("  captures", 1, || {
                cc.find(&a, g.name.as_ref().unwrap(), Outcome::Outside(Texts::HostLabel)).unwrap()
            });
        }
    }
    for h in [
        "/(?<g>(?:.*a.{20}){2})$",
        "/(?<g>\\w{200})$",
        "/(?<g>[^x]{500})$",
        "/.*(?<g>[^x]{500})$",
        "/(?<g>(?:a|b|ab)*)c$",
        "/(?<g>(?:[ab]*a[ab]{12}))$",
        "/(?:(?<g>a)|b|(?:.*x){9})*$",
        "/(?<g>(?:(?:(?:a{30}){30})?){10})$",
        "/(?<g>(?:a?){100}a{100})$",
        "/(?<g>\\pL+\\d+\\w+\\s+)x",
        "/(?i)(?<g>(?:\\w+\\b){20}.*)$",
        "/(?<g>(?:.*\\w.{30}){3}[^/]+)$",
        "/(?<g>(?:.?){800})$",
        "/(?<g>(?:(?:.?){90}x){9})$",
    ] {
        let Ok(p) = Pattern::parse(h) else {
            println!("refused {h}");
            continue;
        };
        let other = Pattern::parse("/.*b.{15}$").unwrap();
        let l = Languages::new([Paths::Regex(&p), Paths::Regex(&other)]);
        println!("{h}");
        let r = time("  overlap", 1, || l.find(&[PathsId(0), PathsId(1)], &[]));
        println!("   {:?}", r.map(|r| r.map(|s| s.len())));
        let r = time("  inclusion", 1, || l.find(&[PathsId(0)], &[PathsId(1)]));
        println!("   {:?}", r.map(|r| r.map(|s| s.len())));
        let r = time("  reverse", 1, || l.find(&[PathsId(1)], &[PathsId(0)]));
        println!("   {:?}", r.map(|r| r.map(|s| s.len())));
        let cc = Captures::default();
        for o in [Outcome::Unset, Outcome::Outside(Texts::HostLabel), Outcome::Outside(Texts::NonEmpty)] {
            let r = time(&format!("  {o:?}"), 1, || cc.find(&p, "g", o));
            println!("   {:?}", r.map(|r| r.map(|s| s.path.len())));
        }
        let r = time("  values", 1, || cc.values(&p, "g", 16));
        println!("   {:?}", r.map(|r| r.map(|s| s.len())));
    }
}
