//! Repositories and files made to harm: nothing is run, nothing outside is read, nothing ends the scan, and
//! what could not be read is said.

mod common;

use std::io::Write as _;
use std::path::Path;

use common::{Repo, found, key, notices, place, run, shown};
use keyward_scan::{Report, RuleErrorCode, Rules, ScanError, Source};

fn reasons(report: &Report) -> Vec<(&str, &str)> {
    report
        .summary
        .skipped
        .iter()
        .map(|skipped| (skipped.path.as_str(), skipped.reason.as_str()))
        .collect()
}

/// Writes a loose object under any id.
fn loose(repo: &Repo, id: &str, bytes: &[u8]) {
    let folder = repo.path.join(".git/objects").join(&id[..2]);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(&id[2..]), bytes).expect("a file");
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut out =
        gix::zlib::stream::deflate::Write::new(Vec::new(), gix::zlib::Compression::DEFAULT);
    out.write_all(bytes).expect("memory");
    out.flush().expect("memory");
    out.into_inner()
}

#[test]
fn an_armed_config_runs_nothing_and_is_named() {
    let repo = Repo::new();
    let marker = repo.beside("marker");
    let touch = format!("touch {}", marker.display());
    repo.write(".gitattributes", "*.txt filter=evil diff=evil\n");
    repo.write("a.txt", format!("{}\n", key(1)));
    repo.commit("one");
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
        "diff.evil.command",
        "gpg.program",
        "merge.evil.driver",
        "credential.helper",
    ] {
        repo.git(&["config", name, &touch]);
    }
    repo.git(&["config", "alias.st", &format!("!{touch}")]);
    repo.git(&["config", "core.hooksPath", "evil-hooks"]);
    let mut options = repo.options();
    options.sources.staged = true;
    options.sources.history = true;
    options.sources.worktree = true;
    let report = run(&options).expect("a report");
    assert!(!marker.exists(), "a program was run");
    assert_eq!(found(&report, 1).path, "a.txt");
    let notice = report
        .summary
        .notices
        .iter()
        .find(|notice| notice.code == "REPO_RUNS_CODE")
        .expect("a notice");
    for name in
        ["core.fsmonitor", "filter.evil.clean", "alias.st", "core.hookspath", "diff.evil.textconv"]
    {
        assert!(notice.message.contains(name), "{name}: {}", notice.message);
    }
}

#[test]
fn a_plain_config_is_not_alarming() {
    let repo = Repo::new();
    repo.git(&["config", "core.fsmonitor", "true"]);
    repo.git(&["config", "alias.st", "status"]);
    assert!(notices(&repo.scan()).is_empty());
}

#[test]
fn a_git_file_may_not_lead_outside() {
    let repo = Repo::new();
    repo.commit("one");
    let victim = repo.beside("victim");
    std::fs::create_dir(&victim).expect("a folder");
    for target in
        [repo.path.join(".git").display().to_string(), "../repo/.git".to_owned(), "/etc".to_owned()]
    {
        std::fs::write(victim.join(".git"), format!("gitdir: {target}\n")).expect("a file");
        match run(&shown(&victim)) {
            Err(error @ ScanError::RepositoryOutsideRoot { .. }) => {
                assert_eq!(error.code(), "REPO_OUTSIDE_ROOT")
            }
            other => panic!("{target}: {other:?}"),
        }
    }
    // A folder inside that claims to be a work tree of a repository elsewhere.
    let inside = victim.join("inner/worktrees/x");
    std::fs::create_dir_all(&inside).expect("a folder");
    std::fs::write(victim.join(".git"), "gitdir: inner/worktrees/x\n").expect("a file");
    std::fs::write(inside.join("commondir"), repo.path.join(".git").display().to_string())
        .expect("a file");
    std::fs::write(inside.join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    assert!(matches!(run(&shown(&victim)), Err(ScanError::RepositoryOutsideRoot { .. })));
}

#[test]
fn damaged_loose_objects_are_said_and_passed() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    let name = |digit: &str| digit.repeat(40);
    loose(&repo, &name("1"), b"this is not zlib");
    loose(&repo, &name("2"), &zlib(b"blob 99999\0short"));
    loose(&repo, &name("3"), &zlib(b"blob 3\0longer than it says"));
    loose(&repo, &name("4"), &zlib(b"blob 5\0wrong"));
    loose(&repo, &name("5"), &zlib(b"blob 18446744073709551615\0"));
    loose(&repo, &name("6"), b"");
    loose(&repo, &name("7"), &zlib(b"nonsense"));
    let report = repo.scan();
    assert_eq!(found(&report, 1).path, "f", "the scan goes on");
    assert!(!report.summary.complete);
    for digit in 1..=7 {
        let path = format!("object {}", name(&digit.to_string()));
        assert!(report.summary.skipped.iter().any(|skipped| skipped.path == path), "{path}");
    }
}

