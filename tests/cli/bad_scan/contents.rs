//! Rows E14 to E18: how much there is, what changes meanwhile, encodings, and files beside the repository.

use super::*;

/// E14, on the scale that a test can make: breadth, depth, size, and one long line.
#[cfg(unix)]
#[test]
fn e14_many_deep_and_large_files() {
    let bad = Bad::new();
    let root = bad.root();
    for folder in 0..100 {
        let folder = root.join(format!("wide/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(file.to_string()), "x\n").unwrap();
        }
    }
    // Near the longest path that the system takes.
    let depth = (4000 - root.as_os_str().len()) / 2;
    let mut deep = root.clone();
    deep.extend(std::iter::repeat_n("d", depth));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("k"), key_line()).unwrap();
    fs::File::create(root.join("sparse")).unwrap().set_len(50 << 30).unwrap();
    let mut long = b"words of a long line, ".repeat(2 << 20);
    long.extend(format!(" {STRIPE_KEY} ").as_bytes());
    fs::write(root.join("long"), long).unwrap();
    let scan = bad.json("", 1);
    assert_eq!(scan["summary"]["files"], 10_002);
    assert_eq!(scan["findings"][0]["places"].as_array().unwrap().len(), 2, "{:.400}", scan);
    assert!(lists(&scan, "skipped", &["sparse", "53687091200 bytes"]), "{:.400}", scan["summary"]);
}

/// E14: Ctrl-C within a second.
#[cfg(unix)]
#[test]
fn e14_a_scan_is_stopped() {
    let bad = Bad::new();
    for number in 0..60 {
        bad.write(&number.to_string(), b"words of a text, \n".repeat(400_000));
    }
    let mut child = bad
        .keyward
        .command(env!("CARGO_BIN_EXE_keyward"))
        .args(["scan", "root", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let stopped = Instant::now();
    let status = child.wait().unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
    // It may have been done before.
    assert!([Some(130), Some(0)].contains(&status.code()), "{status}");
}

/// E15.
#[test]
fn e15_files_that_change_meanwhile() {
    let bad = Bad::new();
    let file = PathBuf::from(bad.write("a.txt", ""));
    let gone = PathBuf::from(bad.write("b.txt", ""));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut size = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                size = (size + 3 * 1024 * 1024) % (16 * 1024 * 1024);
                fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(size).unwrap();
                let _ = fs::remove_file(&gone);
                fs::write(&gone, vec![b'x'; 100_000]).unwrap();
            }
        });
        for _ in 0..15 {
            let root = bad.root().display().to_string();
            let said = bad.keyward.args(&["scan", &root, "--json"], b"");
            assert!([0, 6].contains(&said.status), "{said}");
            let scan = said.json();
            assert_eq!(scan["summary"]["complete"] == true, said.status == 0, "{said}");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// E16; tables of refs are in the scanner's `refs_in_a_format_that_is_not_read`, for which git is too old here.
#[test]
fn e16_odd_repositories() {
    let keyless = |bad: &Bad| bad.json("", 0);
    let bad = Bad::new();
    bad.repo();
    keyless(&bad);

    for head in ["", "ref: refs/heads/none\n", "ref: ../../etc/passwd\n", "nonsense\0\n", "ref: \n"]
    {
        let bad = Bad::new();
        let repo = bad.repo();
        bad.write("a.txt", key_line());
        repo.commit("begin");
        bad.write(".git/HEAD", head);
        let said = bad.scan("--json", 1);
        assert_eq!(
            said.json()["findings"][0]["places"].as_array().unwrap().len(),
            2,
            "{head:?}: {said}"
        );
    }

    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", key_line());
    let id = repo.commit("begin");
    repo.git(&["checkout", "-q", "--detach", &id]);
    bad.json("", 1);
    bad.write(".git/shallow", format!("{id}\n"));
    bad.json("", 1);
    // A format of the future may keep its objects elsewhere; the files can be read in any case.
    for config in [
        "[core\n",
        "[extensions]\n\tobjectFormat = md5\n[core]\n\trepositoryformatversion = 1\n",
        "[core]\n\trepositoryformatversion = 99\n",
        "\0\0\0",
    ] {
        bad.write(".git/config", config);
        bad.scan("", 6).fails(6, "REPO_UNREADABLE");
        bad.scan("--worktree", 1);
    }

    let bad = Bad::new();
    let repo = Repo { path: bad.root() };
    repo.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    bad.write("a.txt", key_line());
    let id = repo.commit("begin");
    assert_eq!(bad.json("--history", 1)["findings"][0]["commit"], id.as_str());
}

/// E17; also the scanner's `encodings_of_files`.
#[test]
fn e17_encodings() {
    let bad = Bad::new();
    let line = format!("é {STRIPE_KEY}\n");
    let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(line.encode_utf16().flat_map(order)).collect::<Vec<u8>>()
    };
    bad.write("utf16le", wide(&[0xff, 0xfe], u16::to_le_bytes));
    bad.write("utf16be", wide(&[0xfe, 0xff], u16::to_be_bytes));
    let utf32: Vec<u8> = [0xff, 0xfe, 0, 0]
        .into_iter()
        .chain(line.chars().flat_map(|c| u32::from(c).to_le_bytes()))
        .collect();
    bad.write("utf32le", utf32);
    bad.write("latin1", [b"\xe9\xff\x80 ", STRIPE_KEY.as_bytes(), b"\xe9"].concat());
    bad.write("mixed", [b"\0\xff\xfe", STRIPE_KEY.as_bytes(), b"\n\xc3\x28"].concat());
    let scan = bad.json("", 1);
    let mut paths: Vec<&str> = scan["findings"][0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["latin1", "mixed", "utf16be", "utf16le", "utf32le"]);
}

