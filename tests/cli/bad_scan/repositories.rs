//! Rows E01 to E13: what a repository says, is made of, or leads to.

use super::*;

/// E01, E02; also `scan::a_repository_that_would_run_programs_runs_none` and, with every setting named,
/// `an_armed_config_runs_nothing_and_is_named` of the scanner.
#[test]
fn e01_e02_configs_and_attributes_that_run_programs() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write(".gitattributes", "*.txt filter=evil diff=evil merge=evil\n*.env -diff\n");
    bad.write("a.txt", key_line());
    bad.write("b.env", STRIPE_KEY.replace("51Kw", "62Lx"));
    repo.commit("begin");
    let touch = bad.touch();
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "gpg.program",
        "merge.evil.driver",
        "credential.helper",
        "uploadpack.packObjectsHook",
    ] {
        repo.git(&["config", name, &touch]);
    }
    repo.git(&["config", "alias.st", &format!("!{touch}")]);
    repo.git(&["config", "core.hooksPath", "hooks"]);
    bad.write("hooks/post-index-change", format!("#!/bin/sh\n{touch}\n"));
    bad.write("b.env", "changed\n");
    for mode in ["", "--staged", "--history", "--worktree", "--no-ignore"] {
        let scan = bad.json(mode, i32::from(mode != "--staged"));
        assert!(lists(&scan, "notices", &["REPO_RUNS_CODE", "core.fsmonitor"]), "{scan}");
    }
    assert_eq!(bad.json("", 1)["summary"]["findings"], 2, "-diff hides nothing");
}

/// E03. A gigabyte takes git itself long; the size is read from the header whatever it is.
#[test]
fn e03_a_huge_blob_is_skipped_by_its_header() {
    let bad = Bad::new();
    let repo = bad.repo();
    let zeros = bad.keyward.path("zeros");
    fs::File::create(&zeros).unwrap().set_len(256 << 20).unwrap();
    repo.git(&["-c", "core.compression=1", "hash-object", "-w", &zeros]);
    let (said, memory) =
        bad.run(&["scan", &bad.root().display().to_string(), "--history", "--json"]);
    let scan = said.exits(0).json();
    assert!(memory < 150 * 1024, "{memory} KiB");
    assert!(lists(&scan, "skipped", &["object", "268435456 bytes", "--max-blob"]), "{scan}");
    assert_eq!(scan["summary"]["complete"], true);
}

/// E04; a header that lies is in the scanner's `damaged_loose_objects_are_said_and_passed`.
#[test]
fn e04_damaged_loose_objects() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("leak.txt", key_line());
    let blobs: Vec<String> = ["one", "two", "three", "four"]
        .iter()
        .map(|name| {
            bad.write(name, format!("{name}\n").repeat(500));
            repo.git(&["hash-object", "-w", name])
        })
        .collect();
    repo.commit("begin");
    let object = |id: &str| bad.root().join(".git/objects").join(&id[..2]).join(&id[2..]);
    let put = |id: &str, bytes: &[u8]| {
        fs::remove_file(object(id)).unwrap();
        fs::write(object(id), bytes).unwrap();
    };
    let good = fs::read(object(&blobs[0])).unwrap();
    put(&blobs[1], b"not zlib at all");
    put(&blobs[2], &good[..good.len() / 2]);
    put(&blobs[3], &[]);
    let scan = bad.json("--history", 1);
    assert_eq!(scan["summary"]["complete"], false);
    for id in &blobs[1..] {
        assert!(lists(&scan, "skipped", &[id]), "{id}: {scan}");
    }
    // A good object under a foreign name.
    put(&blobs[1], &good);
    let scan = bad.json("--history", 1);
    assert!(lists(&scan, "skipped", &[&blobs[1]]), "{scan}");
    // Nothing found is not a clean repository.
    fs::remove_file(bad.root().join("leak.txt")).unwrap();
    assert_eq!(bad.json("--worktree", 0)["summary"]["findings"], 0);
    assert!(bad.scan("", 1).out.contains("Not everything could be read."));
}

