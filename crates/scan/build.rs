//! Writes `rules/*.toml` down as Rust, with each pattern's shape, so that a scan starts without parsing them.
//! Adding a provider touches one file and no Rust.

#[path = "src/rules/context.rs"]
mod context;
#[allow(dead_code)] // Some of it is for rules that are read at run time.
#[path = "src/rules/shape.rs"]
mod shape;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use serde::Deserialize;
use toml::Spanned;

/// As `src/rules/rule.rs` reads it, words left as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: String,
    name: String,
    console: Option<String>,
    advice: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: Spanned<String>,
    name: String,
    kind: String,
    mode: Option<String>,
    severity: String,
    confidence: String,
    keywords: Vec<String>,
    pattern: Option<String>,
    value: Option<String>,
    entropy: Option<f64>,
    reach: Option<usize>,
    begins: Option<shape::Begins>,
    check: Option<String>,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    counter_examples: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
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
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(path)?;
        let file: File = toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        for rule in &file.rule {
            let line = 1 + text[..rule.id.span().start].matches('\n').count();
            one(&mut code, &name, line, &file, rule)
                .map_err(|error| format!("{name}:{line}: {error}"))?;
        }
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rules.rs"), code)?;
    Ok(())
}

fn one(
    code: &mut String,
    name: &str,
    line: usize,
    file: &File,
    rule: &Rule,
) -> Result<(), Box<dyn Error>> {
    let words: Vec<&str> = rule.keywords.iter().map(String::as_str).collect();
    let (pattern, check) = match (&rule.pattern, &rule.value) {
        (Some(pattern), None) => (context::written_out(pattern), rule.check.clone()),
        (None, Some(value)) => (
            context::assigned_to(&words, value),
            Some(rule.check.clone().unwrap_or_else(|| "in-context".to_owned())),
        ),
        _ => return Err("a rule has either a pattern or a value".into()),
    };
    let shape::Shape { lead, reach, starts, run } =
        shape::shape(&pattern, &words).ok_or("the pattern does not parse")?;
    let near = match &rule.value {
        Some(value) => context::reach(value).ok_or("the value does not parse")?,
        None => reach,
    };
    let reach = reach.min(rule.reach.unwrap_or(near));
    let begins =
        rule.begins.map_or("None".to_owned(), |begins| format!("Some(Begins::{begins:?})"));
    writeln!(
        code,
        "Built {{ file: {name:?}, line: {line}, id: {:?}, name: {:?}, provider: {:?}, provider_name: {:?}, \
         console: {:?}, advice: {:?}, references: &{:?}, kind: Kind::{}, mode: {}, severity: Severity::{}, \
         confidence: Confidence::{}, keywords: &{:?}, pattern: {pattern:?}, entropy: {:?}, check: {}, \
         shape: Shape {{ lead: {lead}, reach: {reach}, starts: {starts}, run: {run} }}, begins: {begins}, examples: &{:?}, counter_examples: &{:?} }},",
        rule.id.get_ref(),
        rule.name,
        file.provider,
        file.name,
        file.console,
        file.advice,
        file.references,
        variant(&rule.kind),
        rule.mode
            .as_ref()
            .map_or("None".to_owned(), |mode| format!("Some(Mode::{})", variant(mode))),
        variant(&rule.severity),
        variant(&rule.confidence),
        rule.keywords,
        rule.entropy,
        check.map_or("None".to_owned(), |check| format!("Some(Check::{})", variant(&check))),
        rule.examples,
        rule.counter_examples,
    )?;
    Ok(())
}

/// `api-key` is `ApiKey`.
fn variant(word: &str) -> String {
    word.split('-')
        .map(|part| {
            part.chars()
                .take(1)
                .map(|c| c.to_ascii_uppercase())
                .chain(part.chars().skip(1))
                .collect::<String>()
        })
        .collect()
}
