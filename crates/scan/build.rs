//! Lists `rules/*.toml`, so that adding a provider touches one file and no Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("rules");
    println!("cargo::rerun-if-changed={}", folder.display());

    let mut files: Vec<_> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    files.sort();

    let mut code = String::from("&[\n");
    for path in &files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let full = path.display().to_string();
        println!("cargo::rerun-if-changed={full}");
        writeln!(code, "    ({name:?}, include_str!({full:?})),").map_err(io::Error::other)?;
    }
    code.push_str("]\n");

    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("rules.rs"), code)
}
