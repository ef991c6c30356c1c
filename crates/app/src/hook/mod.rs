//! Commit and push hooks: put in, taken out, looked at and run. Whatever was there before goes on working.

mod config_file;
mod folder;
mod global;
mod place;
mod push;
mod run;
mod script;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::place::{Found, Place, advice, folder_manager, look};
pub use self::run::HookRun;
use self::script::{Ours, Script, kept};
use crate::error::io;
use crate::view::JSON_VERSION;
use crate::{Error, Keyward};

/// The hooks that Keyward has something to do in.
const HOOKS: [&str; 2] = ["pre-commit", "pre-push"];

/// How hooks are to be put in.
#[derive(Debug, Clone, Default)]
pub struct HookOptions {
    /// In the folder of the user's own config, for every repository.
    pub global: bool,
    /// Let nothing pass when Keyward itself is gone.
    pub strict: bool,
    /// Findings that are known already.
    pub baseline: Option<PathBuf>,
    /// Rule files of the user's own.
    pub rules: Vec<PathBuf>,
}

/// How the hooks of a repository, or of all, stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HookStatus {
    /// The version of this format: 1.
    pub version: u32,
    /// `repository` or `global`.
    pub scope: &'static str,
    /// Where Git looks for hooks.
    pub folder: String,
    /// Who says so, when it is not the usual place: `system`, `global`, `local`, `worktree` or `environment`.
    pub hooks_path: Option<String>,
    /// Whether the hooks in that folder are those that `keyward hook install --global` made.
    pub global: bool,
    /// Each hook.
    pub hooks: Vec<HookRow>,
}

/// How one hook stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HookRow {
    /// Such as `pre-commit`.
    pub name: String,
    /// `installed`, `outdated` (another version, or Keyward has moved), `edited`, `foreign`, `managed`
    /// or `none`.
    pub state: &'static str,
    /// Where it is.
    pub path: String,
    /// A hook from before that runs first.
    pub first: Option<String>,
    /// Nothing passes without Keyward.
    pub strict: bool,
    /// The program that keeps it, such as `husky`.
    pub manager: Option<String>,
}

impl Keyward {
    /// Puts the hooks into the repository at `path`, or for every repository.
    ///
    /// # Errors
    /// `HOOK_MANAGED` with what to add instead where another program keeps the hooks, `HOOKS_ELSEWHERE` where
    /// the user's config sends Git to a folder for all repositories, `HOOK_CONFLICT`, `NOT_A_REPOSITORY`,
    /// the disk. Then nothing was changed.
    pub fn hook_install(&self, path: &Path, options: &HookOptions) -> Result<HookStatus, Error> {
        if options.global {
            self.install_global(options)?;
            return self.hook_status(path, true);
        }
        let place = Place::find(path)?;
        self.refuse_elsewhere(&place)?;
        for name in HOOKS {
            if let Found::Managed(manager) = look(&place.folder.join(name)) {
                return Err(managed(manager));
            }
        }
        put_all(&place.folder, &HOOKS, options)?;
        self.hook_status(path, false)
    }

    /// Takes the hooks out again and puts back what was there before.
    ///
    /// # Errors
    /// `HOOK_CONFLICT` for a hook that was edited since, `NOT_A_REPOSITORY`, the disk.
    pub fn hook_remove(&self, path: &Path, global: bool) -> Result<HookStatus, Error> {
        if global {
            self.remove_global()?;
            return self.hook_status(path, true);
        }
        let place = Place::find(path)?;
        // core.hooksPath may have been set after they were put in.
        for folder in [&place.folder, &place.own] {
            if !self.is_global_folder(folder) {
                take_all(folder, &HOOKS)?;
            }
        }
        self.hook_status(path, false)
    }

    /// How the hooks stand.
    ///
    /// # Errors
    /// `NOT_A_REPOSITORY`, the disk.
    pub fn hook_status(&self, path: &Path, global: bool) -> Result<HookStatus, Error> {
        let (folder, configured) = if global {
            let (folder, set) = self.global_folder()?;
            (folder, set.then(|| "global".to_owned()))
        } else {
            let place = Place::find(path)?;
            let configured = place.configured.as_ref().map(|set| set.scope.to_owned());
            (place.folder, configured)
        };
        let ours = self.is_global_folder(&folder);
        let program = program()?;
        let row = |name: &&str| row(&folder, name, &program);
        Ok(HookStatus {
            version: JSON_VERSION,
            scope: if global { "global" } else { "repository" },
            hooks_path: configured,
            global: ours,
            hooks: HOOKS.iter().map(row).collect(),
            folder: folder.display().to_string(),
        })
    }

