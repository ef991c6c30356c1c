//! Which files on disk are looked into, and where in them a key is.

mod common;

use common::{Repo, found, key, notices, place, run, shown};
use keyward_scan::{Decoding, Options, ScanError, Source};

fn files_only(repo: &Repo) -> Options {
    let mut options = repo.options();
    options.sources.worktree = true;
    options
}

#[test]
fn ignored_files_are_left_out_unless_tracked() {
    let repo = Repo::new();
    repo.write("tracked.log", format!("{}\n", key(1)));
    repo.write("deep/tracked.tmp", format!("{}\n", key(2)));
    repo.write("plain.txt", "nothing here\n");
    repo.commit("before ignoring");
    repo.write(".gitignore", "*.log\nbuild/\n");
    repo.write("deep/.gitignore", "*.tmp\n!kept.tmp\n");
    repo.write("ignored.log", key(3));
    repo.write("build/out", key(4));
    repo.write("deep/ignored.tmp", key(5));
    repo.write("deep/kept.tmp", key(6));
    repo.write(".hidden/file", key(7));
    repo.write(".ignore", "*\n");
    let report = run(&files_only(&repo)).expect("a report");
    for number in [1, 2, 6, 7] {
        assert_eq!(found(&report, number).source, Source::Worktree);
    }
    assert_eq!(report.findings.len(), 4);
    assert_eq!(report.summary.files, 8, "each file once, the ignore files too");
    let mut options = files_only(&repo);
    options.no_ignore = true;
    assert_eq!(run(&options).expect("a report").findings.len(), 7);
}

#[test]
fn plain_folders_and_single_files() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.txt"), format!("\n {}\n", key(1))).expect("a file");
    std::fs::write(folder.path().join(".gitignore"), "*\n").expect("a file");
    let report = run(&shown(folder.path())).expect("a report");
    assert_eq!(place(&found(&report, 1)), ("a.txt", 2, None, Source::Worktree));
    assert_eq!(report.summary.files, 2, "without a repository nothing is ignored");
    let report = run(&shown(&folder.path().join("a.txt"))).expect("a report");
    assert_eq!(place(&found(&report, 1)), ("a.txt", 2, None, Source::Worktree));
    assert!(matches!(run(&shown(&folder.path().join("none"))), Err(ScanError::NotFound { .. })));
    let mut options = shown(folder.path());
    options.sources.history = true;
    assert!(matches!(run(&options), Err(ScanError::NotARepository { .. })));
}

#[test]
fn encodings_of_files() {
    let repo = Repo::new();
    let wide: Vec<u8> =
        format!("é\r\nk={}\r\n", key(1)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.write("utf16.txt", [&[0xff, 0xfe][..], &wide].concat());
    repo.write("nul.bin", [b"\0\0\n".as_slice(), key(2).as_bytes(), b"\0"].concat());
    repo.write("crlf.txt", format!("a\r\nb {}\r\n", key(3)));
    repo.write("latin1.txt", [b"caf\xe9 ".as_slice(), key(4).as_bytes()].concat());
    repo.write("one-line.js", format!("{}{};", "x=1;".repeat(300_000), key(5)));
    let report = run(&files_only(&repo)).expect("a report");
    let utf16 = found(&report, 1);
    assert_eq!((utf16.line, utf16.column, utf16.end_column), (2, 5, 5 + 64));
    assert_eq!(utf16.decoded, [Decoding::Utf16]);
    assert_eq!(place(&found(&report, 2)), ("nul.bin", 2, None, Source::Worktree));
    assert_eq!(place(&found(&report, 3)), ("crlf.txt", 2, None, Source::Worktree));
    assert_eq!(found(&report, 4).column, 6);
    assert_eq!(found(&report, 5).column, 1_200_001);
}

#[test]
fn an_env_file_that_is_not_ignored_is_pointed_out() {
    let repo = Repo::new();
    repo.write(".env.example", "KEY=\n");
    assert!(notices(&repo.scan()).is_empty(), "a sample is meant to be shared");
    repo.write("app/.env", "A=1\n");
    repo.write(".env.local", "A=1\n");
    let report = repo.scan();
    let notice = &report.summary.notices[0];
    assert_eq!(notice.code, "ENV_NOT_IGNORED");
    assert!(notice.message.contains(".env.local, app/.env"), "{}", notice.message);
    repo.write(".gitignore", ".env\n.env.*\n");
    let mut options = repo.options();
    for no_ignore in [false, true] {
        options.no_ignore = no_ignore;
        assert!(notices(&run(&options).expect("a report")).is_empty());
    }
}

#[test]
fn one_key_in_many_files_is_one_finding() {
    let repo = Repo::new();
    for name in ["c", "a", "b"] {
        repo.write(name, format!("{0} {0}\n", key(1)));
    }
    let finding = found(&repo.scan(), 1);
    let places: Vec<_> =
        finding.places.iter().map(|place| (place.path.as_str(), place.column)).collect();
    assert_eq!(places, [("a", 1), ("a", 34), ("b", 1), ("b", 34), ("c", 1), ("c", 34)]);
}

#[test]
fn a_file_that_is_one_keyword_throughout_is_searched_in_pieces() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{}\n{}\n", "a".repeat(600_000), key(1));
    std::fs::write(folder.path().join("a.txt"), text).expect("a file");
    let report = run(&shown(folder.path())).expect("a report");
    assert_eq!(found(&report, 1).line, 2, "the last piece is reached");
}
