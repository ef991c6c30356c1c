//! Patterns for values that have no form of their own and are known only by a name near them. Also used by
//! the build script.

/// How far from its name such a pattern looks, in bytes, for a value of at most `SHORT`; see [`reach`].
const NEAR: usize = 192;
const SHORT: usize = 64;

/// What stands between a name and its value: signs, quotes, white space and line ends; a tag (`</name><value>`);
/// and words as in `: string =`, `= new String(`, `", "value": "`, `{ default = `, `: Bearer `.
const SIGN: &str = concat!(
    r#"(?:[\s"'`=:>(),|?\[\]\\{&]{1,14}|(?:</?\w{1,12}>|[.+]=|@["'])[\s"'`=:>(),|?\[\]\\{&]{0,14})"#,
    r#"(?:(?:</?\w{1,12}>|[.+]=|@["']|[:|>][+-]|%(?:3[ADad]|2[02])|(?:quot|gt|str);|"#,
    r#"(?i:value|default|string|str|text|new|final|const|static|optional|none|null|undefined|bearer|token|basic|geniekey|[bfru])[\s"'`=:>(),|?\[\]\\{&])"#,
    r#"[\s"'`=:>(),|?\[\]\\{&]{0,14}){0,3}"#
);

/// After a provider's name: a word for a credential, on that line or the next.
const NAME: &str = concat!(
    r"[^\r\n]{0,64}?(?:\r?\n[^\r\n]{0,48}?)?",
    r"(?P<key>(?i:key|token|secret|pass|pwd|auth|cred|bearer|api))[\w.-]{0,24}"
);

/// The pattern of such a value: one of the words, then on that line or the next something like `key` or
/// `token` (or nothing at all in between), then a sign of assignment, then the value.
pub fn assigned_to(words: &[&str], value: &str) -> String {
    let words: Vec<String> = words.iter().map(|word| regex_syntax::escape(word)).collect();
    let words = words.join("|");
    format!(
        r"(?i:{words})(?:{NAME}|[\w.-]{{0,24}}){SIGN}(?P<secret>{value})(?:[^0-9A-Za-z_+/=-]|$)"
    )
}

/// A pattern with its abbreviations written out: `(?&sign)` is what stands between a name and its value,
/// `(?&name)` the rest of such a name after a provider's, which must have a word for a credential in it.
pub fn written_out(pattern: &str) -> String {
    pattern.replace("(?&sign)", SIGN).replace("(?&name)", NAME)
}

/// How far from its keyword a pattern of [`assigned_to`] looks, in bytes: names and signs are short, and a match
/// that may lie anywhere in the bounds of its parts would cost a scan of a history dearly. `None` if the value
/// does not parse.
pub fn reach(value: &str) -> Option<usize> {
    let hir =
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(value).ok()?;
    let longest = hir.properties().maximum_len()?;
    Some(NEAR.max(longest.saturating_add(NEAR - SHORT)))
}
