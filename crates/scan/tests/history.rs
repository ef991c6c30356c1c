//! Every place in a repository where a key can hide is looked into, and named.

mod common;

use std::collections::HashSet;

use common::{Repo, found, key, notices, place, run, shown};
use keyward_scan::{ScanError, Source};

#[test]
fn committed_then_deleted_names_path_line_and_commit() {
    let repo = Repo::new();
    repo.write("README", "hello\n");
    repo.commit("first");
    repo.write("app/config.py", format!("import os\n\nKEY = \"{}\"\n", key(1)));
    let brought_in = repo.commit("add key");
    repo.git(&["rm", "-q", "app/config.py"]);
    repo.commit("remove key");
    let report = repo.scan();
    let finding = found(&report, 1);
    assert_eq!(place(&finding), ("app/config.py", 3, Some(brought_in.as_str()), Source::History));
    assert_eq!((finding.column, finding.end_line, finding.end_column), (8, 3, 8 + 32));
    assert_eq!(
        finding.blob,
        Some(repo.git(&["rev-parse", &format!("{brought_in}:app/config.py")]))
    );
    assert!(report.summary.complete);
}

#[test]
fn in_work_tree_and_history_is_one_finding_with_both_places() {
    let repo = Repo::new();
    repo.write("a.txt", format!("one {}\n", key(1)));
    let first = repo.commit("first");
    repo.write("a.txt", format!("moved\none {}\n", key(1)));
    repo.commit("second");
    let finding = found(&repo.scan(), 1);
    assert_eq!(place(&finding), ("a.txt", 2, None, Source::Worktree));
    let places: Vec<_> =
        finding.places.iter().map(|p| (p.path.as_str(), p.line, p.commit.as_deref())).collect();
    assert_eq!(
        places,
        [("a.txt", 2, None), ("a.txt", 1, Some(first.as_str())),],
        "one place for each path: the commit that brought it there, not every version since"
    );
}

#[test]
fn only_in_a_merge_resolution() {
    let repo = Repo::new();
    repo.write("f", "base\n");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("f", "side\n");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("f", "main\n");
    repo.commit("main");
    repo.git(&["merge", "-q", "-s", "ours", "--no-commit", "side"]);
    repo.write("f", format!("resolved {}\n", key(1)));
    let merge = repo.commit("merge");
    repo.write("f", "clean\n");
    repo.commit("clean");
    assert_eq!(place(&found(&repo.scan(), 1)), ("f", 1, Some(merge.as_str()), Source::History));
}

#[test]
fn in_a_stash_a_reflog_a_note_and_another_branch() {
    let repo = Repo::new();
    repo.write("f", "base\n");
    repo.commit("base");
    repo.write("f", format!("stashed {}\n", key(1)));
    repo.write("new", format!("untracked {}\n", key(2)));
    repo.git(&["stash", "-q", "--include-untracked"]);
    repo.write("f", format!("amended {}\n", key(3)));
    let amended = repo.commit("to be amended");
    repo.write("f", "clean\n");
    repo.git(&["commit", "-q", "-a", "--amend", "-m", "clean"]);
    repo.git(&["notes", "add", "-m", &format!("note {}", key(4))]);
    repo.git(&["checkout", "-q", "-b", "other"]);
    repo.write("g", format!("branch {}\n", key(5)));
    let branch = repo.commit("branch");
    repo.git(&["checkout", "-q", "main"]);
    let report = repo.scan();
    let stashed = found(&report, 1);
    assert_eq!((stashed.path.as_str(), stashed.commit.is_some()), ("f", true));
    assert_eq!(found(&report, 2).path, "new");
    assert_eq!(place(&found(&report, 3)), ("f", 1, Some(amended.as_str()), Source::History));
    assert!(found(&report, 4).commit.is_some(), "a note is a blob of a ref");
    assert_eq!(place(&found(&report, 5)), ("g", 1, Some(branch.as_str()), Source::History));
}