#[test]
fn damaged_packs_are_said_and_passed() {
    let repo = Repo::new();
    for number in 0..40 {
        repo.write("f", format!("{}{number}\n", "line\n".repeat(100)));
        repo.commit("step");
    }
    repo.git(&["gc", "-q"]);
    repo.write("late", format!("{}\n", key(1)));
    repo.commit("late");
    let folder = repo.path.join(".git/objects/pack");
    let with = |extension: &str| {
        let mut entries =
            std::fs::read_dir(&folder).expect("packs").map(|entry| entry.expect("an entry").path());
        entries.find(|path| path.extension().is_some_and(|ext| ext == extension)).expect("a pack")
    };
    for extension in ["idx", "pack"] {
        let path = with(extension);
        let good = std::fs::read(&path).expect("a file");
        let mut permissions = path.metadata().expect("it is there").permissions();
        #[allow(clippy::permissions_set_readonly_false)]
        permissions.set_readonly(false);
        std::fs::set_permissions(&path, permissions).expect("it is ours");
        let check = |bytes: &[u8], what: &str| {
            std::fs::write(&path, bytes).expect("a file");
            let report = repo.history();
            assert_eq!(found(&report, 1).path, "late", "{what}");
            assert!(!report.summary.complete, "{what}");
        };
        check(&good[..good.len() / 2], "cut in half");
        check(&good[..20], "cut short");
        check(&[], "empty");
        let mut flipped = good.clone();
        for at in (1_200..flipped.len().saturating_sub(60)).step_by(97) {
            flipped[at] ^= 0x55;
        }
        check(&flipped, "flipped");
        std::fs::write(&path, &good).expect("a file");
    }
    assert!(repo.history().summary.complete);
}

#[test]
fn a_missing_blob_is_never_called_complete() {
    let repo = Repo::new();
    repo.write("f", "content\n");
    repo.commit("one");
    let id = repo.git(&["rev-parse", "HEAD:f"]);
    std::fs::remove_file(repo.path.join(".git/objects").join(&id[..2]).join(&id[2..]))
        .expect("it is loose");
    let report = repo.history();
    assert!(!report.summary.complete);
    assert_eq!(reasons(&report), [(".git/objects", "1 object is missing from the repository")]);
}

#[test]
fn large_blobs_are_skipped_by_their_header() {
    let repo = Repo::new();
    repo.write("big", vec![0_u8; 3 << 20]);
    repo.commit("big");
    let mut options = repo.options();
    options.max_blob = 1 << 20;
    for pack in [false, true] {
        if pack {
            repo.git(&["gc", "-q"]);
        }
        let report = run(&options).expect("a report");
        assert!(report.summary.complete, "what is over the limit was left out on purpose");
        let said = reasons(&report);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|(_, reason)| reason.starts_with("3145728 bytes")), "{said:?}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_links_are_not_opened() {
    let repo = Repo::new();
    let secret = repo.beside("outside");
    std::fs::write(&secret, key(1)).expect("a file");
    std::os::unix::fs::symlink(&secret, repo.path.join("link")).expect("a link");
    std::os::unix::fs::symlink("..", repo.path.join("loop")).expect("a link");
    for pipe in ["pipe", ".git/objects/pack/pack-1.idx", ".git/refs/heads/pipe", ".git/packed-refs"]
    {
        let made = std::process::Command::new("mkfifo").arg(repo.path.join(pipe)).status();
        assert!(made.expect("mkfifo").success());
    }
    let report = repo.scan();
    assert!(report.findings.is_empty());
    let said = reasons(&report);
    for (path, what) in [("link", "link"), ("loop", "link"), ("pipe", "not a plain file")] {
        assert!(
            said.iter().any(|(p, reason)| *p == path && reason.starts_with(what)),
            "{path}: {said:?}"
        );
    }
}

