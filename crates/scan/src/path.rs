//! Paths are bytes in a repository and on Unix; this is the one place where they become text.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

/// Bytes as text: valid UTF-8 stays, every other byte becomes `%XX`. A `%` stays as it is.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    out
}

/// A path relative to `root` with `/`, as bytes. A path that is `root` itself gives its file name.
pub(crate) fn relative(root: &Path, path: &Path) -> Vec<u8> {
    let inner = path.strip_prefix(root).unwrap_or(path);
    if inner.as_os_str().is_empty() {
        return path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
    }
    let mut out = Vec::new();
    for component in inner.components() {
        if !out.is_empty() {
            out.push(b'/');
        }
        out.extend_from_slice(component.as_os_str().as_encoded_bytes());
    }
    out
}

/// A path of the index below `root`; `None` if it would lead out, into `.git`, or cannot be named here.
pub(crate) fn below(root: &Path, path: &[u8]) -> Option<PathBuf> {
    let path = native(path)?;
    let tame = path.components().all(|component| match component {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        _ => false,
    });
    (tame && path.components().next().is_some()).then(|| root.join(path))
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // Elsewhere it can fail.
pub(crate) fn native(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
pub(crate) fn native(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Whether a path is test or example data, where made-up credentials are at home.
pub(crate) fn is_test_data(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    // The members of an archive follow a `!`.
    let mut parts = lower.rsplit(['/', '!']);
    let name = parts.next().unwrap_or_default();
    let folder = parts.any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "testing"
                | "testdata"
                | "test-data"
                | "test_data"
                | "test-vectors"
                | "test_vectors"
                | "testvectors"
                | "vectors"
                | "__tests__"
                | "__mocks__"
                | "spec"
                | "specs"
                | "fixture"
                | "fixtures"
                | "example"
                | "examples"
                | "sample"
                | "samples"
                | "mock"
                | "mocks"
                | "e2e"
                | "doc"
                | "docs"
                | "demo"
                | "demos"
                | "bench"
                | "benches"
                | "node_modules"
                | "vendor"
                | "third_party"
        )
    });
    let stem = name.split('.').next().unwrap_or_default();
    let named = stem.starts_with("test_")
        || stem.starts_with("test-")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem == "tests"
        || stem == "conftest"
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".example")
        || name.contains(".sample")
        || name.contains(".template")
        || name.ends_with(".md")
        || name.ends_with(".rst")
        || name.ends_with(".adoc");
    folder || named
}

/// Whether a file is written by programs: lock files and built bundles are full of hashes.
pub(crate) fn is_generated(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit(['/', '!']).next().unwrap_or_default();
    matches!(
        name,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "cargo.lock"
            | "go.sum"
            | "go.mod"
            | "poetry.lock"
            | "pipfile.lock"
            | "composer.lock"
            | "gemfile.lock"
            | "flake.lock"
            | "uv.lock"
            | "bun.lock"
            | "deno.lock"
            | "podfile.lock"
            | "packages.lock.json"
            | ".cargo-checksum.json"
            | ".cargo_vcs_info.json"
    ) || [
        ".min.js", ".min.css", ".js.map", ".css.map", ".ts.map", ".svg", ".pdf", ".woff", ".woff2",
        ".snap",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_escaped() {
        assert_eq!(shown("ä/b.txt".as_bytes()), "ä/b.txt");
        assert_eq!(shown(b"a\xff\xfe%"), "a%FF%FE%");
    }

    #[test]
    fn paths_of_an_index_stay_inside() {
        let root = Path::new("/repo");
        assert_eq!(below(root, b"a/b"), Some(PathBuf::from("/repo/a/b")));
        for bad in
            [&b"../x"[..], b"/etc/passwd", b"a/../../x", b".git/config", b"a/.GIT/x", b"", b"./"]
        {
            assert_eq!(below(root, bad), None);
        }
    }

    #[test]
    fn relative_paths_use_slashes() {
        assert_eq!(relative(Path::new("/r"), Path::new("/r/a/b")), b"a/b");
        assert_eq!(relative(Path::new("/r/a"), Path::new("/r/a")), b"a");
    }
}