#[test]
fn dangling_blobs_and_commits_have_no_commit() {
    let repo = Repo::new();
    repo.write("f", "base\n");
    repo.commit("base");
    repo.write("dangling", format!("{}\n", key(1)));
    repo.git(&["add", "dangling"]);
    repo.git(&["rm", "-q", "-f", "--cached", "dangling"]);
    std::fs::remove_file(repo.path.join("dangling")).expect("it is there");
    repo.write("lost/file", format!("{}\n", key(2)));
    repo.commit("lost");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    std::fs::remove_file(repo.path.join(".git/ORIG_HEAD")).expect("reset left it");
    let report = repo.scan();
    assert_eq!(place(&found(&report, 1)), ("", 1, None, Source::History));
    assert_eq!(
        place(&found(&report, 2)),
        ("lost/file", 1, None, Source::History),
        "its path is known all the same"
    );
}

#[test]
fn attributes_hide_nothing() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.env -diff\n*.bin binary\n* filter=none diff=none\n");
    repo.write("prod.env", format!("A={}\n", key(1)));
    repo.write("x.bin", [b"\0\x01\0".as_slice(), key(2).as_bytes(), b"\0"].concat());
    repo.commit("hidden");
    repo.git(&["rm", "-q", "prod.env", "x.bin"]);
    repo.commit("gone");
    let report = repo.scan();
    assert_eq!(found(&report, 1).path, "prod.env");
    assert_eq!(found(&report, 2).path, "x.bin");
}

#[test]
fn commit_and_tag_messages() {
    let repo = Repo::new();
    repo.write("f", "x\n");
    let commit = repo.commit(&format!("subject\n\nbody {}", key(1)));
    repo.git(&["tag", "-a", "v1", "-m", &format!("release {}", key(2))]);
    let report = repo.history();
    let finding = found(&report, 1);
    assert_eq!(place(&finding), ("", 3, Some(commit.as_str()), Source::CommitMessage));
    assert_eq!(finding.column, 6);
    assert_eq!(place(&found(&report, 2)), ("", 1, Some(commit.as_str()), Source::CommitMessage));
    assert_eq!(report.summary.messages, 2);
}

#[test]
fn packed_and_loose_objects_are_the_same() {
    let repo = Repo::new();
    for number in 1..=30 {
        let filler = "a line of text that stays\n".repeat(200);
        repo.write("big.txt", format!("{filler}{}\n{filler}", key(number)));
        repo.write(&format!("dir/{number}"), format!("{number}\n"));
        repo.commit("step");
    }
    let loose = repo.history();
    for arguments in [
        &["gc", "-q"][..],
        &["-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-F"],
    ] {
        repo.git(arguments);
        let packed = repo.history();
        let json = |report| serde_json::to_value(report).expect("JSON");
        assert_eq!(json(&loose), json(&packed), "{arguments:?}");
    }
    assert_eq!(loose.findings.len(), 30);
}

#[test]
fn everything_git_lists_is_counted() {
    let repo = Repo::new();
    for number in 0..12 {
        repo.write(&format!("d{}/f{number}", number % 3), format!("{number}\n"));
        repo.commit(&format!("c{number}"));
    }
    repo.git(&["tag", "-a", "t", "-m", "t"]);
    repo.git(&["repack", "-q", "-a", "-d"]);
    repo.write("late", "late\n");
    repo.commit("late");
    let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]);
    let count = |kind| list.lines().filter(|line| *line == kind).count() as u64;
    let report = repo.history();
    assert_eq!(report.summary.blobs, count("blob"));
    assert_eq!(report.summary.messages, count("commit") + count("tag"));
}

#[test]
fn the_index_alone() {
    let repo = Repo::new();
    repo.write("old", format!("{}\n", key(1)));
    repo.commit("old");
    repo.write("staged", format!("\n{}\n", key(2)));
    repo.write("unstaged", format!("{}\n", key(3)));
    repo.git(&["add", "staged"]);
    repo.write("staged", "cleaned on disk\n");
    let mut options = repo.options();
    options.sources.staged = true;
    let report = run(&options).expect("a report");
    assert_eq!(report.findings.len(), 1, "neither what is committed nor what is only on disk");
    let finding = found(&report, 2);
    assert_eq!(place(&finding), ("staged", 2, None, Source::Index));
    assert_eq!(finding.blob, Some(repo.git(&["rev-parse", ":staged"])));
    // By default the same blob is found too, and keeps its name.
    assert_eq!(place(&found(&repo.scan(), 2)), ("staged", 2, None, Source::Index));
}