#[cfg(unix)]
/// A split index names the one that it builds on.
#[test]
#[cfg(unix)]
fn a_split_index_leads_to_no_other_place_and_comes_to_an_end() {
    let repo = Repo::new();
    repo.write("a.txt", key(1));
    repo.commit("first");
    repo.git(&["update-index", "--split-index"]);
    let git = repo.path.join(".git");
    let shared = std::fs::read_dir(&git)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("sharedindex."))
        .expect("git wrote one");
    let staged = || {
        let mut options = repo.options();
        options.sources.staged = true;
        run(&options).expect("a report")
    };
    assert!(staged().summary.complete);

    // An index that builds on itself.
    let index = std::fs::read(git.join("index")).expect("an index");
    let name = shared.file_name().expect("a name").to_string_lossy().into_owned();
    let id = hex(name.trim_start_matches("sharedindex."));
    let end = index.len() - 20;
    std::fs::remove_file(&shared).expect("it is there");
    std::fs::write(&shared, [&index[..end], &id].concat()).expect("a file");
    assert_eq!(reasons(&staged()), [(".git/index", "the index is damaged")]);

    // A pipe, which would be waited for, and a link.
    std::fs::remove_file(&shared).expect("it is there");
    assert!(std::process::Command::new("mkfifo").arg(&shared).status().expect("mkfifo").success());
    assert_eq!(reasons(&staged()), [(".git/index", "the index is damaged")]);
    std::fs::remove_file(&shared).expect("it is there");
    std::os::unix::fs::symlink(repo.beside("elsewhere"), &shared).expect("a link");
    assert_eq!(reasons(&staged()), [(".git/index", "the index is damaged")]);
}

#[cfg(unix)]
fn hex(digits: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
    (0..digits.len()).step_by(2).map(pair).collect()
}

#[test]
fn a_revision_may_name_what_is_no_tag() {
    let repo = Repo::new();
    repo.write("a.txt", "text");
    repo.commit("first");
    let text = repo.beside("tag");
    for broken in ["nothing of a tag", "object 12\ntype commit\ntag x\n\n"] {
        std::fs::write(&text, broken).expect("a file");
        let text = text.to_str().expect("UTF-8");
        let id = repo.git(&["hash-object", "-t", "tag", "-w", "--literally", text]);
        std::fs::write(repo.path.join(".git/refs/tags/broken"), &id).expect("a file");
        for revision in ["broken", "broken~1", &id] {
            let mut options = repo.options();
            options.sources.since = Some(revision.to_owned());
            assert!(matches!(run(&options), Err(ScanError::RevisionNotFound { .. })));
        }
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Repo::new();
    let name = std::ffi::OsStr::from_bytes(b"a\xff\n\x1b[31m.txt");
    std::fs::write(repo.path.join(name), key(1)).expect("a file");
    repo.commit("one");
    assert_eq!(found(&repo.scan(), 1).path, "a%FF\n\u{1b}[31m.txt");
}

#[test]
fn alternates_are_followed_inside_only() {
    let donor = Repo::new();
    donor.write("f", format!("{}\n", key(1)));
    donor.commit("one");
    let repo = Repo::new();
    repo.write("g", "x\n");
    repo.commit("two");
    let info = repo.path.join(".git/objects/info");
    std::fs::create_dir_all(&info).expect("a folder");
    let objects = donor.path.join(".git/objects");
    std::fs::write(info.join("alternates"), format!("{}\n../objects\n", objects.display()))
        .expect("a file");
    let report = repo.history();
    assert!(report.findings.is_empty(), "objects outside were read");
    assert_eq!(notices(&report), ["REPO_OBJECTS_ELSEWHERE"]);

    let inside = repo.path.join("donor");
    copy(&donor.path.join(".git"), &inside);
    std::fs::write(info.join("alternates"), "../../donor/objects\n../objects\n").expect("a file");
    std::fs::create_dir_all(inside.join("objects/info")).expect("a folder");
    std::fs::write(inside.join("objects/info/alternates"), "../../.git/objects\n").expect("a loop");
    let report = repo.history();
    assert_eq!(place(&found(&report, 1)).3, Source::History);
    assert!(notices(&report).is_empty());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file");
        }
    }
}

#[test]
fn a_nested_bare_repository_is_just_files() {
    let repo = Repo::new();
    let bare = repo.path.join("vendor.git");
    repo.git(&["init", "-q", "--bare", bare.to_str().expect("UTF-8")]);
    std::fs::write(bare.join("config"), format!("[core]\n\tfsmonitor = evil\n# {}\n", key(1)))
        .expect("a file");
    let report = repo.scan();
    assert_eq!(found(&report, 1).path, "vendor.git/config");
    assert!(notices(&report).is_empty());
}

