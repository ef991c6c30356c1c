//! The snippets are read by what reads them for their users, as far as it is on this machine.

use std::io::Write as _;
use std::process::{Command, Stdio};

use keyward_webhook::{Code, Remedy, frameworks, snippets};

/// One reason for each remedy.
const REASONS: [Code; 9] = [
    Code::BodyReserialised,
    Code::BodyCompressed,
    Code::SecretEncoding,
    Code::SignatureEncoding,
    Code::OtherStoredSecret,
    Code::TimestampUnit,
    Code::UrlMismatch,
    Code::Replayed,
    Code::AudienceMismatch,
];

/// The code of one language as a JSON list of texts.
fn code(language: &str) -> String {
    let all = frameworks().into_iter().flat_map(|framework| {
        let found = snippets(&framework.id, &REASONS, Some("Stripe-Signature")).expect("known");
        assert_eq!(found.iter().map(|s| s.remedy).collect::<Vec<_>>(), Remedy::ALL);
        found
    });
    let texts: Vec<_> = all.filter(|s| s.language == language).map(|s| s.text).collect();
    assert!(!texts.is_empty(), "there is code in {language}");
    serde_json::to_string(&texts).expect("texts")
}

/// Hands the code to a program that fails when a text is no program. `None` without the program.
fn read_by(program: &str, arguments: &[&str], language: &str) -> Option<()> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(code(language).as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

#[test]
fn node_reads_the_javascript() {
    // The top level of a module is asynchronous; the last text proves that a fault is seen.
    let script = "const { SourceTextModule } = require('node:vm');
        for (const text of JSON.parse(require('node:fs').readFileSync(0))) new SourceTextModule(text);
        try { new SourceTextModule('const = 1'); } catch { process.exit(0); }
        process.exit(1);";
    let arguments = ["--experimental-vm-modules", "-e", script];
    read_by("node", &arguments, "javascript").expect("the tests of this project need node");
}

#[test]
fn python_reads_the_python() {
    let script = "import ast, json, sys
for text in json.load(sys.stdin): ast.parse(text)
try: ast.parse('def')
except SyntaxError: sys.exit(0)
sys.exit(1)";
    let _ = read_by("python3", &["-c", script], "python");
}

#[test]
fn ruby_and_php_are_read_where_they_are_installed() {
    let ruby = "require 'json'; JSON.parse($stdin.read).each { |t| RubyVM::InstructionSequence.compile(t) }";
    let _ = read_by("ruby", &["-e", ruby], "ruby");
    let php = "foreach (json_decode(stream_get_contents(STDIN)) as $t) { token_get_all(\"<?php\\n$t\", TOKEN_PARSE); }";
    let _ = read_by("php", &["-r", php], "php");
}