#[test]
fn the_index_before_the_first_commit() {
    let repo = Repo::new();
    repo.write("first", format!("{}\n", key(1)));
    repo.git(&["add", "first"]);
    repo.write("later", "x");
    repo.git(&["add", "--intent-to-add", "later"]);
    let mut options = repo.options();
    options.sources.staged = true;
    let report = run(&options).expect("a report");
    assert_eq!(found(&report, 1).path, "first");
    assert!(report.summary.complete, "{:?}", report.summary);
}

#[test]
fn since_a_revision() {
    let repo = Repo::new();
    repo.write("old", format!("{}\n", key(1)));
    repo.write("kept/same", "same\n");
    repo.commit("old");
    repo.git(&["tag", "base"]);
    repo.write("new", format!("{}\n", key(2)));
    let new = repo.commit(&format!("new {}", key(3)));
    repo.write("old", "clean\n");
    repo.commit("clean");
    repo.write("dangling", format!("{}\n", key(4)));
    repo.git(&["hash-object", "-w", "dangling"]);
    let mut options = repo.options();
    options.sources.since = Some("base".to_owned());
    let report = run(&options).expect("a report");
    assert_eq!(place(&found(&report, 2)), ("new", 1, Some(new.as_str()), Source::History));
    assert_eq!(found(&report, 3).source, Source::CommitMessage);
    assert_eq!(
        report.findings.len(),
        2,
        "what base leads to is left out, and what no ref leads to"
    );

    let listed = repo.git(&["rev-list", "--objects", "--all", "^base"]);
    let ids: HashSet<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    let kinds = ids.iter().map(|id| repo.git(&["cat-file", "-t", id]));
    let blobs = kinds.filter(|kind| kind == "blob").count() as u64;
    assert_eq!(report.summary.blobs, blobs, "as git counts");

    options.sources.since = Some("no-such-thing".to_owned());
    assert!(matches!(run(&options), Err(ScanError::RevisionNotFound { .. })));
    options.sources.since = Some("HEAD~1".to_owned());
    assert_eq!(run(&options).expect("a report").findings.len(), 0);
}

#[test]
fn a_linked_work_tree_has_the_whole_history() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    repo.git(&["rm", "-q", "f"]);
    repo.commit("gone");
    let tree = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", "-b", "wt", tree.to_str().expect("UTF-8")]);
    std::fs::write(tree.join("here"), key(2)).expect("a file");
    let report = run(&shown(&tree)).expect("it points back");
    assert_eq!(found(&report, 1).path, "f");
    assert_eq!(place(&found(&report, 2)), ("here", 1, None, Source::Worktree));
}

#[test]
fn a_submodule_is_scanned_by_itself_and_ignored_in_trees() {
    let inner = Repo::new();
    inner.write("f", format!("{}\n", key(1)));
    inner.commit("inner");
    inner.git(&["rm", "-q", "f"]);
    inner.commit("gone");
    let repo = Repo::new();
    repo.write("x", "x\n");
    repo.git(&["submodule", "add", "-q", inner.path.to_str().expect("UTF-8"), "sub"]);
    repo.commit("with submodule");
    let outer = repo.scan();
    assert!(outer.findings.is_empty() && outer.summary.complete, "{:?}", outer.summary);
    assert_eq!(found(&run(&shown(&repo.path.join("sub"))).expect("a report"), 1).path, "f");
}

#[test]
fn a_shallow_clone_says_so() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    repo.write("f", "clean\n");
    repo.commit("two");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path.display());
    repo.git(&["clone", "-q", "--depth", "1", &url, clone.to_str().expect("UTF-8")]);
    let report = run(&shown(&clone)).expect("a report");
    assert!(report.findings.is_empty() && notices(&report).contains(&"REPO_SHALLOW"));
    assert!(report.summary.complete, "nothing that should be here is missing");
}

#[test]
fn a_partial_clone_counts_what_is_missing() {
    let repo = Repo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.write("f", "one\n");
    repo.commit("one");
    repo.write("f", "two\n");
    repo.commit("two");
    let clone = repo.beside("clone");
    let url = format!("file://{}", repo.path.display());
    repo.git(&[
        "clone",
        "-q",
        "--filter=blob:none",
        "--no-checkout",
        &url,
        clone.to_str().expect("UTF-8"),
    ]);
    let report = run(&shown(&clone)).expect("a report");
    assert!(notices(&report).contains(&"REPO_PARTIAL"));
    assert!(!report.summary.complete);
    let said: Vec<&str> =
        report.summary.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(said, ["2 objects are missing in this partial clone"]);
}