#[test]
fn broken_heads_and_configs() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    std::fs::write(repo.path.join(".git/HEAD"), b"\xff\xfe nonsense").expect("a file");
    std::fs::write(repo.path.join(".git/index"), b"DIRC nonsense").expect("a file");
    let report = repo.scan();
    assert_eq!(found(&report, 1).places.len(), 2);
    assert!(reasons(&report).iter().any(|(path, _)| *path == ".git/index"));
    std::fs::write(repo.path.join(".git/config"), b"[core\n").expect("a file");
    assert!(matches!(run(&repo.options()), Err(ScanError::RepositoryUnreadable { .. })));
    let mut options = repo.options();
    options.sources.worktree = true;
    let report = run(&options).expect("its files can be read");
    assert_eq!(found(&report, 1).path, "f");
    assert_eq!(notices(&report), ["REPO_UNREADABLE"]);
}

#[test]
fn rule_files_are_refused_whole() {
    let head = "provider = \"mine\"\nname = \"Mine\"\n";
    let rule = |id: &str, pattern: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nname = \"n\"\nkind = \"token\"\nseverity = \"low\"\nconfidence = \"low\"\nkeywords = [\"abc\"]\npattern = '''{pattern}'''\n"
        )
    };
    let mut rules = Rules::default();
    let mut refuse =
        |text: String| rules.extend_from_toml(&text, "mine.toml").expect_err("it is bad").code;
    assert_eq!(
        refuse(head.to_owned() + &rule("a", "(?:a{1000}){1000}")),
        RuleErrorCode::TooComplex
    );
    assert_eq!(refuse(head.to_owned() + &rule("a", "a(?=b)")), RuleErrorCode::Unsupported);
    assert_eq!(refuse(head.to_owned() + &rule("a", "a*")), RuleErrorCode::MatchesEmpty);
    assert_eq!(
        refuse(head.to_owned() + &rule("a", "abc") + &rule("a", "abd")),
        RuleErrorCode::Duplicate
    );
    assert_eq!(refuse(head.to_owned() + &rule("A B", "abc")), RuleErrorCode::Invalid);
    assert_eq!(refuse("[[x]]\n".repeat(1_000_000)), RuleErrorCode::TooLarge);
    assert_eq!(refuse("[".repeat(100_000)), RuleErrorCode::Invalid);
    let many: String = (0..10_000).map(|number| rule(&format!("r{number}"), "abc")).collect();
    assert_eq!(refuse(head.to_owned() + &many), RuleErrorCode::TooLarge);
    assert_eq!(rules.iter().count(), 0, "nothing of a refused file is kept");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    assert!(rules.extend_from_file(folder.path()).is_err(), "a folder");
    std::fs::write(&path, b"provider = \"\xff\"").expect("a file");
    assert!(rules.extend_from_file(&path).is_err(), "not UTF-8");
    std::fs::write(&path, head.to_owned() + &rule("mine-token", "abc[0-9]{8}")).expect("a file");
    #[cfg(unix)]
    {
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert!(rules.extend_from_file(&link).is_err(), "a link");
    }
    rules.extend_from_file(&path).expect("a good file");
    assert!(rules.classify(b"abc12345678").is_some());
}

/// A pack whose ids are made up, which is all that its index says of them. Each entry is its type, the header
/// that names a delta's base, and its content.
fn write_pack(repo: &Repo, entries: &[(u8, Vec<u8>, Vec<u8>)]) -> Vec<String> {
    let count = u32::try_from(entries.len()).expect("few");
    let mut data = [b"PACK".as_slice(), &2_u32.to_be_bytes(), &count.to_be_bytes()].concat();
    let mut rows = Vec::new();
    for (number, (kind, base, content)) in entries.iter().enumerate() {
        rows.push((id_of(number), data.len()));
        let mut size = content.len();
        let mut byte = (kind << 4) | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            data.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        data.push(byte);
        data.extend_from_slice(base);
        data.extend(zlib(content));
    }
    data.extend([0; 20]);
    let mut index = [b"\xfftOc".as_slice(), &2_u32.to_be_bytes()].concat();
    for fan in 0..=255_u8 {
        let upto = rows.iter().filter(|(id, _)| id[0] <= fan).count();
        index.extend(u32::try_from(upto).expect("few").to_be_bytes());
    }
    rows.iter().for_each(|(id, _)| index.extend(id));
    index.extend(vec![0; rows.len() * 4]);
    rows.iter()
        .for_each(|(_, offset)| index.extend(u32::try_from(*offset).expect("small").to_be_bytes()));
    index.extend([0; 40]);
    let folder = repo.path.join(".git/objects/pack");
    std::fs::write(folder.join("pack-x.pack"), data).expect("a file");
    std::fs::write(folder.join("pack-x.idx"), index).expect("a file");
    rows.iter().map(|(id, _)| hex::encode(id)).collect()
}

