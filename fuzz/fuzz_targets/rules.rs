//! Rule files, ours and those of gitleaks and betterleaks, and a text to search with them after the first NUL.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use keyward_scan::{Cancel, Options, Rules, scan_bytes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let (file, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(file) = std::str::from_utf8(file) else { return };
    let mut rules = Rules::default();
    if let Err(error) = rules.extend_from_toml(file, "fuzzed.toml") {
        assert!(error.line >= 1 && error.line <= 1 + file.matches('\n').count(), "{error}");
        assert_eq!(rules.iter().count(), 0, "all are added or none");
        return;
    }
    for note in rules.notes() {
        assert!(note.line >= 1 && note.line <= 1 + file.matches('\n').count(), "{note}");
    }
    let _ = rules.check();
    let _ = rules.explain(text, "src/config.txt");
    let _ = rules.classify(text);
    let options = Options { show_secrets: true, ..Options::new("") };
    let report = scan_bytes(text, &options, &rules, None, &Cancel::default());
    assert!(report.is_ok(), "no file stops a scan");
});
