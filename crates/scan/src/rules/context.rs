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

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::*;

    /// The value that stands beside `acme` in a text.
    fn beside(text: &str) -> Option<&str> {
        let pattern = assigned_to(&["acme"], "[0-9a-f]{12}");
        let regex = Regex::builder()
            .syntax(regex_automata::util::syntax::Config::new().unicode(false).utf8(false))
            .build(&pattern)
            .expect("it is valid");
        let mut groups = regex.create_captures();
        regex.captures(text, &mut groups);
        groups.get_group_by_name("secret").map(|span| &text[span.range()])
    }

    #[test]
    fn all_the_ways_to_write_a_value_beside_its_name() {
        for text in [
            "ACME_TOKEN=V",
            "acme: V",
            "const acmeToken: string = \"V\";",
            "acmeKey: str | None = 'V'",
            "String acmeKey = new String(\"V\");",
            "var acmeKey string = \"V\"",
            "static const char *acme_key = \"V\";",
            "let acme_key: &'static str = \"V\";",
            "NSString *acmeKey = @\"V\";",
            "acme_key := V",
            "acme_key ::= V",
            "acme_key :::= V",
            "$acme_key .= 'V';",
            "acme_key += \"V\"",
            "'acme_key' => 'V',",
            "acme_key ||= 'V'",
            "$acme_key ??= 'V';",
            "{\"name\":\"ACME_TOKEN\",\"value\":\"V\"}",
            "{\\\"acmeToken\\\": \\\"V\\\"}",
            "- name: ACME_TOKEN\n  value: V",
            "<add key=\"AcmeToken\" value=\"V\"/>",
            "<property name=\"acme.token\">V</property>",
            "<acmeToken>\n    V\n</acmeToken>",
            "<name>acme_token</name>\n  <value>V</value>",
            "variable \"acme_token\" {\n  default = \"V\"\n}",
            "acme_token: >-\n  V",
            "acme_token: |\n    V",
            "tool --acme-token V",
            "java -Dacme.token=V -jar x.jar",
            "setAcmeToken(\"V\")",
            "os.Setenv(\"ACME_TOKEN\", \"V\")",
            "putenv('ACME_TOKEN=V')",
            "https://acme.example/?acme_token=V&x=1",
            "curl -H 'X-Acme-Token: Bearer V'",
            "process.env.ACME_TOKEN || 'V'",
        ] {
            let text = text.replace('V', "9c1e6f0b7a2d");
            assert_eq!(beside(&text), Some("9c1e6f0b7a2d"), "{text}");
        }
    }

    #[test]
    fn what_only_follows_is_not_beside_it() {
        for text in [
            "acme/tools@9c1e6f0b7a2d",
            "https://cdn.example/acme/9c1e6f0b7a2d.js",
            "acme-9c1e6f0b7a2d.tar.gz",
            "acme_9c1e6f0b7a2d",
            "ACME_TOKEN=9c1e6f0b7a2d44",
            "acme is a company.\n\nIts motto: 9c1e6f0b7a2d",
        ] {
            assert_eq!(beside(text), None, "{text}");
        }
    }

    #[test]
    fn abbreviations_are_written_out() {
        let pattern = written_out(r"acme(?&name)(?&sign)([0-9]{4})");
        assert!(!pattern.contains("(?&"));
        assert_eq!(written_out("acme=[0-9]{4}"), "acme=[0-9]{4}");
        assert_eq!(reach("[0-9a-f]{32}"), Some(NEAR));
        assert_eq!(reach("[0-9a-f]{96}"), Some(NEAR + 32));
        assert_eq!(reach("("), None);
    }
}