/// E05; long chains and cycles are in the scanner's `chains_of_deltas_are_followed_within_reason` and
/// `cycles_of_deltas_end`.
#[test]
fn e05_damaged_packs() {
    let bad = Bad::new();
    let repo = bad.repo();
    for number in 0..40 {
        bad.write("a.txt", format!("{number}\n").repeat(300));
        repo.commit("more");
    }
    repo.git(&["gc", "-q", "--aggressive", "--prune=now"]);
    let folder = bad.root().join(".git/objects/pack");
    let pack = |end: &str| {
        let mut files = fs::read_dir(&folder).unwrap().map(|one| one.unwrap().path());
        files.find(|path| path.extension().is_some_and(|one| one == end)).unwrap()
    };
    for end in ["idx", "pack"] {
        let file = pack(end);
        let good = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let mut flipped = good.clone();
        for at in (100..flipped.len()).step_by(97) {
            flipped[at] ^= 0xff;
        }
        for (what, bytes) in [
            ("cut in half", &good[..good.len() / 2]),
            ("cut in its head", &good[..5]),
            ("empty", &[]),
            ("of another kind", b"#!/bin/sh\necho no pack\n".as_slice()),
            ("flipped", &flipped),
        ] {
            fs::write(&file, bytes).unwrap();
            let scan = bad.json("--history", 6);
            assert_eq!(scan["summary"]["complete"], false, "{end} {what}: {scan}");
            assert!(!scan["summary"]["skipped"].as_array().unwrap().is_empty(), "{end} {what}");
        }
        fs::write(&file, &good).unwrap();
    }
    bad.json("--history", 0);
}

/// E06, E07; also the scanner's `pipes_and_links_are_not_opened`.
#[cfg(unix)]
#[test]
fn e06_e07_links_pipes_sockets_and_devices() {
    use std::os::unix::fs::symlink;
    let bad = Bad::new();
    bad.keyward.create("outside/secret.txt", key_line());
    bad.write("a.txt", "nothing\n");
    let root = bad.root();
    for (target, name) in [
        ("/etc/passwd", "passwd"),
        ("..", "up"),
        ("../outside", "folder"),
        ("../outside/secret.txt", "file"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
        ("fifo", "to-fifo"),
        ("/dev/zero", "zero"),
        (".", "self"),
    ] {
        symlink(target, root.join(name)).unwrap();
    }
    assert!(bad.keyward.command("mkfifo").arg(root.join("fifo")).status().unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    // Only root may make devices.
    let device = bad
        .keyward
        .command("mknod")
        .arg(root.join("device"))
        .args(["c", "1", "5"])
        .output()
        .unwrap();
    let scan = bad.json("", 0);
    for name in ["passwd", "up", "folder", "file", "loop-a", "loop-b", "to-fifo", "zero", "self"] {
        assert!(lists(&scan, "skipped", &[&format!("\"{name}\""), "link"]), "{name}: {scan}");
    }
    let plain = ["fifo", "socket"].into_iter().chain(device.status.success().then_some("device"));
    for name in plain {
        assert!(
            lists(&scan, "skipped", &[&format!("\"{name}\""), "not a plain file"]),
            "{name}: {scan}"
        );
    }
    assert_eq!(scan["summary"]["files"], 1);
    let fifo = root.join("fifo").display().to_string();
    let (said, _) = bad.run(&["scan", &fifo]);
    assert!([0, 3, 6].contains(&said.status), "{said}");
}

/// E08.
#[cfg(target_os = "linux")]
#[test]
fn e08_names_that_are_not_for_showing() {
    use std::os::unix::ffi::OsStrExt as _;
    let bad = Bad::new();
    let repo = bad.repo();
    let long = "x".repeat(255);
    let names: [&[u8]; 8] = [
        b"new\nline",
        b"\xff\xfe",
        b"--help",
        long.as_bytes(),
        b"\x1b[2Jclear\x07",
        b"<img src=x onerror=alert(1)>",
        "\u{202e}txt.exe".as_bytes(),
        b"=cmd|'calc'!A0,\"x\"",
    ];
    for (number, name) in names.iter().enumerate() {
        let key = STRIPE_KEY.replace("51Kw", &format!("5{number}Kw"));
        fs::write(bad.root().join(std::ffi::OsStr::from_bytes(name)), key).unwrap();
    }
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "begin"]);
    let scan = bad.json("", 1);
    let paths: Vec<&str> = scan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), names.len(), "{paths:?}");
    assert!(paths.contains(&"%FF%FE") && paths.contains(&"new\nline") && paths.contains(&"--help"));
    // `scan` looks for escape characters in each of these.
    let text = bad.scan("", 1);
    assert!(!text.out.contains("new\nline") && !text.out.contains('\u{202e}'), "{text}");
    let html = bad.scan("--format html", 1);
    assert!(!html.out.contains("<img") && !html.out.contains('\u{202e}'), "{html}");
    let markdown = bad.scan("--format markdown", 1);
    assert!(!markdown.out.contains("<img") && !markdown.out.contains("new\nline"), "{markdown}");
    bad.scan("--format sarif", 1).json();
    let baseline = bad.keyward.path("known.toml");
    bad.keyward.run(&format!("scan root --write-baseline {baseline} --reason x")).ok();
    bad.json(&format!("--baseline {baseline}"), 0);
}

