//! Lists the app's commands, so that a window may call only what its capability names.

fn main() {
    // One list for the build and for the handler; see `src/commands.rs`.
    let sources = [include_str!("src/commands.rs"), include_str!("src/rotation.rs")];
    let commands: Vec<&'static str> = sources
        .into_iter()
        .flat_map(|source| source.split("#[tauri::command(async)]").skip(1))
        .filter_map(|rest| rest.split("pub fn ").nth(1))
        .filter_map(|rest| rest.split(['(', '<']).next())
        .collect();
    println!("cargo:rerun-if-changed=src/commands.rs");
    println!("cargo:rerun-if-changed=src/rotation.rs");
    let manifest = tauri_build::AppManifest::new().commands(Box::leak(commands.into_boxed_slice()));
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("the manifest, the capability and tauri.conf.json fit together");
}
