//! What the fuzz targets begin with: packs, indexes and archives that git makes here and now, and the
//! examples of the built-in rules. Nothing of it is kept in the repository.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use keyward_app::{scanner, webhooks};

use crate::{Result, capture_seeds};

/// A pseudo-random beginning for targets that read any bytes as a structure.
const RANDOM: usize = 64;

/// Writes the seeds of a target into its corpus.
pub fn write(target: &str, corpus: &Path) -> Result<()> {
    let mut seeds: Vec<Vec<u8>> = match target {
        "pack" => repository()?.packs,
        "decoders" => {
            let mut texts = texts();
            texts.extend(repository()?.archives);
            texts.into_iter().map(|text| [&[0, 0][..], &text].concat()).collect()
        }
        "rules" => rules()?,
        "git_files" => {
            let indexes = repository()?.indexes;
            indexes.into_iter().map(|index| [b"I", &index[..]].concat()).collect()
        }
        "capture" => capture_seeds::captures(),
        "webhook" => requests(),
        "backup" => backups(),
        "keychain_file" => vec![keychain_file(br#"{"a/key":"dmFsdWU="}"#), keychain_file(b"{}")],
        "dotenv" => vec![b"# c\nexport A='x # y' # note\nB=\"a\\nb\"\r\nC=1\n".to_vec()],
        _ => Vec::new(),
    };
    if matches!(target, "pack" | "delta" | "differential" | "git_files") {
        seeds.extend((1..=RANDOM).map(|number| random(number, 40 * number)));
    }
    for (number, seed) in seeds.iter().enumerate() {
        let path = corpus.join(format!("seed-{number}"));
        std::fs::write(&path, seed).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The header of a keychain file whose key costs next to nothing, and what is to be behind its seal:
/// the target seals it.
fn keychain_file(plain: &[u8]) -> Vec<u8> {
    let mut file = b"keyward-keychain\n\x01".to_vec();
    for number in [8_u32, 1, 1] {
        file.extend(number.to_le_bytes());
    }
    file.extend([7; 16]);
    file.extend(plain);
    file
}

/// The same bytes each time (xorshift64, Marsaglia 2003).
fn random(seed: usize, len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ seed as u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// The examples of the built-in rules, as they are and in the encodings that are undone.
fn texts() -> Vec<Vec<u8>> {
    let rules = scanner::Rules::builtin();
    let mut texts = Vec::new();
    for (number, example) in rules.iter().flat_map(|rule| &rule.examples).enumerate() {
        let text = match number % 6 {
            0 => base64::engine::general_purpose::STANDARD
                .encode(format!("a text, {example}"))
                .into(),
            1 => example.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
            2 => example.replace('=', "%3D").replace('/', "%2F").into_bytes(),
            3 => {
                let units = example.encode_utf16().flat_map(u16::to_le_bytes);
                [0xff, 0xfe].into_iter().chain(units).collect()
            }
            _ => example.clone().into_bytes(),
        };
        texts.push(text);
    }
    texts
}

/// Rule files of ours and of other tools, each with a text.
fn rules() -> Result<Vec<Vec<u8>>> {
    const OTHERS: &str = r#"title = "x"
[extend]
useDefault = true
[[allowlists]]
description = "d"
condition = "AND"
regexTarget = "line"
regexes = ['''EXAMPLE$''']
paths = ['''(?i)test/''']
stopwords = ["dummy"]
commits = ["1111111111111111111111111111111111111111"]
[[rules]]
id = "acme-token"
description = "Acme, a token."
regex = '''(?i)\b(acme_[a-z0-9]{8,20})\b'''
secretGroup = 1
entropy = 2.5
keywords = ["acme_"]
path = '''\.env$'''
filter = '''filter.entropy(finding["secret"]) <= 2.0 || matchesAny(finding["secret"], ["^x+$"]) || containsAny(finding["secret"], ["dummy"])'''
[[rules.allowlists]]
stopwords = ["example"]
[[rules]]
id = "by-name"
path = '''\.p12$'''
"#;
    let folder = crate::root().join("crates/scan/rules");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut seeds = vec![format!("{OTHERS}\0key = acme_1a2b3c4d5e6f\n").into_bytes()];
    for path in entries.flatten().map(|entry| entry.path()) {
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        seeds.push([&text[..], b"\0token = abcdef0123456789\n"].concat());
    }
    Ok(seeds)
}

/// A request for each scheme, with a signature of the right form.
fn requests() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, scheme) in (0..).zip(webhooks::table()) {
        let mut head = "POST /hook?x=1 HTTP/1.1\r\nHost: api.example\r\n".to_owned();
        let digits = "0123456789abcdef".repeat(4);
        let signature = &scheme.signature;
        let value = match &signature.field {
            Some(field) => format!("t=1760000000,{field}={digits}"),
            None => format!("{}{digits}", signature.prefix),
        };
        let times = scheme.timestamp.iter().flat_map(|time| &time.header);
        let ids = scheme.message_id.iter().flat_map(|id| &id.header);
        signature.header.iter().for_each(|name| head.push_str(&format!("{name}: {value}\r\n")));
        times.for_each(|name| head.push_str(&format!("{name}: 1760000000\r\n")));
        ids.for_each(|name| head.push_str(&format!("{name}: msg_1\r\n")));
        for body in
            ["{\"id\": \"evt_1\", \"n\": [1.50, \"\\u00e9/\"]}\n", "payload=%7B%22a%22%3A1%7D&b=c"]
        {
            seeds.push([&[number][..], head.as_bytes(), b"\r\n", body.as_bytes()].concat());
        }
    }
    let json = "{\"method\":\"POST\",\"url\":\"https://a.example/\",\"headers\":{\"X-Hub-Signature-256\":\"sha256=00\"},\
                \"body_base64\":\"e30=\"}";
    seeds.push([&[0][..], json.as_bytes()].concat());
    seeds
}

fn backups() -> Vec<Vec<u8>> {
    let document = r#"{"format":"keyward-backup","version":1,"vault":"v","created":"2026-01-02T03:04:05Z",
"audit_head":null,"counts":{"entries":1,"values":1},"entries":[{"name":"acme/prod/x","id":"01J","kind":"api-key",
"provider":null,"mode":"live","var":"X","owner":null,"url":null,"notes":null,"ip_note":null,"tags":["a"],
"rotate_days":90,"expires":"2026-12-31","created":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:05Z",
"versions":[{"version":1,"stage":"current","created":"2026-01-02T03:04:05Z","retired":null,"value":"v"}]}],
"manifest":null}"#;
    let scrypt = "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 2\n\
                  ZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n--- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n";
    let armored = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA=\n\
                   -----END AGE ENCRYPTED FILE-----\n";
    [document, scrypt, armored].map(|text| text.as_bytes().to_vec()).into()
}

/// What git makes of a small repository.
struct Made {
    /// As the target reads them: `R`, the length of the index, the index, the pack.
    packs: Vec<Vec<u8>>,
    indexes: Vec<Vec<u8>>,
    archives: Vec<Vec<u8>>,
}

fn repository() -> Result<Made> {
    let home = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let repo = home.path().join("repo");
    let git = |arguments: &[&str]| -> Result<Vec<u8>> {
        let output = Command::new("git")
            .arg("-C")
            .arg(home.path())
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.test"])
            .args(["-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", "-c", "gc.auto=0"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .map_err(|error| format!("git could not be started: {error}"))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(format!("git {}: {why}", arguments.join(" ")));
        }
        Ok(output.stdout)
    };
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut made = Made { packs: Vec::new(), indexes: Vec::new(), archives: Vec::new() };
    for format in ["sha1", "sha256"] {
        let _ = std::fs::remove_dir_all(&repo);
        git(&["init", "-q", "-b", "main", &format!("--object-format={format}"), "repo"])?;
        let mut text = String::new();
        for number in 0..8 {
            text.push_str(&format!("line {number} of a text that grows\n"));
            for name in ["a.txt", "folder/b.txt"] {
                let path = repo.join(name);
                let folder = path.parent().unwrap_or(&repo);
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&path, format!("{name}\n{text}")))
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
            git(&["-C", "repo", "add", "-A"])?;
            git(&["-C", "repo", "commit", "-q", "-m", &format!("change {number}")])?;
        }
        git(&["-C", "repo", "tag", "-a", "-m", "a tag", "v1"])?;
        let tree = ["-C", "repo", "read-tree", "HEAD"];
        for set in [
            &["index.version", "2"][..],
            &["index.version", "4"],
            &["core.untrackedCache", "true"],
            &["core.splitIndex", "true"],
        ] {
            let setting = set.join("=");
            git(&[&["-c", &setting], &tree[..]].concat())?;
            git(&["-c", &setting, "-C", "repo", "update-index", "--refresh"])?;
            made.indexes.push(read(&repo.join(".git/index"))?);
        }
        // Deltas by offset and by name, indexes of both versions.
        for (by_offset, version) in [("true", "2"), ("false", "1")] {
            git(&[
                "-C",
                "repo",
                "-c",
                &format!("repack.useDeltaBaseOffset={by_offset}"),
                "-c",
                &format!("pack.indexVersion={version}"),
                "repack",
                "-adfq",
            ])?;
            let folder = repo.join(".git/objects/pack");
            let files = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
            for index in files.flatten().map(|file| file.path()) {
                if index.extension().is_some_and(|ext| ext == "idx") {
                    let (index, pack) = (read(&index)?, read(&index.with_extension("pack"))?);
                    let len = (index.len() as u32).to_le_bytes();
                    made.packs.push([b"R", &len[..], &index, &pack].concat());
                }
            }
        }
    }
    for format in ["zip", "tar", "tar.gz"] {
        made.archives.push(git(&["-C", "repo", "archive", &format!("--format={format}"), "HEAD"])?);
    }
    Ok(made)
}