/// E17: wrapped up twice. What is split over lines is found of the vault's own values only, see the scanner's
/// `find::split`: without its value nothing says where a token of a stranger's goes on.
#[test]
fn e17_base64_twice() {
    let bad = Bad::new();
    let once = base64(format!("key={STRIPE_KEY}\n").as_bytes());
    bad.write("once", &once);
    bad.json("", 1);
    fs::remove_file(bad.root().join("once")).unwrap();
    bad.write("twice", base64(once.as_bytes()));
    bad.json("", 1);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*part.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= part.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// E18.
#[test]
fn e18_hostile_baselines_and_ignore_files() {
    let bad = Bad::new();
    bad.write("a.txt", key_line());
    let file = bad.keyward.path("baseline");
    let check = |line: usize| {
        let said = bad.scan(&format!("--baseline {file}"), 3).fails(3, "BASELINE_INVALID");
        assert!(said.err.contains(&format!("baseline:{line}:")), "{said}");
    };
    fs::File::create(&file).unwrap().set_len(1 << 30).unwrap();
    check(1);
    fs::write(&file, format!("{{\"version\":1,\n\"findings\":{}", "[".repeat(5_000_000))).unwrap();
    check(2);
    fs::write(&file, format!("version = 1\nx = {}", "[".repeat(5_000_000))).unwrap();
    check(2);
    fs::write(&file, format!("version = 1\n\n{}", "a.".repeat(2_000_000))).unwrap();
    check(3);
    fs::write(&file, "version = 1\n[accepted]\n\"(a+)+$\" = { reason = \"bomb\" }\n").unwrap();
    check(3);
    fs::write(&file, [b'\n', b'\n', 0xff]).unwrap();
    check(3);
    #[cfg(unix)]
    {
        fs::remove_file(&file).unwrap();
        assert!(bad.keyward.command("mkfifo").arg(&file).status().unwrap().success());
        check(1);
    }
    fs::remove_file(&file).unwrap();
    bad.scan(&format!("--baseline {file}"), 4).fails(4, "NOT_FOUND");

    let ignore = PathBuf::from(bad.write(".keywardignore", ""));
    let check = |line: usize| {
        let said = bad.scan("", 3).fails(3, "IGNORE_INVALID");
        assert!(said.err.contains(&format!(".keywardignore:{line}:")), "{said}");
    };
    fs::File::create(&ignore).unwrap().set_len(1 << 30).unwrap();
    check(1);
    fs::write(&ignore, format!("a\nb\n{}\n", "{".repeat(900))).unwrap();
    check(3);
    fs::write(&ignore, format!("a\n{}\n", "*".repeat(5_000))).unwrap();
    check(2);
    // Slow where patterns are tried one way after the other.
    fs::write(&ignore, format!("{}b\n", "*a".repeat(400)).repeat(80)).unwrap();
    bad.write(&"a".repeat(250), "x\n");
    let (said, _) = bad.run(&["scan", &bad.root().display().to_string()]);
    assert!([1, 3].contains(&said.status), "{said}");
    #[cfg(unix)]
    {
        fs::remove_file(&ignore).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &ignore).unwrap();
        check(1);
        fs::remove_file(&ignore).unwrap();
        assert!(bad.keyward.command("mkfifo").arg(&ignore).status().unwrap().success());
        check(1);
    }
}
