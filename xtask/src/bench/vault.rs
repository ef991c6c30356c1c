//! `cargo xtask bench vault`: one operation each on vaults of many sizes, as its user would type it, on the
//! sealed file and on a real gnome-keyring, beside `secret-tool`, `pass` and `keepassxc-cli`. Wall time is
//! what somebody waits; the daemon's part of the CPU time is not the program's and is not counted.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{cpu, median, run};
use crate::{Result, root, steps};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// A restore writes and reads back every value; on a keyring, whose file grows with each, not past this.
const MOST_RESTORED: usize = 1_000;

/// The operations in the order of the table.
const WORK: [&str; 6] = ["create", "read", "list", "search", "backup", "restore"];

/// A program and what is typed for each operation; none where it has no such thing. `$N` is another
/// number in each run, `$K` a name that is there, `$D` the folder of the session.
struct Entrant {
    name: &'static str,
    scripts: [Option<&'static str>; 6],
}

const ENTRANTS: [Entrant; 5] = [
    Entrant {
        name: "keyward, sealed file",
        scripts: [
            Some("$FILE keyward add bench/new/n$N --generate"),
            Some("$FILE keyward get bench/prod/$K --reveal"),
            Some("$FILE keyward list --json"),
            Some("$FILE keyward list --json $K"),
            Some("$FILE keyward backup create --out $D/file-$N.age --recipient $R"),
            Some(
                "KEYWARD_HOME=$D/file-home-$N $FILE_TO keyward backup restore $D/file.age --identity $D/age.txt --yes",
            ),
        ],
    },
    Entrant {
        name: "keyward, gnome-keyring",
        scripts: [
            Some("$RING keyward add bench/new/n$N --generate"),
            Some("$RING keyward get bench/prod/$K --reveal"),
            Some("$RING keyward list --json"),
            Some("$RING keyward list --json $K"),
            Some("$RING keyward backup create --out $D/ring-$N.age --recipient $R"),
            Some(
                "KEYWARD_HOME=$D/ring-home-$N keyward backup restore $D/file.age --identity $D/age.txt --yes",
            ),
        ],
    },
    Entrant {
        name: "secret-tool",
        scripts: [
            Some("printf value | secret-tool store --label bench bench n$N"),
            Some("secret-tool lookup bench read"),
            Some("secret-tool search --all xdg:schema org.freedesktop.Secret.Generic"),
            Some("secret-tool search bench read"),
            None,
            None,
        ],
    },
    Entrant {
        name: "pass",
        scripts: [
            Some("pass generate new/n$N 32"),
            Some("pass show prod/$K"),
            Some("pass ls"),
            Some("pass find $K"),
            Some("tar cf $D/pass-$N.tar -C $PASSWORD_STORE_DIR ."),
            Some("mkdir $D/pass-$N && tar xf $D/pass.tar -C $D/pass-$N"),
        ],
    },
    Entrant {
        name: "keepassxc-cli",
        scripts: [
            Some("keepassxc-cli add -q $KX -g $D/kx.kdbx n$N"),
            Some("keepassxc-cli show -q $KX -s -a Password $D/kx.kdbx $K"),
            Some("keepassxc-cli ls -q $KX -R $D/kx.kdbx"),
            Some("keepassxc-cli search -q $KX $D/kx.kdbx $K"),
            Some("cp $D/kx.kdbx $D/kx-$N.kdbx"),
            Some("cp $D/kx.kdbx $D/kx-back-$N.kdbx"),
        ],
    },
];

/// Runs the benchmark: `[--runs N] [SIZE…]`.
pub fn bench(args: &[&str]) -> Result<()> {
    let (runs, sizes) = match args {
        ["--inside", runs, size, folder] => {
            return inside(number(runs)?, number(size)?, Path::new(folder));
        }
        ["--runs", runs, sizes @ ..] => (number(runs)?, sizes),
        sizes => (5, sizes),
    };
    let sizes: Vec<usize> = match sizes {
        [] => SIZES.to_vec(),
        named => named.iter().map(|size| number(size)).collect::<Result<_>>()?,
    };
    steps::cargo(&["build", "--release", "-p", "keyward"])?;
    let itself = std::env::current_exe().map_err(|error| error.to_string())?;
    for size in sizes {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let home = folder.path();
        // A bus and a keyring of its own for each size; nothing of the user's is touched.
        let session = "printf %s bench | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec \"$@\"";
        let status = Command::new("dbus-run-session")
            .args(["--", "bash", "-c", session, "session"])
            .arg(&itself)
            .args(["bench", "vault", "--inside", &runs.to_string(), &size.to_string()])
            .arg(home)
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("KEYWARD_KEYCHAIN")
            .env_remove("KEYWARD_PASSPHRASE_FILE")
            .status();
        if !status.map_err(|error| format!("dbus-run-session: {error}"))?.success() {
            return Err(format!("the benchmark of {size} entries did not end well"));
        }
    }
    Ok(())
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

/// One size, in a session of its own.
fn inside(runs: usize, size: usize, folder: &Path) -> Result<()> {
    let there = seed(size, folder)?;
    println!("\n## {size} entries\n\nWall time in ms (CPU in brackets), medians of {runs}\n");
    println!("| | {} |", WORK.join(" | "));
    println!("| --- |{}", " --- |".repeat(WORK.len()));
    let mut taken = vec![vec![(vec![], vec![]); WORK.len()]; ENTRANTS.len()];
    for run in 0..runs {
        for (work, _) in WORK.iter().enumerate() {
            for (entrant, taken) in ENTRANTS.iter().zip(&mut taken) {
                let on_ring = entrant.name.ends_with("gnome-keyring");
                let is_long = WORK[work] == "restore" && on_ring && size > MOST_RESTORED;
                let Some(script) = entrant.scripts[work].filter(|_| !is_long) else { continue };
                if !there.contains(&entrant.name) {
                    continue;
                }
                let (wall, cpu) = time(script, size, run, folder)?;
                taken[work].0.push(wall);
                taken[work].1.push(cpu);
            }
        }
    }
    for (entrant, taken) in ENTRANTS.iter().zip(taken) {
        let mut row = format!("| {} |", entrant.name);
        for (wall, cpu) in taken {
            let _ = match wall.is_empty() {
                true => write!(row, " – |"),
                false => write!(row, " {:.0} ({:.0}) |", 1e3 * median(wall), 1e3 * median(cpu)),
            };
        }
        println!("{row}");
    }
    Ok(())
}

/// Fills each program's store; the programs that are there.
fn seed(size: usize, folder: &Path) -> Result<Vec<&'static str>> {
    let lines = |line: fn(usize) -> String| (0..size).map(line).collect::<String>();
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    write("passphrase", "correct horse battery staple".to_owned())?;
    write("seeds.env", lines(|n| format!("KEY_{n:05}=value-{n:032x}\n")))?;
    let entry = |n| {
        format!(
            "<Entry><String><Key>Title</Key><Value>key-{n:05}</Value></String><String><Key>Password</Key><Value>value-{n:032x}</Value></String></Entry>\n"
        )
    };
    write(
        "kx.xml",
        format!(
            "<KeePassFile><Meta><DatabaseName>bench</DatabaseName></Meta><Root><Group><Name>Root</Name>{}</Group></Root></KeePassFile>",
            lines(entry)
        ),
    )?;
    let mut there = vec![];
    let stores: [(&[&'static str], &str, &str); 4] = [
        (
            &["keyward, sealed file", "keyward, gnome-keyring"],
            "age-keygen --version",
            "age-keygen -o $D/age.txt && $FILE keyward import dotenv $D/seeds.env --project bench --env prod --yes && $RING keyward import dotenv $D/seeds.env --project bench --env prod --yes && R=$(age-keygen -y $D/age.txt) && $FILE keyward backup create --out $D/file.age --recipient $R",
        ),
        (
            &["secret-tool"],
            "secret-tool --version; test $? -ne 127",
            "printf value | secret-tool store --label bench bench read",
        ),
        (
            &["pass"],
            "pass version && gpg --version",
            "gpg --batch --passphrase '' --quick-gen-key bench default default never && pass init bench && pass generate prod/key 32 && cd $PASSWORD_STORE_DIR/prod && for n in $(seq -f %05.0f 0 $LAST); do cp key.gpg key-$n.gpg; done && tar cf $D/pass.tar -C $PASSWORD_STORE_DIR .",
        ),
        (
            &["keepassxc-cli"],
            "keepassxc-cli --version",
            "head -c 64 /dev/urandom > $D/kx.key && keepassxc-cli import -q --set-key-file $D/kx.key $D/kx.xml $D/kx.kdbx",
        ),
    ];
    for (names, question, script) in stores {
        if run(&mut shell(question, size, 0, folder)).is_err() {
            println!("{} is not installed here and is left out", names[0]);
            continue;
        }
        let started = Instant::now();
        run(&mut shell(script, size, 0, folder))?;
        println!("{} filled in {:.1} s", names[0], started.elapsed().as_secs_f64());
        there.extend(names);
    }
    Ok(there)
}

/// Seconds of wall and CPU time of one operation.
fn time(script: &str, size: usize, run: usize, folder: &Path) -> Result<(f64, f64)> {
    let script = format!("{{ {script}; }} >/dev/null 2>&1; code=$?; times; exit $code");
    let mut command = shell(&script, size, run, folder);
    let started = Instant::now();
    let output = command.stderr(Stdio::null()).output().map_err(|error| error.to_string())?;
    let wall = started.elapsed().as_secs_f64();
    match output.status.success() {
        true => Ok((wall, cpu(&output.stdout))),
        false => Err(format!("this did not work: {script}")),
    }
}

/// A shell for a script, with the variables that it speaks of.
fn shell(script: &str, size: usize, run: usize, folder: &Path) -> Command {
    let at = folder.display();
    let sealed = format!("KEYWARD_KEYCHAIN=file KEYWARD_PASSPHRASE_FILE={at}/passphrase");
    let own = root().join("target/release");
    let path = std::env::var("PATH").unwrap_or_default();
    // The variables are words of the script, so that they are set for its command alone.
    let script = script
        .replace("$FILE_TO", &sealed)
        .replace("$FILE", &format!("KEYWARD_HOME={at}/file {sealed}"))
        .replace("$RING", &format!("KEYWARD_HOME={at}/ring"))
        .replace("$KX", &format!("--no-password -k {at}/kx.key"));
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .env("PATH", format!("{}:{path}", own.display()))
        .env("D", folder)
        .env("N", run.to_string())
        .env("K", format!("key-{:05}", (run * 7919) % size))
        .env("LAST", (size - 1).to_string())
        .env("PASSWORD_STORE_DIR", folder.join("pass"))
        .stdin(Stdio::null());
    let identity = std::fs::read_to_string(folder.join("age.txt")).unwrap_or_default();
    if let Some(recipient) = identity.lines().find_map(|line| line.strip_prefix("# public key: ")) {
        command.env("R", recipient);
    }
    command
}
