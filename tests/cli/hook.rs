//! Hooks through the binary and a real Git: what is stopped, what passes, and that whatever was there
//! before goes on working and comes back.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::support::{STRIPE_KEY, Said, Sandbox};

/// A repository in a sandbox, with a Git that reads the sandbox's config.
struct Home {
    keyward: Sandbox,
    path: PathBuf,
}

impl Home {
    fn new(name: &str) -> Self {
        let keyward = Sandbox::bare();
        let path = keyward.dir.path().join(name);
        fs::create_dir_all(&path).unwrap();
        let home = Self { keyward, path };
        home.git("init -q -b main .").ok();
        home
    }

    fn at(&self, folder: &Path, args: &[&str]) -> Said {
        let mut command = self.keyward.command("git");
        command
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"])
            .args(args)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(folder);
        Said::new(format!("git {}", args.join(" ")), command.output().unwrap())
    }

    fn git(&self, line: &str) -> Said {
        self.at(&self.path, &line.split_whitespace().collect::<Vec<_>>())
    }

    fn hook(&self, line: &str) -> Said {
        let mut args: Vec<&str> = vec!["hook"];
        args.extend(line.split_whitespace());
        let path = self.path.display().to_string();
        args.push(&path);
        self.keyward.args(&args, b"")
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn script(&self, name: &str, content: &str) -> PathBuf {
        self.write(name, content);
        let path = self.path.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn commit(&self, name: &str, content: &str) -> Said {
        self.write(name, content);
        self.git("add -A").ok();
        self.git("commit -q -m change")
    }

    /// A bare repository to push to.
    fn remote(&self, name: &str) {
        let path = self.keyward.path(&format!("{name}.git"));
        self.at(self.keyward.dir.path(), &["init", "-q", "--bare", &path]).ok();
        self.at(&self.path, &["remote", "add", name, &path]).ok();
    }
}

fn leak() -> String {
    format!("key = {STRIPE_KEY}\n")
}

#[test]
fn a_staged_token_stops_the_commit() {
    let home = Home::new("a folder's \"odd\" $name ü");
    let status = home.hook("install --json").ok().json();
    assert_eq!(status["version"], 1);
    assert_eq!(status["hooks"][0]["state"], "installed");
    assert_eq!(status["hooks"][1]["state"], "installed");
    home.commit("a.txt", "clean\n").ok();
    let said = home.commit("config/prod.env", &leak()).exits(1).says("Stripe secret key");
    assert!(said.err.contains("config/prod.env:1"), "{said}");
    assert!(!said.err.contains(STRIPE_KEY) && !said.out.contains(STRIPE_KEY), "{said}");
    home.git("log --oneline").ok();
    assert_eq!(home.git("rev-list --count HEAD").ok().out.trim(), "1");
    // Staged, and cleaned on disk: what would be committed counts.
    home.write("config/prod.env", "clean now\n");
    home.git("commit -q -m again").exits(1);
    home.git("add -A").ok();
    home.git("commit -q -m clean").ok();
    home.commit("b.txt", &leak()).exits(1);
    home.git("commit -q -m anyway --no-verify").ok();
}

#[test]
fn commits_with_an_index_of_their_own_are_looked_at_too() {
    let home = Home::new("repo");
    home.commit("a.txt", "clean\n").ok();
    home.commit("sub/b.txt", "clean\n").ok();
    home.hook("install").ok();
    home.write("sub/b.txt", &leak());
    let said = home.git("commit -q -a -m all").exits(1).says("sub/b.txt:1");
    assert!(!said.err.contains("keyward-"), "the temporary folder is named: {said}");
    home.git("commit -q -m one sub/b.txt").exits(1);
    home.write("a.txt", "also clean\n");
    home.git("commit -q -m other a.txt").ok();
    home.write("sub/b.txt", "clean again\n");
    home.git("commit -q -a -m all").ok();
    home.git("commit -q --amend -m words").ok();
    // The first commit of all, with -a's kind of index.
    let first = Home::new("first");
    first.hook("install").ok();
    first.write("x.txt", &leak());
    first.git("add x.txt").ok();
    first.git("commit -q -m one x.txt").exits(1);
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back_as_it_was() {
    let home = Home::new("repo");
    let text = "#!/bin/sh\necho \"mine $0 $#\" >&2\ntest ! -e fail\n";
    let hook = home.script(".git/hooks/pre-commit", text);
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o751)).unwrap();
    let before = fs::metadata(&hook).unwrap();
    home.hook("status").ok().says("foreign");
    let status = home.hook("install --json").ok().json();
    assert!(status["hooks"][0]["first"].as_str().unwrap().ends_with("pre-commit.before-keyward"));
    home.commit("a.txt", "clean\n").ok().says("mine");
    home.commit("b.txt", &leak()).exits(1).says("mine").says("Stripe");
    home.write("b.txt", "clean\n");
    home.write("fail", "");
    let said = home.git("commit -q -a -m x").exits(1).says("mine");
    assert!(!said.err.contains("Stripe"), "{said}");
    home.hook("install --strict").ok();
    assert_eq!(home.hook("status --json").ok().json()["hooks"][0]["strict"], true);
    let status = home.hook("remove --json").ok().json();
    assert_eq!(status["hooks"][0]["state"], "foreign");
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
    let after = fs::metadata(&hook).unwrap();
    assert_eq!(after.permissions().mode(), before.permissions().mode());
    assert_eq!(after.modified().unwrap(), before.modified().unwrap());
    assert!(!home.path.join(".git/hooks/pre-push").exists());
    assert!(!home.path.join(".git/hooks/pre-commit.before-keyward").exists());
}

#[test]
fn links_stay_links_and_edits_are_not_lost() {
    let home = Home::new("repo");
    home.script("tools/check", "#!/bin/sh\necho linked >&2\n");
    let hook = home.path.join(".git/hooks/pre-commit");
    symlink("../../tools/check", &hook).unwrap();
    symlink("nowhere", home.path.join(".git/hooks/pre-push")).unwrap();
    home.hook("install").ok();
    home.commit("a.txt", "clean\n").ok().says("linked");
    home.hook("remove").ok();
    assert_eq!(fs::read_link(&hook).unwrap(), Path::new("../../tools/check"));
    let push = home.path.join(".git/hooks/pre-push");
    assert_eq!(fs::read_link(push).unwrap(), Path::new("nowhere"));

    home.hook("install").ok();
    let mut text = fs::read_to_string(&hook).unwrap();
    text.push_str("echo mine\n");
    fs::write(&hook, &text).unwrap();
    home.hook("status").ok().says("edited");
    let said = home.hook("remove").fails(8, "HOOK_CONFLICT");
    assert!(said.err.contains("pre-commit"), "{said}");
    home.hook("install").fails(8, "HOOK_CONFLICT");
    assert_eq!(fs::read_to_string(&hook).unwrap(), text);
    assert!(home.path.join(".git/hooks/pre-push.before-keyward").symlink_metadata().is_ok());
}

#[test]
fn without_keyward_only_strict_hooks_stop() {
    let home = Home::new("repo");
    let copy = home.keyward.path("copy of keyward");
    // A process of its own writes it: a file that is open here cannot be run.
    let program = env!("CARGO_BIN_EXE_keyward");
    assert!(home.keyward.command("cp").args([program, &copy]).status().unwrap().success());
    let install = |strict: &[&str]| {
        let mut command = home.keyward.command(&copy);
        command.args(["hook", "install"]).args(strict).current_dir(&home.path);
        assert!(command.output().unwrap().status.success());
    };
    install(&[]);
    home.hook("status").ok().says("outdated");
    home.commit("a.txt", &leak()).exits(1);
    let away = home.keyward.path("away");
    fs::rename(&copy, &away).unwrap();
    home.git("commit -q -m x").ok().says("nothing was checked");
    fs::rename(&away, &copy).unwrap();
    install(&["--strict"]);
    fs::rename(&copy, &away).unwrap();
    home.commit("b.txt", "clean\n").exits(1).says("nothing passes");
}

#[test]
fn the_hooks_path_is_respected_and_managers_are_left_alone() {
    let home = Home::new("repo");
    home.git("config core.hooksPath .githooks").ok();
    home.hook("install").ok().says(".githooks").says("local");
    assert!(!home.path.join(".git/hooks/pre-commit").exists());
    home.commit("a.txt", &leak()).exits(1);
    home.hook("remove").ok();
    assert!(!home.path.join(".githooks").exists(), "the folder was made for the hooks");
    home.git("config --unset core.hooksPath").ok();
    home.hook("install").ok();
    home.git("config core.hooksPath .husky/_").ok();
    home.hook("remove").ok();
    assert!(!home.path.join(".git/hooks/pre-commit").exists(), "put in before hooksPath was set");
    home.hook("install").fails(8, "HOOK_MANAGED").says(".husky/pre-commit");
    home.git("config core.hooksPath /dev/null").ok();
    home.hook("install").fails(8, "HOOKS_ELSEWHERE");
    home.git("config --unset core.hooksPath").ok();
    let text = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n";
    let hook = home.script(".git/hooks/pre-commit", text);
    home.hook("install").fails(8, "HOOK_MANAGED").says(".pre-commit-config.yaml");
    assert!(!home.path.join(".git/hooks/pre-push").exists(), "one of two was put in");
    fs::write(hook, "#!/bin/sh\ncall_lefthook run \"pre-commit\" \"$@\"\n").unwrap();
    home.hook("install").fails(8, "HOOK_MANAGED").says("lefthook.yml");
    home.hook("status").ok().says("managed");
    fs::remove_dir_all(home.path.join(".git/hooks")).unwrap();
    fs::write(home.path.join(".git/hooks"), "in the way").unwrap();
    home.hook("install").exits(7);
    assert_eq!(fs::read_to_string(home.path.join(".git/hooks")).unwrap(), "in the way");
    home.git("config --global core.hooksPath ~/somewhere").ok();
    home.hook("install").fails(8, "HOOKS_ELSEWHERE").says("--global");
    let nowhere = home.keyward.path("");
    home.keyward.args(&["hook", "install", &nowhere], b"").fails(3, "NOT_A_REPOSITORY");
}

#[test]
fn worktrees_submodules_and_bare_repositories() {
    let home = Home::new("repo");
    home.commit("a.txt", "clean\n").ok();
    home.git("worktree add -q ../linked").ok();
    let linked = home.keyward.dir.path().join("linked");
    let said = home.keyward.args(&["hook", "install", linked.to_str().unwrap()], b"").ok();
    assert!(said.out.contains("repo/.git/hooks"), "{said}");
    fs::write(linked.join("b.txt"), leak()).unwrap();
    home.at(&linked, &["add", "b.txt"]).ok();
    home.at(&linked, &["commit", "-q", "-m", "x"]).exits(1).says("b.txt:1");
    home.at(&linked, &["commit", "-q", "-m", "x", "b.txt"]).exits(1).says("b.txt:1");

    let main = Home::new("main");
    let source = home.path.display().to_string();
    main.at(&main.path, &["submodule", "add", "-q", &source, "inner"]).ok();
    let inner = main.path.join("inner");
    main.keyward.args(&["hook", "install", inner.to_str().unwrap()], b"").ok();
    fs::write(inner.join("c.txt"), leak()).unwrap();
    main.at(&inner, &["add", "c.txt"]).ok();
    main.at(&inner, &["commit", "-q", "-m", "x"]).exits(1).says("c.txt:1");
    main.at(&inner, &["commit", "-q", "-a", "-m", "x"]).exits(1).says("c.txt:1");

    home.remote("origin");
    let bare = home.keyward.path("origin.git");
    let status = home.keyward.args(&["hook", "install", &bare, "--json"], b"").ok().json();
    assert_eq!(status["hooks"][1]["state"], "installed");
    // A bare repository with a work tree beside it, as dotfiles are often kept.
    let work = home.keyward.dir.path().join("work");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("d.txt"), leak()).unwrap();
    let split = ["--git-dir", &bare, "--work-tree", "."];
    home.at(&work, &[&split[..], &["add", "d.txt"]].concat()).ok();
    home.at(&work, &[&split[..], &["commit", "-q", "-m", "x"]].concat()).exits(1).says("d.txt:1");
    let all = [&split[..], &["commit", "-q", "-m", "x", "d.txt"]].concat();
    home.at(&work, &all).exits(1).says("d.txt:1");
}