/// E08: what a spreadsheet would run; apart, as control characters stay in cells.
#[cfg(unix)]
#[test]
fn e08_cells_are_no_formulas() {
    let bad = Bad::new();
    bad.write("=cmd|'calc'!A0", key_line());
    assert!(bad.scan("--format csv", 1).out.contains("\"'=cmd|'calc'!A0\""));
}

/// E09.
#[test]
fn e09_a_git_file_that_leads_elsewhere() {
    let bad = Bad::new();
    let other = Repo::new(&bad.keyward.dir.path().join("other"));
    other.write("a.txt", "nothing\n");
    other.commit("begin");
    for target in ["/etc", "../other/.git", "../other"] {
        bad.write(".git", format!("gitdir: {target}\n"));
        bad.scan("", 3).fails(3, "REPO_OUTSIDE_ROOT");
    }
    for target in ["../../other", "/nonexistent", ""] {
        bad.write(".git", format!("gitdir: {target}\n"));
        bad.scan("", 6).fails(6, "REPO_UNREADABLE");
    }
    // A linked work tree points back, and is scanned.
    let linked = bad.keyward.path("linked");
    other.git(&["worktree", "add", "-q", &linked]);
    bad.keyward.run(&format!("scan {linked}")).ok();
}

/// E10.
#[test]
fn e10_a_bare_repository_inside() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", "nothing\n");
    let inner = bad.root().join("inner.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &inner]);
    let config = format!("[core]\n\tfsmonitor = {}\n# {STRIPE_KEY}\n", bad.touch());
    bad.write("inner.git/config", config);
    let scan = bad.json("", 1);
    assert_eq!(scan["findings"][0]["path"], "inner.git/config");
    assert!(!lists(&scan, "notices", &["REPO_RUNS_CODE"]), "its config was read: {scan}");
}

/// E11; also the scanner's `a_partial_clone_counts_what_is_missing` and
/// `a_submodule_is_scanned_by_itself_and_ignored_in_trees`.
#[test]
fn e11_submodules_and_promises_fetch_nothing() {
    let bad = Bad::new();
    let repo = bad.repo();
    let touch = bad.touch();
    bad.write(
        ".gitmodules",
        format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c '{touch}'\n\tupdate = !{touch}\n[submodule \"y\"]\n\tpath = y\n\turl = file:///etc\n"),
    );
    bad.write("a.txt", "one\n");
    let first = repo.commit("begin");
    let blob = repo.git(&["rev-parse", "HEAD:a.txt"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{first},x")]);
    repo.git(&["commit", "-q", "-m", "module"]);
    for (name, value) in [
        ("remote.origin.url", format!("ext::{touch}")),
        ("remote.origin.promisor", "true".to_owned()),
        ("remote.origin.partialclonefilter", "blob:none".to_owned()),
        ("extensions.partialClone", "origin".to_owned()),
        ("core.repositoryformatversion", "1".to_owned()),
        ("protocol.ext.allow", "always".to_owned()),
    ] {
        repo.git(&["config", name, &value]);
    }
    fs::remove_file(bad.root().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let scan = bad.json("--history", 6);
    assert_eq!(scan["summary"]["complete"], false);
    let told = scan["summary"].to_string();
    assert!(told.contains("missing") || told.contains("not here"), "{scan}");
}

/// E12; also the scanner's `alternates_are_followed_inside_only`.
#[test]
fn e12_alternates() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", "one\n");
    repo.commit("begin");
    let other = Repo::new(&bad.keyward.dir.path().join("other"));
    other.write("leak.txt", &key_line());
    other.commit("leak");
    let objects = other.path.join(".git/objects").display().to_string();
    bad.write(".git/objects/info/alternates", format!("{objects}\n/nonexistent\n../objects\n.\n"));
    let scan = bad.json("--history", 0);
    assert!(scan["summary"]["notices"].to_string().contains("OBJECTS_ELSEWHERE"), "{scan}");
}

/// E13.
#[cfg(unix)]
#[test]
fn e13_a_repository_of_another_user() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", key_line());
    repo.commit("begin");
    // Only root may give files away.
    let given =
        bad.keyward.command("chown").args(["-R", "12345"]).arg(bad.root()).output().unwrap();
    let scan = bad.json("", 1);
    if given.status.success() {
        assert!(
            lists(&scan, "notices", &["owner"]) || lists(&scan, "notices", &["OTHER"]),
            "{scan}"
        );
    }
}
