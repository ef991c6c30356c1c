//! Two ways to one answer: the sieve's vector code and its portable code, and a history searched by what
//! changed and searched whole.
#![no_main]

use arbitrary::Arbitrary;
use keyward_fuzz::{Folder, Item, Op, pack};
use keyward_scan::fuzz::{OWN_VALUE, examples};
use keyward_sieve::{GRAM, Sieve, gram};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Input {
    Sieve { grams: Vec<[u8; GRAM]>, short: Vec<[u8; GRAM]>, text: Vec<u8>, start: u8, len: u16 },
    History { first: Vec<Piece>, versions: Vec<Version> },
}

/// A part of a text.
#[derive(Debug, Arbitrary)]
enum Piece {
    Raw(Vec<u8>),
    Line,
    Example(u16),
    /// An example with its first bytes cut off, or its last.
    Part(u16, u8, u8),
    Own,
    OwnSplit(u8),
    Allow,
    /// Words, so many bytes of them.
    Words(u16),
    /// An example in base64, with so many words before and after it, in lines of this width.
    Wrapped {
        example: u16,
        before: u8,
        after: u8,
        width: u8,
    },
    Hex(u16),
}

/// A version of a text: on what it builds, and how.
#[derive(Debug, Arbitrary)]
struct Version {
    back: u8,
    edits: Vec<Edit>,
    /// Whether what is left of the base comes last.
    rest: bool,
}

#[derive(Debug, Arbitrary)]
enum Edit {
    Keep(u16),
    Skip(u8),
    Go(u16),
    Insert(Vec<Piece>),
}

const MOST: usize = 32 * 1024;

thread_local! {
    static FOLDER: Folder = Folder::new();
}

fuzz_target!(|input: Input| match input {
    Input::Sieve { grams, short, text, start, len } => {
        sieve(&grams, &short, &text, usize::from(start), usize::from(len));
    }
    Input::History { first, versions } => history(&first, &versions),
});

fn sieve(grams: &[[u8; GRAM]], short: &[[u8; GRAM]], text: &[u8], start: usize, len: usize) {
    let fold = |grams: &[[u8; GRAM]]| -> Vec<u32> { grams.iter().map(|&one| gram(one)).collect() };
    let (grams, short) = (fold(grams), fold(short));
    let found = |sieve: &Sieve| {
        let mut out = Vec::new();
        sieve.candidates(text, start..start + len, &mut out);
        out
    };
    let fast = found(&Sieve::new(&grams, &short));
    let slow = found(&Sieve::new(&grams, &short).portable());
    assert!(fast.is_sorted() && slow.is_sorted(), "in order");
    assert!(fast.iter().all(|at| slow.contains(at)), "vectors let less through");
    let end = (start + len).min((text.len() + 1).saturating_sub(GRAM));
    for at in start..end {
        let here = gram([text[at], text[at + 1], text[at + 2], text[at + 3]]);
        let true_place =
            grams.contains(&here) || short.iter().any(|gram| (gram ^ here) & 0xff_ffff == 0);
        assert!(!true_place || fast.contains(&(at as u32)), "neither misses a true place");
    }
}

fn history(first: &[Piece], versions: &[Version]) {
    let mut texts = vec![text(first)];
    let mut items = vec![Item::Whole(2, texts[0].clone())];
    for version in versions.iter().take(40) {
        let back = usize::from(version.back) % texts.len();
        let base = &texts[texts.len() - 1 - back];
        let ops = ops(base, version);
        let Some(text) = keyward_fuzz::apply(&ops, base) else { return };
        if text.len() > MOST {
            break;
        }
        items.push(Item::Offset(back as u8, ops));
        texts.push(text);
    }
    let made = pack(&items, 20, 2);
    FOLDER.with(|folder| {
        folder.write("one.pack", &made.pack);
        keyward_scan::fuzz::changes(&folder.write("one.idx", &made.index));
    });
}

fn ops(base: &[u8], version: &Version) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut at = 0;
    let copy = |at: usize, len: usize, ops: &mut Vec<Op>| {
        let len = len.min(base.len() - at);
        if len > 0 {
            ops.push(Op::Copy(at as u16, len as u16));
        }
        at + len
    };
    for edit in version.edits.iter().take(200) {
        match edit {
            Edit::Keep(len) => at = copy(at, usize::from(*len) % (base.len() + 1), &mut ops),
            Edit::Skip(len) => at = (at + usize::from(*len)).min(base.len()),
            Edit::Go(to) => at = usize::from(*to) % (base.len() + 1),
            Edit::Insert(pieces) => ops.push(Op::Insert(text(pieces))),
        }
    }
    if version.rest {
        copy(at, base.len(), &mut ops);
    }
    ops
}

fn text(pieces: &[Piece]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces.iter().take(200) {
        let example = |number: &u16| {
            let all = examples();
            all[usize::from(*number) % all.len()].as_bytes()
        };
        match piece {
            Piece::Raw(bytes) => out.extend(bytes),
            Piece::Line => out.push(b'\n'),
            Piece::Example(number) => out.extend(example(number)),
            Piece::Part(number, from, to) => {
                let whole = example(number);
                let from = usize::from(*from) % (whole.len() + 1);
                let to = (from + usize::from(*to)).min(whole.len());
                out.extend(&whole[from..to]);
            }
            Piece::Own => out.extend(OWN_VALUE.bytes()),
            Piece::OwnSplit(at) => {
                let (left, right) = OWN_VALUE.split_at(usize::from(*at) % OWN_VALUE.len());
                out.extend(format!("\"{left}\" +\n    \"{right}\"").bytes());
            }
            Piece::Allow => out.extend(b" # keyward:allow"),
            Piece::Words(len) => out.extend(words(usize::from(*len) % 2_000)),
            Piece::Wrapped { example: number, before, after, width } => {
                let plain = [
                    &words(usize::from(*before))[..],
                    example(number),
                    &words(usize::from(*after)),
                ]
                .concat();
                let width = 56 + usize::from(*width) % 24;
                for line in base64(&plain).chunks(width) {
                    out.extend(line);
                    out.push(b'\n');
                }
            }
            Piece::Hex(number) => {
                out.extend(
                    example(number).iter().flat_map(|byte| format!("{byte:02x}").into_bytes()),
                );
            }
        }
        if out.len() > MOST {
            out.truncate(MOST);
            break;
        }
    }
    out
}

fn words(len: usize) -> Vec<u8> {
    b"some words of a text that says nothing; ".iter().copied().cycle().take(len).collect()
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for three in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(bits);
        for place in 0..=three.len() {
            out.push(LETTERS[(bits >> (18 - 6 * place)) as usize & 63]);
        }
    }
    out
}