#[test]
fn a_push_sends_no_token() {
    let home = Home::new("repo");
    home.remote("origin");
    home.commit("a.txt", "clean\n").ok();
    home.hook("install").ok();
    home.git("push -q origin main").ok();
    home.git("checkout -q -b secret").ok();
    home.write("b.txt", &leak());
    home.git("add -A").ok();
    home.git("commit -q -n -m leak").ok();
    home.write("b.txt", "clean\n");
    home.git("add -A").ok();
    home.git("commit -q -m cleaned").ok();
    // A new branch, with the token only in its history.
    let said = home.git("push -q origin secret").exits(1).says("Stripe secret key");
    assert!(said.out.contains("b.txt:1 in"), "{said}");
    // What another branch holds does not stop this one.
    home.git("checkout -q main").ok();
    home.commit("c.txt", "clean\n").ok();
    home.git("push -q origin main").ok();
    // Deleting and moving back send nothing.
    home.git("push -q --no-verify origin secret").ok();
    home.git("push -q origin :secret").ok();
    home.git("push -q -f origin HEAD~1:main").ok();
    home.git("push -q origin main").ok();
    // Gone from the remote, so it would be sent again; also without a name here.
    home.git("push -q origin secret").exits(1);
    home.git("push -q origin secret~1:refs/heads/other").exits(1);
    let id = home.git("rev-parse secret").ok().out.trim().to_owned();
    home.git("branch -q -D secret").ok();
    home.git(&format!("push -q origin {id}:refs/heads/other")).exits(1);
    // A merge that brings it in.
    home.git(&format!("merge -q --no-ff -m merge {id}")).ok();
    home.git("push -q origin main").exits(1);
    home.git("reset -q --hard HEAD~1").ok();
    home.git("push -q origin main").ok();
}

