//! Where Git looks for a repository's hooks, and who set it so. Read by gitoxide; Git itself is never run.

use std::path::{Path, PathBuf};

use gix::config::Source;

use super::script::{Ours, recognise};
use crate::Error;
use crate::error::{io, shown};

/// A hook is a small script; more than this is not read of one, in bytes.
const MAX_HOOK: u64 = 1024 * 1024;

/// A repository and its hooks' folder.
pub(super) struct Place {
    pub(super) repo: gix::Repository,
    /// Where Git looks for hooks.
    pub(super) folder: PathBuf,
    /// Where it looks without `core.hooksPath`.
    pub(super) own: PathBuf,
    /// `core.hooksPath`, if it is set.
    pub(super) configured: Option<Configured>,
}

/// A `core.hooksPath`.
#[derive(Debug, Clone)]
pub(super) struct Configured {
    /// Which config says so: `system`, `global`, `local`, `worktree` or `environment`.
    pub(super) scope: &'static str,
    /// That file, where it is one.
    pub(super) file: Option<PathBuf>,
}

impl Place {
    /// The repository that `path` is in.
    pub(super) fn find(path: &Path) -> Result<Self, Error> {
        let start = std::fs::canonicalize(path).map_err(|error| io(&error, "the repository"))?;
        for folder in start.ancestors() {
            let git = folder.join(".git").symlink_metadata().is_ok();
            let bare = ["HEAD", "objects", "refs"].iter().all(|part| folder.join(part).exists());
            if git || bare {
                return Self::open(folder, !git);
            }
        }
        Err(Error::new(
            "NOT_A_REPOSITORY",
            format!("`{}` is in no Git repository.", shown(&path.display().to_string())),
            "Give the repository's folder.",
        ))
    }

    /// The repository whose Git folder this is (`as_is`), or whose work tree.
    pub(super) fn open(folder: &Path, as_is: bool) -> Result<Self, Error> {
        let permissions = gix::open::Permissions {
            config: gix::open::permissions::Config::all(),
            ..gix::open::Permissions::all()
        };
        let options = gix::open::Options::default()
            .permissions(permissions)
            .strict_config(false)
            .open_path_as_is(as_is);
        let repo = gix::open_opts(folder, options).map_err(|_| {
            Error::new(
                "REPO_UNREADABLE",
                format!(
                    "The repository at `{}` cannot be read. Nothing was changed.",
                    shown(&folder.display().to_string())
                ),
                "`git status` there tells more.",
            )
        })?;
        // Linked work trees share the hooks of the repository that they belong to.
        let common = std::fs::canonicalize(repo.common_dir());
        let own = common.unwrap_or_else(|_| repo.common_dir().to_owned()).join("hooks");
        let configured = configured(&repo);
        let folder = match &configured {
            Some((path, _)) => repo.workdir().unwrap_or_else(|| repo.git_dir()).join(path),
            None => own.clone(),
        };
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Ok(Self { repo, folder, own, configured: configured.map(|(_, configured)| configured) })
    }

    /// What a scan is to be given for this repository.
    pub(super) fn root(&self) -> PathBuf {
        match self.repo.workdir() {
            Some(work) if work.join(".git").symlink_metadata().is_ok() => work.to_owned(),
            _ => self.repo.git_dir().to_owned(),
        }
    }
}

/// The last `core.hooksPath` of all config that Git would read, and whose it is. An empty one is none.
fn configured(repo: &gix::Repository) -> Option<(PathBuf, Configured)> {
    let snapshot = repo.config_snapshot();
    let (value, section) = snapshot.plumbing().raw_value_with_section("core.hooksPath").ok()?;
    let scope = match section.meta().source {
        Source::GitInstallation | Source::System => "system",
        Source::Git | Source::User => "global",
        Source::Local => "local",
        Source::Worktree => "worktree",
        _ => "environment",
    };
    let file = section.meta().path.clone();
    let home = etcetera::home_dir().ok();
    let context =
        gix::config::path::interpolate::Context { home_dir: home.as_deref(), ..Default::default() };
    let path = gix::config::Path::from(value).interpolate(context).ok()?;
    (!path.as_os_str().is_empty()).then_some((path, Configured { scope, file }))
}

/// What stands in a hook's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Ours(Ours),
    /// Another program keeps it, and would overwrite what is put there.
    Managed(&'static str),
    /// Anything else: a script, a link, a binary.
    Foreign,
}

/// Looks at one hook.
pub(super) fn look(hook: &Path) -> Found {
    let Ok(meta) = hook.symlink_metadata() else {
        return Found::Nothing;
    };
    let text = match std::fs::metadata(hook) {
        Ok(target) if target.is_file() && target.len() <= MAX_HOOK => {
            std::fs::read(hook).unwrap_or_default()
        }
        _ => return Found::Foreign,
    };
    match recognise(&text) {
        Ours::No => {}
        // A link to one of ours is somebody else's doing.
        _ if meta.is_symlink() => return Found::Foreign,
        ours => return Found::Ours(ours),
    }
    let text = String::from_utf8_lossy(&text);
    let marks = [
        ("File generated by pre-commit", "pre-commit"),
        ("pre-commit.com", "pre-commit"),
        ("LEFTHOOK", "lefthook"),
        ("lefthook", "lefthook"),
        ("overcommit", "overcommit"),
        ("husky", "husky"),
    ];
    match marks.iter().find(|(mark, _)| text.contains(mark)) {
        Some((_, manager)) => Found::Managed(manager),
        None => Found::Foreign,
    }
}

/// The program that a hooks' folder belongs to, by its name.
pub(super) fn folder_manager(folder: &Path) -> Option<&'static str> {
    let is = |name: &str| folder.file_name().is_some_and(|last| last == name);
    let inside = folder.parent().is_some_and(|parent| parent.ends_with(".husky"));
    (is(".husky") || inside).then_some("husky")
}

/// What to write where, so that the program in charge calls Keyward.
pub(super) fn advice(manager: &str) -> String {
    match manager {
        "husky" => "Add the line `keyward hook run pre-commit` to .husky/pre-commit, and `keyward hook run pre-push -- \"$1\"` to .husky/pre-push.".to_owned(),
        "pre-commit" => "Add a local hook to .pre-commit-config.yaml: `- repo: local` with `hooks: [{id: keyward, name: keyward, entry: keyward hook run pre-commit, language: system, pass_filenames: false, always_run: true}]`.".to_owned(),
        "lefthook" => "Add to lefthook.yml: `pre-commit: {commands: {keyward: {run: keyward hook run pre-commit}}}` and `pre-push: {commands: {keyward: {run: keyward hook run pre-push -- {1}, use_stdin: true}}}`.".to_owned(),
        _ => format!("Let {manager} run `keyward hook run pre-commit` and `keyward hook run pre-push -- REMOTE`."),
    }
}