#[test]
fn a_bare_repository_has_history_only() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().expect("UTF-8")]);
    let report = run(&shown(&bare)).expect("a report");
    assert_eq!(found(&report, 1).path, "f");
    assert_eq!(report.summary.files, 0);
}

#[test]
fn sha256_repositories() {
    let repo = Repo::with(&["--object-format=sha256"]);
    repo.write("f", format!("{}\n", key(1)));
    let commit = repo.commit("one");
    repo.git(&["gc", "-q"]);
    repo.write("f", format!("{}\n", key(2)));
    repo.commit("two");
    repo.write("f", format!("{}\n", key(3)));
    repo.git(&["add", "f"]);
    let report = repo.scan();
    assert_eq!(place(&found(&report, 1)), ("f", 1, Some(commit.as_str()), Source::History));
    assert_eq!(commit.len(), 64);
    assert_eq!(found(&report, 2).path, "f");
    let mut options = repo.options();
    options.sources.staged = true;
    assert_eq!(found(&run(&options).expect("a report"), 3).source, Source::Index);
}

#[test]
fn no_commits_and_detached_heads() {
    let empty = Repo::new();
    let report = empty.scan();
    assert!(report.findings.is_empty() && report.summary.complete);
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    let first = repo.commit("one");
    repo.git(&["checkout", "-q", "--detach"]);
    repo.git(&["branch", "-q", "-D", "main"]);
    repo.git(&["rm", "-q", "f"]);
    repo.commit("two");
    assert_eq!(found(&repo.scan(), 1).commit, Some(first));
}

#[test]
fn a_later_version_still_holds_it() {
    let repo = Repo::new();
    repo.write("f", format!("one\n{}\n", key(1)));
    let first = repo.commit("first");
    repo.write("f", format!("two\n{}\n", key(1)));
    repo.commit("second");
    let finding = found(&repo.history(), 1);
    assert_eq!(finding.commit, Some(first), "the commit that brought it in");
    assert!(finding.in_head, "though not in the version that brought it in");
    repo.write("f", "clean\n");
    repo.commit("third");
    assert!(!found(&repo.history(), 1).in_head);
}

#[test]
fn pushed_after_it_was_amended() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    let before = repo.commit("first");
    assert!(!found(&repo.history(), 1).pushed);
    repo.git(&["commit", "-q", "--amend", "-m", "first, in other words"]);
    let after = repo.git(&["rev-parse", "HEAD"]);
    assert_ne!(before, after);
    repo.git(&["update-ref", "refs/remotes/origin/main", &after]);
    let finding = found(&repo.history(), 1);
    assert!(finding.pushed);
    assert_eq!(finding.commit, Some(after), "not the commit that was amended away");
}

#[test]
fn the_limit_of_blobs_is_not_one_of_commits() {
    let repo = Repo::new();
    repo.write("f", "a small file\n");
    let first = repo.commit("first");
    repo.write("g", format!("a larger file {}\n", key(1)));
    repo.commit(&format!("a long message {}", key(2)));
    for packed in [false, true] {
        if packed {
            repo.git(&["repack", "-adq"]);
        }
        for since in [None, Some(first.clone())] {
            let mut options = repo.options();
            options.sources.history = true;
            options.sources.since = since;
            options.max_blob = 20;
            let report = run(&options).expect("commits are read");
            found(&report, 2);
            assert!(report.findings.iter().all(|finding| finding.secret != key(1)), "too large");
            assert!(
                report.summary.skipped.iter().any(|one| one.reason.contains("limit")),
                "{report:?}"
            );
        }
    }
}

#[test]
fn another_index_than_the_repositorys_own() {
    let repo = Repo::new();
    repo.write("a", "clean\n");
    repo.commit("one");
    let own = repo.path.join(".git/index");
    let other = repo.beside("other-index");
    let before = std::fs::read(&own).expect("an index");
    repo.write("a", format!("{}\n", key(1)));
    repo.git(&["add", "-A"]);
    std::fs::rename(&own, &other).expect("moved");
    std::fs::write(&own, before).expect("an index");
    let mut options = repo.options();
    options.sources.staged = true;
    assert!(run(&options).expect("a report").findings.is_empty());
    options.sources.index = Some(other.clone());
    let found = found(&run(&options).expect("a report"), 1);
    assert_eq!(place(&found), ("a", 1, None, Source::Index));
    std::fs::remove_file(other).expect("removed");
    assert!(
        !run(&options).expect("a report").summary.complete,
        "one that was named has to be there"
    );
}