#[test]
fn other_remotes_tags_and_messages_count() {
    let home = Home::new("repo");
    home.remote("private");
    home.remote("public");
    home.write("a.txt", &leak());
    home.git("add -A").ok();
    home.git("commit -q -m begin").ok();
    home.git("push -q private main").ok();
    home.hook("install").ok();
    home.git("fetch -q private").ok();
    home.commit("b.txt", "clean\n").ok();
    home.git("push -q private main").ok();
    home.git("push -q public main").exits(1).says("a.txt:1");
    // By URL there is no name to know branches by.
    let url = home.keyward.path("public.git");
    home.at(&home.path, &["push", "-q", &url, "main"]).exits(1);
    let words = format!("release with {STRIPE_KEY}");
    home.at(&home.path, &["tag", "-a", "v1", "-m", &words]).ok();
    home.git("push -q private v1").exits(1).says("message of");
    home.git("tag v2").ok();
    home.git("push -q private v2").ok();
    home.at(&home.path, &["commit", "-q", "--allow-empty", "-m", &words]).ok();
    home.git("push -q private main").exits(1).says("message of");
}

#[test]
fn the_same_value_in_a_file_that_another_branch_has_too_is_seen() {
    let home = Home::new("repo");
    home.remote("origin");
    home.commit("a.txt", "clean\n").ok();
    home.git("push -q origin main").ok();
    home.hook("install").ok();
    // The other branch brings the very same file first.
    home.git("checkout -q -b other").ok();
    home.write("b.txt", &leak());
    home.git("add -A").ok();
    home.git("commit -q -n -m leak --date 2020-01-01T00:00:00Z").ok();
    home.git("checkout -q main").ok();
    home.write("b.txt", &leak());
    home.git("add -A").ok();
    home.git("commit -q -n -m same").ok();
    home.git("push -q origin main").exits(1).says("Stripe");
}

