//! Measurements beside the peers they are held against, as Markdown tables.
//!
//! `cargo run --release` measures all; `cargo run --release -- routers 10000` one table up to a
//! size (and so `lint` and `proofs`), `cargo run --release -- serve` what serving takes
//! and `translation` what of it translations do. Each size runs in
//! a process of its own, so that memory given back by one does not hide what the next takes.

mod configuration;
mod lint;
mod memory;
mod mixture;
mod process;
mod proofs;
mod routers;
mod serve;
mod turns;

use std::{env, process::Command};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            lint_table(100_000);
            println!();
            proofs_tables(100_000);
            println!();
            routers_table(100_000);
            println!();
            serve::measure();
        }
        ["lint", most] => lint_table(most.parse().expect("a number of routes")),
        ["lint-rows", routes] => lint_rows(routes.parse().expect("a number of routes")),
        ["read-values", path] => lint::read_values(path),
        ["proofs", most] => proofs_tables(most.parse().expect("a number of routes")),
        ["proofs-rows", routes] => proofs_rows("contested", routes.parse().expect("a number of routes")),
        ["unkind-rows", shape] => proofs_rows(shape, UNKIND_ROUTES),
        ["check", path] => proofs::check(path),
        ["compile", path] => proofs::compile(path),
        ["routers", most] => routers_table(most.parse().expect("a number of routes")),
        ["routers-rows", routes] => routers_rows(routes.parse().expect("a number of routes")),
        ["serve"] => serve::measure(),
        ["translation"] => serve::measure_translation(),
        ["bare-proxy", upstream] => serve::bare_proxy(upstream.parse().expect("an address")),
        _ => {
            eprintln!("usage: bench [lint MOST | proofs MOST | routers MOST | serve | translation]");
            std::process::exit(2);
        }
    }
}

fn lint_table(most: usize) {
    println!("| routes | file | program | wall | CPU | × | peak memory |");
    println!("|---:|---:|---|---:|---:|---:|---:|");
    rows_of_each("lint-rows", &[1_000, 10_000, 100_000], most);
}

fn lint_rows(routes: usize) {
    let (size, figures) = lint::measure(routes);
    for (name, program) in &figures {
        println!(
            "| {routes} | {:.1} MB | {name} | {:.0} ms | {:.0} ms | {:.2} | {:.0} MiB |",
            size as f64 / 1e6,
            program.wall.as_secs_f64() * 1e3,
            program.cpu.as_secs_f64() * 1e3,
            program.cpu.as_secs_f64() / figures[0].1.cpu.as_secs_f64(),
            program.peak as f64 / f64::from(1 << 20),
        );
    }
}

/// How many routes the files have that are unkind to proofs.
const UNKIND_ROUTES: usize = 10_000;

fn proofs_tables(most: usize) {
    let columns = "file | `aiproxy lint`, CPU | of this proofs | findings | left open | peak memory";
    println!("| routes | {columns} |\n|---:|---:|---:|---:|---:|---:|---:|");
    rows_of_each("proofs-rows", &[100, 1_000, 10_000, 100_000], most);
    println!("\n| {UNKIND_ROUTES} routes | {columns} |\n|---|---:|---:|---:|---:|---:|---:|");
    for (shape, _) in &proofs::SHAPES[1..] {
        rows("unkind-rows", shape);
    }
}

fn proofs_rows(shape: &str, routes: usize) {
    let found = proofs::measure(shape, routes);
    println!(
        "| {} | {:.1} MB | {:.0} ms | {:.0} ms | {} | {} | {:.0} MiB |",
        if shape == "contested" { routes.to_string() } else { shape.to_owned() },
        found.size as f64 / 1e6,
        found.lint.cpu.as_secs_f64() * 1e3,
        found.cpu.as_secs_f64() * 1e3,
        found.findings,
        if found.open.is_empty() { "–".to_owned() } else { found.open.join("; ") },
        found.lint.peak as f64 / f64::from(1 << 20),
    );
}

fn routers_table(most: usize) {
    println!("| routes | router | lookup | × | fastest round | build | memory |");
    println!("|---:|---|---:|---:|---:|---:|---:|");
    rows_of_each("routers-rows", &[10, 100, 1_000, 10_000, 100_000], most);
}

/// Has each size measured by a child, which prints its rows.
fn rows_of_each(command: &str, sizes: &[usize], most: usize) {
    for routes in sizes.iter().filter(|routes| **routes <= most) {
        rows(command, &routes.to_string());
    }
}

fn rows(command: &str, of: &str) {
    let program = env::current_exe().expect("this program has a path");
    let status = Command::new(program).args([command, of]).status();
    assert!(status.expect("this program starts").success(), "measuring {of} failed");
}

fn routers_rows(routes: usize) {
    let figures = routers::measure(routes);
    for router in &figures {
        println!(
            "| {routes} | {} | {} | {:.1} | {} | {:.1} ms | {:.1} MiB |",
            router.name,
            duration(router.lookup),
            router.lookup / figures[0].lookup,
            router.undisturbed.map_or("–".to_owned(), duration),
            router.build.as_secs_f64() * 1e3,
            router.memory as f64 / f64::from(1 << 20),
        );
    }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e4 => format!("{small:.0} ns"),
        middle if middle < 1e7 => format!("{:.1} µs", middle / 1e3),
        large => format!("{:.1} ms", large / 1e6),
    }
}
