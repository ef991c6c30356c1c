//! Connectors against a real OpenBao: tokens, AppRole, and times that the server caps.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyward_remote::connector::{Account, Liveness, connector};
use keyward_remote::{Limits, Outgoing, Reach, Route, Target};
use secrecy::{ExposeSecret as _, SecretSlice};

use crate::{TOKEN, secret};

const ROOT: &str = "root-of-the-test";

/// The program, from `KEYWARD_TEST_BAO` or where `cargo xtask` installs the servers of the tests. Where
/// there is none, the test is left out with a word, or fails when `KEYWARD_TEST_SERVERS=required`.
fn program() -> Option<PathBuf> {
    let given = std::env::var_os("KEYWARD_TEST_BAO").map(PathBuf::from);
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let installed =
        target.into_iter().chain([workspace]).map(|folder| folder.join("servers/python/bin/bao"));
    let found = given.into_iter().chain(installed).find(|path| path.exists());
    if found.is_none() {
        let required = std::env::var("KEYWARD_TEST_SERVERS").is_ok_and(|said| said == "required");
        assert!(!required, "no OpenBao: set KEYWARD_TEST_BAO to its program");
        #[allow(clippy::print_stderr)]
        {
            eprintln!("left out: no OpenBao; set KEYWARD_TEST_BAO to its program");
        }
    }
    found
}

struct Bao {
    child: Child,
    url: String,
    home: PathBuf,
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

impl Bao {
    fn start() -> Option<Self> {
        let program = program()?;
        // A port that was free a moment ago; the server takes none by itself.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let home = std::env::temp_dir().join(format!("keyward-bao-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let child = Command::new(program)
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={ROOT}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .env("HOME", &home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bao = Self { child, url: format!("http://127.0.0.1:{port}"), home };
        let start = Instant::now();
        while bao.ask("GET", "/v1/sys/health", "").is_none_or(|(status, _)| status != 200) {
            assert!(start.elapsed() < Duration::from_secs(60), "OpenBao did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(bao)
    }

    /// A call as root, past the connectors.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<(u16, serde_json::Value)> {
        let time = Duration::from_secs(20);
        let target = Target::parse(&format!("{}{path}", self.url)).ok()?;
        let route = Route::find(target, Reach::Loopback, time).ok()?;
        let headers = [("X-Vault-Token".to_owned(), ROOT.to_owned())];
        let request = Outgoing { method, host: None, headers: &headers, body: body.as_bytes() };
        let answer = route.send(&request, Limits { time, body: 1 << 20 }).ok()?.answer;
        Some((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    fn account<T>(&self, id: &str, given: &[(&str, &str)], act: impl FnOnce(&Account) -> T) -> T {
        let pairs = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let parameters: BTreeMap<_, _> = pairs.collect();
        let admin = secret(ROOT);
        act(&Account {
            connector: connector(id).unwrap(),
            parameters: &parameters,
            admin: Some(&admin),
            endpoint: Some(&self.url),
            now: jiff::Timestamp::now(),
        })
    }
}

fn text(value: &SecretSlice<u8>) -> String {
    String::from_utf8(value.expose_secret().to_vec()).unwrap()
}

#[test]
fn a_token_is_made_capped_and_ends_itself() {
    let Some(bao) = Bao::start() else { return };
    // At most an hour, whatever is asked for.
    bao.ask("POST", "/v1/sys/auth/token/tune", r#"{"max_lease_ttl":"1h"}"#).unwrap();
    let given = [("policies", "default"), ("ttl", "720h")];
    bao.account("vault", &given, |account| {
        let first = account.create(&secret(ROOT), TOKEN).unwrap();
        let left = first.expires.unwrap().duration_since(account.now);
        assert!(left.as_secs() <= 3600 && left.as_secs() > 3500, "{left}");
        let alive = account.check(&first.value).unwrap();
        assert_eq!((alive.liveness, &alive.id), (Liveness::Alive, &first.id));
        let said = alive.expires.unwrap().duration_since(first.expires.unwrap());
        assert!(said.as_secs().abs() <= 60, "{said}");

        // The second is no child of the first: it outlives it.
        let second = account.create(&first.value, TOKEN).unwrap();
        assert_eq!(account.revoke(&first.value, Some(&first.value), None), Ok(()));
        let dead = account.check(&first.value).unwrap();
        assert_eq!(
            (dead.liveness, dead.said.as_str()),
            (Liveness::Dead, "HTTP 403 (permission denied)")
        );
        assert_eq!(account.check(&second.value).unwrap().liveness, Liveness::Alive);
        // Again is no error; by its accessor neither.
        assert_eq!(account.revoke(&first.value, Some(&first.value), None), Ok(()));
        assert_eq!(account.revoke(&secret(ROOT), None, second.id.as_deref()), Ok(()));
        assert_eq!(account.check(&second.value).unwrap().liveness, Liveness::Dead);
        assert_eq!(account.revoke(&secret(ROOT), None, second.id.as_deref()), Ok(()));
    });
}

#[test]
fn two_secret_ids_overlap_until_the_old_one_is_destroyed() {
    let Some(bao) = Bao::start() else { return };
    bao.ask("POST", "/v1/sys/auth/approle", r#"{"type":"approle"}"#).unwrap();
    let role = r#"{"token_ttl":"20m","secret_id_ttl":"90m","token_policies":["default"]}"#;
    bao.ask("POST", "/v1/auth/approle/role/ci", role).unwrap();
    let (_, id) = bao.ask("GET", "/v1/auth/approle/role/ci/role-id", "").unwrap();
    let role_id = id["data"]["role_id"].as_str().unwrap().to_owned();
    let (_, made) = bao.ask("POST", "/v1/auth/approle/role/ci/secret-id", "{}").unwrap();
    let secret_id = made["data"]["secret_id"].as_str().unwrap();
    let old = secret(&format!("{role_id}:{secret_id}"));

    bao.account("vault-approle", &[("role", "ci")], |account| {
        let new = account.create(&old, TOKEN).unwrap();
        assert!(text(&new.value).starts_with(&format!("{role_id}:")));
        let left = new.expires.unwrap().duration_since(account.now).as_secs();
        assert_eq!(left, 90 * 60);
        for value in [&old, &new.value] {
            assert_eq!(account.check(value).unwrap().liveness, Liveness::Alive);
        }
        assert_eq!(account.revoke(&new.value, Some(&old), None), Ok(()));
        let dead = account.check(&old).unwrap();
        let said = "HTTP 400 (invalid role or secret ID)";
        assert_eq!((dead.liveness, dead.said.as_str()), (Liveness::Dead, said));
        assert_eq!(account.check(&new.value).unwrap().liveness, Liveness::Alive);
        // Again is no error; by its accessor neither.
        assert_eq!(account.revoke(&new.value, Some(&old), None), Ok(()));
        assert_eq!(account.revoke(&new.value, None, new.id.as_deref()), Ok(()));
        assert_eq!(account.check(&new.value).unwrap().liveness, Liveness::Dead);
        assert_eq!(account.revoke(&new.value, None, new.id.as_deref()), Ok(()));
    });
}

#[test]
fn a_server_that_is_gone_is_no_dead_token() {
    let Some(bao) = Bao::start() else { return };
    let url = bao.url.clone();
    drop(bao);
    assert!(
        TcpStream::connect(url.trim_start_matches("http://"))
            .map(|mut s| s.read(&mut [0]))
            .is_err()
    );
    let failure = crate::with("vault", &url, |account| account.check(&secret(ROOT)));
    assert!(failure.is_err());
}