/// Ids that sort as their numbers do.
fn id_of(number: usize) -> [u8; 20] {
    let mut id = [7; 20];
    id[..4].copy_from_slice(&u32::try_from(number).expect("few").to_be_bytes());
    id
}

/// A delta that copies all of a base of `size` bytes (below 128).
fn copy_all(size: u8) -> Vec<u8> {
    vec![size, size, 0x90, size]
}

#[test]
fn chains_of_deltas_are_followed_within_reason() {
    let repo = Repo::new();
    let text = format!("{}\n", key(1));
    let size = u8::try_from(text.len()).expect("short");
    let mut entries = vec![(3, Vec::new(), text.into_bytes())];
    for number in 1..6_000 {
        entries.push((7, id_of(number - 1).to_vec(), copy_all(size)));
    }
    let ids = write_pack(&repo, &entries);
    let report = repo.history();
    assert_eq!(found(&report, 1).places.len(), 1);
    assert_eq!(report.summary.blobs, 4_096, "as deep as git ever writes them");
    assert!(!report.summary.complete);
    assert!(
        reasons(&report).contains(&(format!("object {}", ids[5_999]).as_str(), "damaged object"))
    );
}

#[test]
fn deltas_that_branch_to_exhaust_memory_are_cut_short() {
    // Each of a binary tree's objects has 60 MiB: a few hundred bytes each in the pack, and all that lie on a
    // path would be in memory at once.
    let repo = Repo::new();
    let mut text = format!("{}\n", key(1)).into_bytes();
    text.resize(60 << 20, b' ');
    let size = [0x80, 0x80, 0x80, 0x1e];
    // Sixty copies of a MiB, the place of each in three bytes.
    let copies = (0..60_u8).flat_map(|at| [0b1100_0100, at << 4, 0x10]);
    let delta: Vec<u8> = size.into_iter().chain(size).chain(copies).collect();
    let mut entries = vec![(3, Vec::new(), text)];
    for number in 1..63 {
        entries.push((7, id_of((number - 1) / 2).to_vec(), delta.clone()));
    }
    write_pack(&repo, &entries);
    let report = repo.history();
    assert_eq!(found(&report, 1).source, Source::History);
    let cut = reasons(&report).iter().filter(|(_, why)| why.contains("too much")).count() as u64;
    assert!(!report.summary.complete && cut > 8, "{cut}");
    assert_eq!(report.summary.blobs + cut, 63, "{:?}", reasons(&report));
}

#[test]
fn cycles_of_deltas_end() {
    let repo = Repo::new();
    let good = format!("{}\n", key(1)).into_bytes();
    write_pack(
        &repo,
        &[
            (3, Vec::new(), good),
            (7, id_of(2).to_vec(), copy_all(9)),
            (7, id_of(1).to_vec(), copy_all(9)),
            (7, id_of(3).to_vec(), copy_all(9)),
            (7, vec![9; 20], copy_all(9)),
            (6, vec![0], copy_all(9)),
            (6, vec![0x7f], copy_all(9)),
        ],
    );
    let report = repo.history();
    assert_eq!(found(&report, 1).source, Source::History);
    assert_eq!(reasons(&report).iter().filter(|(_, why)| *why == "damaged object").count(), 6);
}

#[test]
fn a_text_full_of_keys_is_bounded() {
    let repo = Repo::new();
    let mut text = String::new();
    for number in 0..60_000 {
        text += &format!("{}{number}\n", key(number));
    }
    repo.write("many", text);
    let report = repo.scan();
    assert!(notices(&report).contains(&"TOO_MANY_FINDINGS") && !report.summary.complete);
    assert!(report.findings.len() > 40_000);
}

#[test]
fn refs_in_a_format_that_is_not_read() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    let commit = repo.commit("one");
    std::fs::remove_dir_all(repo.path.join(".git/refs/heads")).expect("it is there");
    std::fs::remove_dir_all(repo.path.join(".git/logs")).expect("it is there");
    std::fs::write(repo.path.join(".git/HEAD"), "ref: refs/heads/.invalid\n").expect("a file");
    let config = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n";
    std::fs::write(repo.path.join(".git/config"), config).expect("a file");
    let report = repo.history();
    assert_eq!(notices(&report), ["REPO_REFTABLE"]);
    assert_eq!(found(&report, 1).commit, Some(commit));
}