#[test]
fn a_hook_that_cannot_look_stops_and_says_so() {
    let home = Home::new("repo");
    home.hook("install").ok();
    home.commit("a.txt", "clean\n").ok();
    let run = |line: &str, stdin: &[u8]| {
        let path = home.path.display().to_string();
        let keyward = env!("CARGO_BIN_EXE_keyward");
        let script = format!("cd '{path}' && printf '{}' | {keyward} {line}", stdin.escape_ascii());
        let output = home.keyward.command("sh").args(["-c", &script]).output().unwrap();
        Said::new(line.to_owned(), output)
    };
    run("hook run pre-push -- origin", b"nonsense").fails(2, "USAGE").says("Nothing was pushed");
    run("hook run pre-push", b"").ok();
    assert_eq!(run("hook run pre-push --json", b"").ok().json()["version"], 1);
    run("hook run pre-commit --json", b"").ok().json();
    let report = home.keyward.path("known.json");
    home.write("b.txt", &leak());
    home.git("add -A").ok();
    run(&format!("scan --staged --json --out {report}"), b"").exits(1);
    home.git("commit -q -m x").exits(1);
    home.hook(&format!("install --baseline {report}")).ok();
    home.hook("status").ok().says("installed");
    home.git("commit -q -m x").ok();
    fs::remove_file(&report).unwrap();
    home.commit("c.txt", "clean\n").exits(1).says("Nothing was committed");
    let rules = "[[rules]]\nid = 'acme'\nregex = 'acme_[0-9]{8}'\n";
    let rules = home.keyward.create("my rules.toml", rules);
    let path = home.path.display().to_string();
    home.keyward.args(&["hook", "install", &path, "--rules", &rules], b"").ok();
    home.commit("c.txt", "acme_12345678\n").exits(1).says("c.txt:1");
}