#[test]
fn the_index_is_read_in_each_form_that_git_writes() {
    for settings in [
        &["index.version=2"][..],
        &["index.version=3"],
        &["index.version=4"],
        &["core.untrackedCache=true", "core.fsmonitor=false"],
        &["core.splitIndex=true"],
        &["core.splitIndex=true", "index.version=4", "splitIndex.maxPercentChange=100"],
    ] {
        for format in ["sha1", "sha256"] {
            let repo = Repo::with(&[&format!("--object-format={format}")]);
            for setting in settings {
                let (name, value) = setting.split_once('=').expect("a setting");
                repo.git(&["config", name, value]);
            }
            for folder in ["a", "b", "c/deep"] {
                repo.write(&format!("{folder}/kept.txt"), "nothing");
                repo.write(&format!("{folder}/gone.txt"), key(9));
            }
            repo.write("b/changed.txt", "nothing");
            repo.commit("first");
            repo.git(&["update-index", "--untracked-cache"]);
            repo.git(&["status"]);
            repo.write("b/changed.txt", key(1));
            repo.write("c/deep/new.txt", key(2));
            repo.write("c/deep/intended.txt", key(3));
            repo.git(&["add", "b/changed.txt", "c/deep/new.txt"]);
            repo.git(&["add", "-N", "c/deep/intended.txt"]);
            repo.git(&["rm", "-q", "--cached", "b/gone.txt"]);
            let mut options = repo.options();
            options.sources.staged = true;
            let report = run(&options).expect("a report");
            assert!(report.summary.complete, "{settings:?} {format}: {report:?}");
            assert_eq!(report.findings.len(), 2, "{settings:?} {format}: {report:?}");
            assert_eq!(found(&report, 1).path, "b/changed.txt");
            assert_eq!(found(&report, 2).path, "c/deep/new.txt");
        }
    }
}

fn place_of(finding: &keyward_scan::Finding) -> (String, Option<String>) {
    (finding.secret.clone(), finding.commit.clone())
}

#[test]
fn revisions_as_git_names_them() {
    let repo = Repo::new();
    let mut ids = Vec::new();
    for number in 1..5 {
        repo.write("file", key(number));
        ids.push(repo.commit(&number.to_string()));
    }
    repo.git(&["tag", "-a", "-m", "a tag", "noted", "HEAD~1"]);
    repo.git(&["tag", "-a", "-m", "a tag of a tag", "twice", "noted"]);
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    repo.write("side", key(7));
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    repo.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    repo.git(&["config", "branch.main.remote", "origin"]);
    repo.git(&["config", "branch.main.merge", "refs/heads/main"]);
    repo.git(&["config", "remote.origin.url", "https://git.acme.test/x"]);
    repo.git(&["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    let abbreviated = &ids[2][..10];
    for revision in [
        "HEAD",
        "@",
        "@~2",
        "HEAD^",
        "HEAD^2",
        "HEAD^2~1",
        "HEAD^^",
        "HEAD~1^0",
        "main~3",
        "noted",
        "noted^{}",
        "twice^{commit}",
        "twice~1",
        "side",
        "refs/heads/side",
        "origin",
        "origin/main~1",
        "main@{0}",
        "@{u}",
        "@{upstream}~1",
        abbreviated,
    ] {
        let since = |revision: &str| {
            let mut options = repo.options();
            options.sources.since = Some(revision.to_owned());
            let report = run(&options).expect(revision);
            (report.summary.messages, report.findings.iter().map(place_of).collect::<Vec<_>>())
        };
        let id = repo.git(&["rev-parse", &format!("{revision}^{{commit}}")]);
        assert_eq!(since(revision), since(&id), "{revision}");
    }
    for revision in [
        "HEAD~9",
        "HEAD^3",
        "HEAD^{tree}",
        "HEAD:file",
        "",
        "~",
        "HEAD^{",
        "HEAD~1x",
        "noted^{blob}",
    ] {
        let mut options = repo.options();
        options.sources.since = Some(revision.to_owned());
        assert!(
            matches!(run(&options), Err(ScanError::RevisionNotFound { .. })),
            "{revision} names no commit"
        );
    }
}
