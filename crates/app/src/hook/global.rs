//! Hooks for every repository: a folder of ours, and one setting in the user's Git config that leads
//! there.

use std::fs;
use std::path::{Path, PathBuf};

use gix::config::file::Metadata;
use gix::config::file::includes;
use gix::config::{File, Source};

use super::config_file;
use super::place::{Found, look};
use super::script::Ours;
use super::{HOOKS, HookOptions, put_all, take_all};
use crate::{Error, Keyward};

/// Every hook that Git may run in a folder of hooks, and that does nothing when there is none behind it.
/// `push-to-checkout` and `proc-receive` change what Git does just by being there; `fsmonitor-watchman`
/// is named by a setting of its own.
const ALL: [&str; 24] = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "p4-changelist",
    "p4-prepare-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
];

impl Keyward {
    /// The folder of the hooks for every repository.
    pub(super) fn hooks_folder(&self) -> PathBuf {
        self.config.home.join("hooks")
    }

    /// Whether the hooks in a folder are those for every repository, also of another data folder.
    pub(super) fn is_global_folder(&self, folder: &Path) -> bool {
        folder == self.hooks_folder()
            || matches!(
                look(&folder.join("pre-commit")),
                Found::Ours(Ours::Intact { global: true, .. })
            )
    }

    /// The folder that the user's config sends Git to, and whether it does.
    pub(super) fn global_folder(&self) -> Result<(PathBuf, bool), Error> {
        Ok(match hooks_path()? {
            Some(folder) => (folder, true),
            None => (self.hooks_folder(), false),
        })
    }

    pub(super) fn install_global(&self, options: &HookOptions) -> Result<(), Error> {
        let (folder, set) = self.global_folder()?;
        if !self.is_global_folder(&folder) {
            if folder.exists() && !folder.is_dir() {
                return Err(Error::new(
                    "HOOKS_ELSEWHERE",
                    format!(
                        "core.hooksPath sends Git to `{}`, which is no folder: hooks are turned off. Nothing was changed.",
                        folder.display()
                    ),
                    "Unset core.hooksPath, then try again.",
                ));
            }
            // The user's own folder: what is in it runs first, as in a repository.
            let options = HookOptions { global: false, ..options.clone() };
            return put_all(&folder, &HOOKS, &options);
        }
        put_all(&folder, &ALL, options)?;
        if set {
            return Ok(());
        }
        config_file::change(&file()?, |text| Ok(Some(config_file::with(text, &folder))))
    }

    pub(super) fn remove_global(&self) -> Result<(), Error> {
        let (folder, _) = self.global_folder()?;
        if self.is_global_folder(&folder) {
            config_file::change(&file()?, config_file::without)?;
            return take_all(&folder, &ALL);
        }
        take_all(&folder, &HOOKS)
    }
}

fn home() -> Result<PathBuf, Error> {
    etcetera::home_dir().map_err(|_| {
        Error::new(
            "DISK_ERROR",
            "No home folder is known, so there is no Git config of yours. Nothing was changed.",
            "Set HOME.",
        )
    })
}

/// The files of the user's config, in the order in which Git reads them: the later wins.
fn files() -> Result<Vec<PathBuf>, Error> {
    if let Some(file) = std::env::var_os("GIT_CONFIG_GLOBAL") {
        return Ok(vec![PathBuf::from(file)]);
    }
    let home = home()?;
    let xdg = std::env::var_os("XDG_CONFIG_HOME").filter(|path| !path.is_empty());
    let xdg = xdg.map_or_else(|| home.join(".config"), PathBuf::from);
    Ok(vec![xdg.join("git").join("config"), home.join(".gitconfig")])
}

/// The file that Git itself would write to.
fn file() -> Result<PathBuf, Error> {
    let files = files()?;
    let there = files.iter().rev().find(|file| file.exists());
    let file = there.or(files.last()).cloned().unwrap_or_default();
    // A link is kept; what it leads to is changed.
    Ok(fs::canonicalize(&file).unwrap_or(file))
}

/// `core.hooksPath` of the user's config, its includes followed.
fn hooks_path() -> Result<Option<PathBuf>, Error> {
    let home = home()?;
    let context =
        gix::config::path::interpolate::Context { home_dir: Some(&home), ..Default::default() };
    let options = gix::config::file::init::Options {
        includes: includes::Options::follow_without_conditional(Some(&home)),
        ..Default::default()
    };
    let there = files()?.into_iter().filter(|file| file.is_file());
    let metas = there.map(|path| Metadata { path: Some(path), ..Metadata::from(Source::User) });
    let file = File::from_paths_metadata(metas, options).map_err(|_| {
        Error::new(
            "HOOK_CONFLICT",
            "Your Git config cannot be read. Nothing was changed.",
            "`git config --global --list` tells where.",
        )
    })?;
    let path = file.and_then(|file| file.path("core.hooksPath"));
    let path = path.and_then(|path| path.interpolate(context).ok());
    Ok(path.filter(|path| !path.as_os_str().is_empty()))
}
