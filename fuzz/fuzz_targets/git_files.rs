//! A repository's own files: config, refs, the index, reflogs, and a pack of objects that can be anything.
//! An object has an id of one repeated byte, its number, so that files and other objects can name it.
#![no_main]

use std::cell::Cell;
use std::sync::OnceLock;

use arbitrary::Arbitrary;
use keyward_fuzz::{Folder, Item, pack};
use keyward_scan::{Cancel, Options, Rules, Silent, scan};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    head: Name,
    branch: Vec<u8>,
    packed_refs: Vec<u8>,
    config: Vec<u8>,
    index: Index,
    reflog: Vec<u8>,
    shallow: Vec<u8>,
    commits: Vec<Commit>,
    trees: Vec<Vec<(u8, u8, Vec<u8>)>>,
    items: Vec<Item>,
    since: Option<u8>,
}

/// Where HEAD leads.
#[derive(Debug, Arbitrary)]
enum Name {
    Branch,
    Object(u8),
    Raw(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
struct Commit {
    tree: u8,
    parents: Vec<u8>,
    time: i64,
    rest: Vec<u8>,
}

#[derive(Debug, Arbitrary)]
enum Index {
    None,
    Raw(Vec<u8>),
    Made { version: u8, entries: Vec<(u8, u8, Vec<u8>)>, extensions: Vec<(u8, Vec<u8>)> },
}

thread_local! {
    static FOLDER: Folder = Folder::new();
    static MADE: Cell<bool> = const { Cell::new(false) };
}

const FILES: [&str; 7] =
    ["HEAD", "refs/heads/main", "packed-refs", "config", "index", "logs/HEAD", "shallow"];

fuzz_target!(|bytes: &[u8]| {
    let input = match bytes {
        // As `cargo xtask fuzz` writes a real index.
        [b'I', index @ ..] => Input { index: Index::Raw(index.to_vec()), ..empty() },
        _ => {
            let Ok(input) = Input::arbitrary(&mut arbitrary::Unstructured::new(bytes)) else {
                return;
            };
            input
        }
    };
    FOLDER.with(|folder| run(folder, &input));
});

fn empty() -> Input {
    Input {
        head: Name::Branch,
        branch: Vec::new(),
        packed_refs: Vec::new(),
        config: Vec::new(),
        index: Index::None,
        reflog: Vec::new(),
        shallow: Vec::new(),
        commits: Vec::new(),
        trees: Vec::new(),
        items: Vec::new(),
        since: None,
    }
}

fn run(folder: &Folder, input: &Input) {
    if !MADE.replace(true) {
        for inner in [".git/objects/pack", ".git/refs/heads", ".git/logs"] {
            std::fs::create_dir_all(folder.path(inner)).expect("a folder");
        }
    }
    let head = match &input.head {
        Name::Branch => b"ref: refs/heads/main\n".to_vec(),
        Name::Object(number) => hex(*number),
        Name::Raw(bytes) => bytes.clone(),
    };
    let index = index(&input.index);
    let contents: [&[u8]; 7] = [
        &head,
        &input.branch,
        &input.packed_refs,
        &input.config,
        &index,
        &input.reflog,
        &input.shallow,
    ];
    for (name, bytes) in FILES.iter().zip(contents) {
        let name = format!(".git/{name}");
        if bytes.is_empty() {
            let _ = std::fs::remove_file(folder.path(&name));
        } else {
            folder.write(&name, bytes);
        }
    }
    let items: Vec<Item> = objects(input);
    for item in &items {
        if let Item::Whole(_, bytes) = item {
            keyward_scan::fuzz::messages(bytes);
        }
    }
    let made = pack(&items, 20, 2);
    folder.write(".git/objects/pack/one.pack", &made.pack);
    folder.write(".git/objects/pack/one.idx", &made.index);

    keyward_scan::fuzz::repository(&folder.path(""));
    let mut options = Options::new(folder.path(""));
    options.max_blob = keyward_scan::fuzz::MAX_BLOB;
    options.sources.staged = true;
    options.sources.history = true;
    options.sources.since =
        input.since.map(|number| String::from_utf8_lossy(&hex(number)).trim().to_owned());
    let _ = scan(&options, rules(), Some(&[]), &Silent, &Cancel::default());
}

/// One rule, so that a scan begins at once and finds something in little text.
fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let mut rules = Rules::default();
        let file = "provider = \"x\"\nname = \"X\"\n[[rule]]\nid = \"x\"\nname = \"X\"\nkind = \"token\"\n\
                    severity = \"high\"\nconfidence = \"high\"\nkeywords = [\"key\"]\npattern = 'key[0-9a-z]{2}'\n";
        rules.extend_from_toml(file, "x.toml").expect("a rule");
        rules
    })
}

