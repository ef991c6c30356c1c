//! A repository's config, read and never obeyed: what it says about the format, and which programs it
//! would make Git run.

use std::path::Path;

use crate::ScanError;
use crate::files::{self, Unread};

use super::unreadable;

/// A config file may be this large, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;

/// One line of config, its names in lower case.
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) subsection: Option<String>,
    pub(super) key: String,
    /// `None` for a key without `=`, which means true.
    pub(super) value: Option<String>,
}

pub(super) fn read_config(repo: &Path, path: &Path) -> Result<Vec<Setting>, ScanError> {
    let bytes = match files::read(path, MAX_CONFIG, false) {
        Ok(content) => content.bytes,
        Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Vec::new());
        }
        Err(Unread::Io(error)) => {
            return Err(unreadable(repo, format!("its config: {}", files::words(&error))));
        }
        Err(Unread::TooLarge(_)) => {
            return Err(unreadable(repo, "its config is larger than 1 MiB".to_owned()));
        }
        Err(Unread::NotAFile(what)) => {
            return Err(unreadable(repo, format!("its config is a {what}")));
        }
    };
    let file = gix::config::File::from_bytes_no_includes(
        &bytes,
        gix::config::file::Metadata::from(gix::config::Source::Local),
        gix::config::file::init::Options::default(),
    )
    .map_err(|_| unreadable(repo, "its config does not parse".to_owned()))?;
    let mut settings = Vec::new();
    for section in file.sections() {
        let header = section.header();
        for key in section.value_names() {
            settings.push(Setting {
                section: header.name().to_string().to_ascii_lowercase(),
                subsection: header.subsection_name().map(ToString::to_string),
                value: section.value(&key).map(|value| value.to_string()),
                key: key.to_ascii_lowercase(),
            });
        }
    }
    Ok(settings)
}

/// The last value of a key outside subsections: the outer `None` if it is not there.
pub(super) fn setting<'c>(
    config: &'c [Setting],
    section: &str,
    key: &str,
) -> Option<Option<&'c str>> {
    config
        .iter()
        .rev()
        .find(|s| s.section == section && s.subsection.is_none() && s.key == key)
        .map(|s| s.value.as_deref())
}

/// Git's idea of a true boolean.
pub(super) fn is_true(value: Option<&str>) -> bool {
    value.is_none_or(|value| {
        matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
    })
}

fn is_bool(value: Option<&str>) -> bool {
    is_true(value)
        || value.is_some_and(|v| {
            matches!(v.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0" | "")
        })
}

impl Setting {
    /// As people write it, made safe to print.
    pub(super) fn name(&self) -> String {
        let name = match &self.subsection {
            Some(subsection) => format!("{}.{}.{}", self.section, subsection, self.key),
            None => format!("{}.{}", self.section, self.key),
        };
        crate::rules::rule::printable(&name)
    }
}

/// Keys whose value Git takes as a program to run. `core.fsmonitor` and others may also be a plain yes or no.
pub(super) fn runs_code(setting: &Setting) -> bool {
    let value = setting.value.as_deref();
    let command = !is_bool(value);
    match (setting.section.as_str(), setting.key.as_str()) {
        (
            "core",
            "fsmonitor" | "pager" | "editor" | "sshcommand" | "askpass" | "gitproxy" | "hookspath",
        ) => command,
        ("core", "alternaterefscommand") | ("filter", "clean" | "smudge" | "process") => command,
        ("diff", "external" | "command" | "textconv") | ("merge", "driver") => command,
        ("gpg", "program" | "defaultkeycommand") | ("credential", "helper") => command,
        ("difftool" | "mergetool" | "browser" | "man" | "guitool", "cmd" | "path") => command,
        ("sequence", "editor") | ("interactive", "difffilter") | ("pager", _) => command,
        ("remote", "uploadpack" | "receivepack" | "vcs") | ("uploadpack", "packobjectshook") => {
            command
        }
        ("alias", _) | ("submodule", "update") => {
            value.is_some_and(|v| v.trim_start().starts_with('!'))
        }
        ("remote", "url") => value.is_some_and(|v| v.trim_start().starts_with("ext::")),
        _ => false,
    }
}