    /// A folder that is not this repository's alone is not written to for this repository.
    fn refuse_elsewhere(&self, place: &Place) -> Result<(), Error> {
        if let Some(manager) = folder_manager(&place.folder) {
            return Err(managed(manager));
        }
        let Some(configured) = &place.configured else {
            return Ok(());
        };
        let by = match &configured.file {
            Some(file) => format!("`{}`", file.display()),
            None => format!("the {} config", configured.scope),
        };
        let says = |what: &str| {
            format!(
                "core.hooksPath in {by} sends Git to `{}`{what}. Nothing was changed.",
                place.folder.display()
            )
        };
        if self.is_global_folder(&place.folder) {
            return Err(Error::new(
                "HOOKS_ELSEWHERE",
                says(", where Keyward's hooks for every repository are: this one is looked after"),
                "`keyward hook status` shows them.",
            ));
        }
        if place.folder.exists() && !place.folder.is_dir() {
            return Err(Error::new(
                "HOOKS_ELSEWHERE",
                says(", which is no folder: hooks are turned off"),
                "Unset core.hooksPath, then try again.",
            ));
        }
        if matches!(configured.scope, "system" | "global" | "environment") {
            return Err(Error::new(
                "HOOKS_ELSEWHERE",
                says(" for more than this repository"),
                "`keyward hook install --global` puts the hooks there; or unset core.hooksPath.",
            ));
        }
        Ok(())
    }
}

fn managed(manager: &str) -> Error {
    Error::new(
        "HOOK_MANAGED",
        format!(
            "The hooks here are kept by {manager}, which would overwrite ours. Nothing was changed."
        ),
        advice(manager),
    )
}

/// Where this program is.
fn program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|error| io(&error, "Keyward's own path"))
}

fn script(
    folder: &Path,
    name: &str,
    options: &HookOptions,
    made_folder: bool,
) -> Result<Script, Error> {
    let baseline = options.baseline.iter().map(|file| ("--baseline", file));
    let rules = options.rules.iter().map(|file| ("--rules", file));
    let files = baseline.chain(rules).map(|(flag, file)| {
        // The hook runs elsewhere than where the file was named.
        let whole = std::fs::canonicalize(file);
        whole.map(|whole| (flag, whole)).map_err(|error| io(&error, "the file for the hook"))
    });
    let files = files.collect::<Result<_, _>>()?;
    // Putting a hook in again must not forget that the folder was made for it.
    let made_before =
        matches!(look(&folder.join(name)), Found::Ours(Ours::Intact { made_folder: true, .. }));
    Ok(Script {
        name: name.to_owned(),
        program: program()?,
        strict: options.strict,
        files,
        global: options.global,
        made_folder: made_folder || made_before,
    })
}

/// Puts all of them in, or none.
fn put_all(folder: &Path, names: &[&str], options: &HookOptions) -> Result<(), Error> {
    let made = !folder.exists();
    let scripts: Vec<Script> =
        names.iter().map(|name| script(folder, name, options, made)).collect::<Result<_, _>>()?;
    std::fs::create_dir_all(folder).map_err(|error| io(&error, "the hooks' folder"))?;
    let mut fresh: Vec<&str> = Vec::new();
    for script in &scripts {
        let new = !matches!(look(&folder.join(&script.name)), Found::Ours(_));
        if let Err(error) = folder::put(folder, script) {
            // What this call put in goes again; what was ours before stays.
            for name in fresh {
                let _ = folder::take(folder, name);
            }
            if made {
                let _ = std::fs::remove_dir(folder);
            }
            return Err(error);
        }
        if new {
            fresh.push(&script.name);
        }
    }
    Ok(())
}

/// Takes out those of ours; an edited one stops it before anything is done.
fn take_all(folder: &Path, names: &[&str]) -> Result<(), Error> {
    let mut made = false;
    for name in names {
        match look(&folder.join(name)) {
            Found::Ours(Ours::Intact { made_folder, .. }) => made |= made_folder,
            Found::Ours(_) => {
                folder::take(folder, name)?;
            }
            _ => {}
        }
    }
    for name in names {
        folder::take(folder, name)?;
    }
    if made {
        // Not if something else is in it by now.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(())
}

fn row(folder: &Path, name: &str, program: &Path) -> HookRow {
    let hook = folder.join(name);
    let before = kept(&hook);
    let mut row = HookRow {
        name: name.to_owned(),
        state: "none",
        path: hook.display().to_string(),
        first: before.symlink_metadata().is_ok().then(|| before.display().to_string()),
        strict: false,
        manager: folder_manager(folder).map(ToOwned::to_owned),
    };
    match look(&hook) {
        Found::Nothing => {}
        Found::Foreign => row.state = if row.manager.is_some() { "managed" } else { "foreign" },
        Found::Managed(manager) => {
            row.state = "managed";
            row.manager = Some(manager.to_owned());
        }
        Found::Ours(Ours::Intact { strict, .. }) => {
            row.strict = strict;
            let current = std::fs::read(&hook).unwrap_or_default();
            row.state =
                if script::is_current(&current, program) { "installed" } else { "outdated" };
        }
        Found::Ours(_) => row.state = "edited",
    }
    row
}