#[test]
fn for_every_repository_and_its_own_hooks_still_run() {
    let home = Home::new("repo");
    let config = home.keyward.dir.path().join(".gitconfig");
    let before = "# mine\n[user]\n\tname = Ada ; comment\n[alias]\n\tx = \"!echo \\\"q\\\"\"";
    fs::write(&config, before).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o640)).unwrap();
    home.script(".git/hooks/pre-commit", "#!/bin/sh\necho own pre-commit >&2\n");
    home.script(".git/hooks/commit-msg", "#!/bin/sh\necho own commit-msg $(cat \"$1\") >&2\n");
    home.script(".git/hooks/pre-push", "#!/bin/sh\necho own pre-push $1 $(cat) >&2\n");
    let status = home.hook("install --global --json").ok().json();
    assert_eq!((&status["scope"], &status["global"]), (&"global".into(), &true.into()));
    assert_eq!(status["hooks"][0]["state"], "installed");
    home.hook("install --global").ok();
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o640);
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.starts_with(before) && text.matches("hooksPath").count() == 1, "{text}");
    home.commit("a.txt", "clean\n").ok().says("own pre-commit").says("own commit-msg change");
    home.commit("b.txt", &leak()).exits(1).says("own pre-commit").says("Stripe");
    home.git("reset -q --hard").ok();
    home.remote("origin");
    home.git("push -q origin main").ok().says("own pre-push origin refs/heads/main");
    home.hook("status").ok().says("for every repository");
    home.hook("install").fails(8, "HOOKS_ELSEWHERE").says("looked after");
    // Another data folder does not take the hooks for a stranger's.
    let mut other = home.keyward.command(env!("CARGO_BIN_EXE_keyward"));
    other.env("KEYWARD_HOME", home.keyward.path("other")).args(["hook", "install", "--global"]);
    assert!(other.output().unwrap().status.success());
    home.git("reset -q --hard").ok();
    home.commit("d.txt", "clean\n").ok().says("own pre-commit");
    home.hook("remove --global").ok();
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    assert!(!home.keyward.home().join("hooks").exists());
    let said = home.commit("b.txt", &leak()).ok().says("own pre-commit");
    assert!(!said.err.contains("Stripe"), "{said}");
}

#[test]
fn a_global_folder_of_ones_own_is_kept() {
    let home = Home::new("repo");
    let folder = home.keyward.dir.path().join("my hooks");
    fs::create_dir(&folder).unwrap();
    let mine = folder.join("pre-commit");
    fs::write(&mine, "#!/bin/sh\necho global mine >&2\n").unwrap();
    fs::set_permissions(&mine, fs::Permissions::from_mode(0o755)).unwrap();
    let config = home.keyward.dir.path().join(".gitconfig");
    let before = "[include]\n\tpath = more\n";
    fs::write(&config, before).unwrap();
    home.keyward.create("more", "[core]\n\thooksPath = \"~/my hooks\"\n");
    home.hook("install --global").ok().says("my hooks");
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
    home.commit("a.txt", "clean\n").ok().says("global mine");
    home.commit("b.txt", &leak()).exits(1).says("global mine").says("Stripe");
    home.hook("remove --global").ok();
    assert_eq!(fs::read_to_string(&mine).unwrap(), "#!/bin/sh\necho global mine >&2\n");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_config_that_was_not_there_goes_again_and_a_locked_one_is_left() {
    let home = Home::new("repo");
    let config = home.keyward.dir.path().join(".gitconfig");
    home.hook("install --global").ok();
    home.commit("a.txt", &leak()).exits(1);
    home.hook("remove --global").ok();
    assert!(!config.exists());
    let lock = home.keyward.create(".gitconfig.lock", "");
    home.hook("install --global").fails(8, "HOOK_CONFLICT");
    fs::remove_file(lock).unwrap();
    // A link to a file kept elsewhere stays a link.
    home.keyward.create("dotfiles/gitconfig", "[user]\n\tname = Ada\n");
    symlink("dotfiles/gitconfig", &config).unwrap();
    home.hook("install --global").ok();
    home.hook("remove --global").ok();
    assert!(config.is_symlink());
    assert_eq!(fs::read_to_string(&config).unwrap(), "[user]\n\tname = Ada\n");
}
