//! The window's TypeScript types: made from the Rust views, committed, and compared in tests.

use std::fs;

use crate::{Result, root};

const FILE: &str = "ui/src/lib/bindings.ts";

/// Writes the file.
pub fn write() -> Result<()> {
    let path = root().join(FILE);
    fs::write(&path, keyward_app::bindings::typescript())
        .map_err(|error| format!("{FILE}: {error}"))?;
    println!("wrote {FILE}");
    Ok(())
}

/// Fails when the committed file is not what the views say today.
pub fn check() -> Result<()> {
    let committed = fs::read_to_string(root().join(FILE)).unwrap_or_default();
    if committed.replace("\r\n", "\n") == keyward_app::bindings::typescript() {
        return Ok(());
    }
    Err(format!("{FILE} is not what the Rust views say; run `cargo xtask bindings` and commit it"))
}
