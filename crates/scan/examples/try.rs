//! scratch
#![allow(clippy::print_stdout, clippy::unwrap_used)]
fn main() {
    let mut o = keyward_scan::Options::new(".");
    o.paths.clear();
    let mut brief = false;
    for a in std::env::args().skip(1) {
        match a.as_str() {
            "--worktree" => o.sources.worktree = true,
            "--history" => o.sources.history = true,
            "--staged" => o.sources.staged = true,
            "--show" => o.show_secrets = true,
            "--no-ignore" => o.no_ignore = true,
            "--brief" => brief = true,
            a if a.starts_with("--since=") => o.sources.since = Some(a[8..].into()),
            a => o.paths.push(a.into()),
        }
    }
    let rules = keyward_scan::Rules::builtin();
    let t = std::time::Instant::now();
    match keyward_scan::scan(&o, &rules, None, &keyward_scan::Silent, &Default::default()) {
        Ok(mut r) => {
            r.summary.seconds = t.elapsed().as_secs_f64();
            if brief {
                let mut m = std::collections::BTreeMap::new();
                for f in &r.findings {
                    *m.entry((f.confidence.as_str(), f.rule.clone()))
                        .or_insert(0) += 1;
                    println!(
                        "{} {} {}:{} {} places={} {:?}",
                        f.confidence.as_str(),
                        f.rule,
                        f.path,
                        f.line,
                        f.secret,
                        f.places.len(),
                        f.decoded
                    );
                }
                println!("{m:#?}");
                r.findings.clear();
            }
            println!("{}", serde_json::to_string_pretty(&r).unwrap());
        }
        Err(e) => println!("{}: {e}", e.code()),
    }
}