fn hex(number: u8) -> Vec<u8> {
    format!("{}\n", format!("{number:02x}").repeat(20)).into_bytes()
}

fn objects(input: &Input) -> Vec<Item> {
    let name = |number: u8| String::from_utf8(hex(number)).expect("hex");
    let commits = input.commits.iter().map(|commit| {
        let mut text = format!("tree {}", name(commit.tree)).into_bytes();
        for parent in &commit.parents {
            text.extend(format!("parent {}", name(*parent)).bytes());
        }
        text.extend(
            format!("author A <a@b> {0} +0000\ncommitter A <a@b> {0} +0000\n", commit.time).bytes(),
        );
        text.extend(&commit.rest);
        Item::Whole(0, text)
    });
    let trees = input.trees.iter().map(|tree| {
        const MODES: [&str; 6] = ["40000", "100644", "100755", "120000", "160000", "777"];
        let mut bytes = Vec::new();
        for (mode, number, name) in tree {
            bytes.extend(MODES[usize::from(*mode) % MODES.len()].bytes());
            bytes.push(b' ');
            bytes.extend(name.iter().filter(|&&byte| byte != 0));
            bytes.push(0);
            bytes.extend([*number; 20]);
        }
        Item::Whole(1, bytes)
    });
    commits.chain(trees).chain(input.items.iter().cloned()).take(250).collect()
}

fn index(index: &Index) -> Vec<u8> {
    let (version, entries, extensions) = match index {
        Index::None => return Vec::new(),
        Index::Raw(bytes) => return bytes.clone(),
        Index::Made { version, entries, extensions } => (version % 3 + 2, entries, extensions),
    };
    let mut out = b"DIRC".to_vec();
    out.extend(u32::from(version).to_be_bytes());
    out.extend((entries.len() as u32).to_be_bytes());
    for (mode, number, path) in entries {
        const MODES: [u32; 5] = [0o100_644, 0o100_755, 0o120_000, 0o160_000, 0o040_000];
        let start = out.len();
        let path: Vec<u8> = path.iter().copied().filter(|&byte| byte != 0).collect();
        out.extend([0; 24]);
        out.extend(MODES[usize::from(*mode) % MODES.len()].to_be_bytes());
        out.extend([0; 12]);
        out.extend([*number; 20]);
        out.extend((path.len().min(0xfff) as u16).to_be_bytes());
        if version == 4 {
            out.push(mode / 5);
            out.extend(&path);
            out.push(0);
        } else {
            out.extend(&path);
            let len = out.len() - start;
            out.extend(vec![0; 8 - len % 8]);
        }
    }
    for (kind, bytes) in extensions {
        const KINDS: [&[u8; 4]; 7] =
            [b"TREE", b"UNTR", b"REUC", b"FSMN", b"link", b"sdir", b"EOIE"];
        out.extend(KINDS[usize::from(*kind) % KINDS.len()]);
        out.extend((bytes.len() as u32).to_be_bytes());
        out.extend(bytes);
    }
    out.extend([0x5a; 20]);
    out
}
