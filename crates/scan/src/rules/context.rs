//! Patterns for values that have no form of their own and are known only by a name near them. Also used by
//! the build script.

/// The pattern of such a value: one of the words, then on that line or the next something like `key` or
/// `token` (or nothing at all in between), then a sign of assignment, then the value.
pub fn assigned_to(words: &[&str], value: &str) -> String {
    let words: Vec<String> = words.iter().map(|word| regex_syntax::escape(word)).collect();
    let words = words.join("|");
    format!(
        r#"(?i:{words})(?:[^\r\n]{{0,64}}?(?:\r?\n[^\r\n]{{0,48}}?)?(?P<key>(?i:key|token|secret|pass|pwd|auth|cred|bearer|api)))?[\w.-]{{0,24}}\\?["'`)\]]{{0,2}}[ \t]{{0,4}}(?:[:?|.+]{{0,2}}={{1,2}}>?|[:,(>]|\|\||\?\?|\s)[ \t]{{0,4}}\\?(?i:["'`]|bearer |token |basic )?(?P<secret>{value})(?:[^0-9A-Za-z_+/=-]|$)"#
    )
}
