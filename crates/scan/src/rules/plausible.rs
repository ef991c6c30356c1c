//! Generic rules match a great deal of code. This decides which of their values could be a secret:
//! noise is what people dislike most in a scanner.

use crate::report::Confidence;
use crate::rules::entropy::shannon;

/// Words that stand where a real value will go, or that name one instead of being it.
const PLACEHOLDERS: &str = "\
    example sample placeholder changeme change_me change-me change.me your dummy fake mock xxxx \
    **** .... todo fixme redacted masked hidden insert replace undefined default notreal not-a \
    not_a nosecret testing foobar foo_bar lorem qwerty asdf 1234567 abcdef abc123 123abc \
    deadbeef 0000000 secret passw token apikey api_key api-key process.env os.environ getenv \
    env. env( config settings params self. this. function return null http: https: string \
    encrypted invalid unused credential username user_id userid arn:aws vault: keyring keychain \
    op:// keyward:// sha256 sha512 sha384 base64 basic_auth localhost enter_ enter-";

/// Words that, anywhere in a name, say that its value is not the secret itself.
const HARMLESS: &str = "\
    hash hashed sha1 sha256 md5 checksum digest commit revision etag integrity fingerprint \
    public pub csrf xsrf continuation cancellation cancel page next tokenizer eos bos pad unk \
    sort primary foreign partition placeholder example";

/// Words that say so at the end of a name, such as `secret_name` or `tokenUrl`.
const HARMLESS_LAST: &str = "\
    id ids name names path paths file dir folder url uri endpoint host type kind length len size \
    count limit max min ttl expiry expires expiration version algorithm alg format pattern regex \
    prefix suffix label title text message error description help hint field column header param \
    policy arn ref schema enum selector class provider source store service manager plugin env";

/// The usual passwords of databases that run on a developer's own machine.
const COMMON: &str = "\
    password passw0rd pass passwd pwd postgres root admin secret guest user test mysql mongo redis \
    example changeme toor pw hunter2 123456 1234";

/// The words of one of the lists above.
fn list(words: &'static str) -> impl Iterator<Item = &'static str> {
    words.split_ascii_whitespace()
}

/// The most confidence for `value` assigned to `key`; `None` if it is no secret.
pub(crate) fn assigned(key: &[u8], value: &[u8], quoted: bool) -> Option<Confidence> {
    let words = words(key);
    let key = key.to_ascii_lowercase();
    let lower = value.to_ascii_lowercase();
    let password = contains(&key, b"pass") || contains(&key, b"pwd");
    let harmless = list(HARMLESS).any(|part| words.iter().any(|word| word == part))
        || list(HARMLESS_LAST).any(|part| words.last().is_some_and(|word| word == part))
        || list(PLACEHOLDERS).any(|word| contains(&lower, word.as_bytes()))
        || lower == key;
    if harmless
        || is_template(value)
        || (!quoted && is_code(value))
        || (quoted && is_call(value))
        || is_reference(value)
        || is_words(value)
        || is_uuid(value)
        || is_sequence(value)
    {
        return None;
    }
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    let symbols = value.len() - digits - letters;
    let bits = shannon(value);
    let good = if password {
        // People's passwords: two kinds of characters, and not a word of the program.
        let kinds =
            usize::from(digits > 0) + usize::from(symbols > 0) + usize::from(upper && lower);
        letters > 0 && digits + symbols > 0 && kinds >= if quoted { 1 } else { 2 } && bits >= 2.5
    } else {
        value.len() >= 16 && digits >= 2 && letters >= 2 && bits >= if quoted { 3.2 } else { 3.5 }
    };
    good.then_some(Confidence::High)
}

/// How sure a value of the right form is, near its provider's name; `None` if it cannot be real. One that
/// somebody typed to stand for a key is kept, but nobody is woken.
pub(crate) fn in_context(value: &[u8]) -> Option<Confidence> {
    let lower = value.to_ascii_lowercase();
    let placeholder = list(PLACEHOLDERS)
        .filter(|word| word.len() > 4)
        .any(|word| contains(&lower, word.as_bytes()));
    if is_template(value) || is_name(value) || is_monotone(value) || shannon(value) < 2.5 {
        return None;
    }
    Some(if placeholder || is_made_up(value) { Confidence::Low } else { Confidence::High })
}

/// Words that no provider puts into a key.
const STAND_INS: [&str; 9] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "your_",
    "your-",
    "dummy",
    "redacted",
    "_here",
];
/// So many equal characters in a row are not chance; `A` is zero in base64, and tokens have fields.
const LONG_RUN: usize = 10;
/// So many characters in a row, each one following the last, are not chance either.
const LONG_COUNT: usize = 8;
/// A part of a value that is long enough to be judged by itself.
const LONG_PART: usize = 16;

/// A value that somebody typed to stand for a key: the alphabet, counting, also by turns (`a1b2c3`), one character
/// again and again, or a word for it.
pub(crate) fn is_made_up(value: &[u8]) -> bool {
    let follows = |a: u8, b: u8| {
        let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
        a.is_ascii_alphanumeric() && b == a + 1
    };
    let same = |a, b| a == b && a != b'A';
    let counts = |part: &[u8]| {
        let steps = part.windows(2).filter(|w| follows(w[0], w[1]) || same(w[0], w[1])).count();
        let turns = part.windows(3).filter(|w| follows(w[0], w[2])).count();
        part.len() >= LONG_PART && steps.max(turns) * 2 > part.len()
    };
    let lower = value.to_ascii_lowercase();
    longest(value, same) >= LONG_RUN
        || longest(value, follows) >= LONG_COUNT
        || counts(value)
        || value.split(|b| !b.is_ascii_alphanumeric()).any(counts)
        || STAND_INS.iter().any(|word| contains(&lower, word.as_bytes()))
}

/// How many characters stand together at most in which each one goes with the next.
fn longest(value: &[u8], goes: impl Fn(u8, u8) -> bool) -> usize {
    let mut run = 1;
    let mut most = 1;
    for pair in value.windows(2) {
        run = if goes(pair[0], pair[1]) { run + 1 } else { 1 };
        most = most.max(run);
    }
    most
}

/// An identifier for certain: words of a usual length, each at most with a number at its end. Stricter than
/// [`is_words`], because the form and the name near it already speak for a key.
fn is_name(value: &[u8]) -> bool {
    is_words(value)
        && value.split(|b| !b.is_ascii_alphanumeric()).all(|part| {
            let digits = part.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let letters = &part[..part.len() - digits];
            let one_case = letters.iter().all(u8::is_ascii_uppercase)
                || letters.iter().all(u8::is_ascii_lowercase);
            (letters.len() <= 18 || (one_case && digits == 0))
                && letters.iter().all(u8::is_ascii_alphabetic)
        })
}

/// The most confidence for the password of a URL; local addresses and usual words are worth little.
pub(crate) fn url_password(url: &[u8], password: &[u8]) -> Option<Confidence> {
    let lower = password.to_ascii_lowercase();
    let placeholder = list(PLACEHOLDERS)
        .filter(|word| !matches!(*word, "secret" | "passw" | "token" | "string" | "config"))
        .any(|word| contains(&lower, word.as_bytes()));
    let user = url
        .windows(3)
        .position(|window| window == b"://")
        .and_then(|at| url[at + 3..].split(|&b| b == b':').next())
        .unwrap_or_default();
    if placeholder
        || is_template(password)
        || user == password
        || list(COMMON).any(|word| word.as_bytes() == lower)
        || is_sequence(password)
    {
        return None;
    }
    let host = url.rsplit(|&b| b == b'@').next().unwrap_or_default().to_ascii_lowercase();
    let local =
        ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host", "example.", "db:", "db/", "server"]
            .iter()
            .any(|name| host.starts_with(name.as_bytes()))
            || contains(&host, b"example.");
    Some(if local { Confidence::Low } else { Confidence::High })
}

/// The words of a name, in lower case: `dbPassword_v2` is `db`, `password`, `v2`.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = b' ';
    for &b in name {
        let starts = b.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if starts || !b.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| b.is_ascii_alphanumeric()) {
            word.push(char::from(b.to_ascii_lowercase()));
        }
        previous = b;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A gap that a program fills in: `${X}`, `$X`, `{x}`, `<x>`, `%s`, `%(x)s`, `***`.
fn is_template(value: &[u8]) -> bool {
    let (first, last) = (value.first().copied(), value.last().copied());
    let wrapped = matches!(
        (first, last),
        (Some(b'<'), Some(b'>'))
            | (Some(b'{'), Some(b'}'))
            | (Some(b'['), Some(b']'))
            | (Some(b'%'), Some(b'%'))
    );
    let variable =
        first == Some(b'$') && value[1..].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let marks = ["${", "$(", "#{", "%{", "%(", "{{", "<%", "%s", "%d", "%v", "{}", "***"];
    wrapped || variable || marks.iter().any(|mark| contains(value, mark.as_bytes()))
}

/// `name(…)`, `name[…]` or `name{…}` at the beginning: an expression in a string.
fn is_call(value: &[u8]) -> bool {
    let name = value
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':'))
        .count();
    let closed = matches!(value.last(), Some(b')' | b']' | b'}' | b';'));
    let open = value.get(name).is_some_and(|b| matches!(b, b'(' | b'[' | b'{'));
    (open && closed && name > 0) || !value.is_ascii()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Brackets, separators and operators: code, where nothing says that it is text.
fn is_code(value: &[u8]) -> bool {
    let bracket = value.iter().any(|b| b"(){}<>[];,`\"\\".contains(b));
    let operator = value.first().is_some_and(|b| b"$%@&*#!-^".contains(b));
    let marks = ["::", "->", "=>", "&&", "||", "==", "://"];
    bracket
        || operator
        || !value.is_ascii()
        || marks.iter().any(|mark| contains(value, mark.as_bytes()))
}

/// A path, a domain, a file name, a version or a dotted name.
fn is_reference(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or(b' ');
    if matches!(first, b'/' | b'.' | b'~') {
        return true;
    }
    let dotted = value.contains(&b'.') && value.split(|&b| b == b'.').all(is_word);
    let slashed = value.contains(&b'/')
        && value.split(|&b| b == b'/').all(|part| part.len() < 16 && is_word(part));
    let coloned = value.contains(&b':') && value.split(|&b| b == b':').all(is_word);
    dotted || slashed || coloned
}

/// An identifier: words joined by `_`, `-`, `.`, `/`, `:` or capitals, each at most with a short number.
fn is_words(value: &[u8]) -> bool {
    value
        .split(|b| matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b'+' | b'=' | b'@' | b' '))
        .all(is_word)
}

/// Letters in the order of a word (`oauth2`, `TokenType`, `HTTP`), or a number of up to four digits.
fn is_word(part: &[u8]) -> bool {
    let mut humps = 0;
    let mut previous = b' ';
    let mut digits = 0;
    for &b in part {
        if b.is_ascii_digit() {
            digits += 1;
        } else if !b.is_ascii_alphabetic() {
            return false;
        }
        let hump = b.is_ascii_uppercase() && !previous.is_ascii_uppercase();
        humps += usize::from(hump || (b.is_ascii_digit() && !previous.is_ascii_digit()));
        previous = b;
    }
    let letters = part.len() - digits;
    // Random text changes case and class far more often than every fourth character.
    digits <= 4
        && (letters == 0 || humps <= 1 + part.len() / 4)
        && (digits == 0 || letters == 0 || digits <= 2 || letters >= 4)
        && (letters == 0 || vowels(part) * 8 >= letters || letters <= 4)
}

fn vowels(part: &[u8]) -> usize {
    part.iter()
        .filter(|b| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y'))
        .count()
}

/// Eight, four, four, four and twelve hexadecimal digits (RFC 9562): an identifier far more often than a key.
fn is_uuid(value: &[u8]) -> bool {
    let parts: Vec<&[u8]> = value.split(|&b| b == b'-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.iter().all(u8::is_ascii_hexdigit))
}

/// Few different characters, or each one following the last.
fn is_sequence(value: &[u8]) -> bool {
    is_monotone(value) || steps(value) * 2 > value.len()
}

/// Few different characters.
fn is_monotone(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    value.iter().for_each(|&b| seen[usize::from(b)] = true);
    seen.iter().filter(|&&b| b).count() < 5.min(value.len())
}

/// How many characters are the one before, or the one after that.
fn steps(value: &[u8]) -> usize {
    value.windows(2).filter(|pair| pair[1] == pair[0].wrapping_add(1) || pair[1] == pair[0]).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(key: &str, value: &str, quoted: bool) -> bool {
        assigned(key.as_bytes(), value.as_bytes(), quoted).is_some()
    }

    #[test]
    fn real_looking_values_are_kept() {
        for (key, value) in [
            ("api_key", "7f3kQ9sLx2VbN8mZt4Wp"),
            ("auth_token", "9c1e6f0b7a2d4385bb61c07fd2e94a13"),
            ("db_password", "Tr0ub4dor&3x"),
            ("password", "hunter2!hunter9"),
            ("client_secret", "GdQ8~7vK3pLs.mR2wX9zT4bN6yC1hF5j"),
            ("SECRET_KEY", "x9-k2#pf7w8q!z3m5v1r6t0y4u"),
            ("admin_password", "!x9(Kd;2,m]Pq"),
            ("dbPassword", "$7kLm{9pQ"),
        ] {
            assert!(kept(key, value, true), "{key} = {value}");
        }
    }

    #[test]
    fn placeholders_and_code_are_not() {
        for (key, value) in [
            ("api_key", "your-api-key-1234"),
            ("password", "changeme123"),
            ("secret", "${DB_SECRET_V2}"),
            ("token", "process.env.TOKEN2"),
            ("token", "next_page_token_v2"),
            ("secret", "550e8400-e29b-41d4-a716-446655440000"),
            ("token_hash", "9c1e6f0b7a2d4385bb61c07fd2e94a13"),
            ("secret_path", "kv/data/app1/db2"),
            ("api_key", "xxxxxxxxxxxxxxxx1234"),
            ("password", "abcdefgh12345678"),
            ("token", "self.parser.next2"),
            ("password", "resetPasswordForm2"),
            ("access_key", "ReadOnlyAccess2024"),
            ("secret", "MyProjectModuleTwo22"),
            ("token", "<%= csrf_value_12 %>"),
            ("auth_key", "/etc/keys/k8s-1.pem"),
            ("token", "make_token(user1,2)"),
            ("password", "$DB_PASS_2"),
            ("secret", "#{node1.secret2}"),
        ] {
            assert!(!kept(key, value, true), "{key} = {value}");
        }
    }

    #[test]
    fn what_somebody_typed_is_told() {
        for value in [
            "sk_live_abcdefghijklmnopqrstuvwxyz",
            "key_12345678901234567890",
            "tok_AbCdEfGhIjKlMnOpQrSt",
            "abc123def456ghi789jkl012",
            "a1b2c3d4e5f6a7b8c9d0e1f2",
            "pat_9f2c-ABCDEFGHIJ-51c7",
            "tkn_EXAMPLEK3Y51c7x0qz",
            "xoxb-888888888888-51c7x0qz",
            "live_sandbox_key_for_acme_abc123def456ghi789",
        ] {
            assert!(is_made_up(value.as_bytes()), "{value}");
        }
        for value in [
            "9c1e6f0b7a2d4385bb61c07fd2e94a13",
            "AAAAAAAAAAAAAAAAAAAAx9Kd2mPq7vLw3",
            "7f3kQ9sLx2VbN8mZt4Wp",
            "00Qf8sK2mVx7Lp4ZtNd1",
        ] {
            assert!(!is_made_up(value.as_bytes()), "{value}");
        }
        assert_eq!(in_context(b"0123456789abcdef0123456789abcdef"), Some(Confidence::Low));
        assert_eq!(in_context(b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), None);
        assert_eq!(in_context(b"9c1e6f0b7a2d4385bb61c07fd2e94a13"), Some(Confidence::High));
    }

    #[test]
    fn passwords_in_urls() {
        let judge = |url: &str, password: &str| url_password(url.as_bytes(), password.as_bytes());
        assert_eq!(
            judge("postgres://app:s3cr3t-Pq9x@db.acme.io", "s3cr3t-Pq9x"),
            Some(Confidence::High)
        );
        assert_eq!(judge("postgres://app:s9Kd2mPq@localhost", "s9Kd2mPq"), Some(Confidence::Low));
        assert_eq!(
            judge("postgres://app:p%40ss9Kd2m@db.acme.io", "p%40ss9Kd2m"),
            Some(Confidence::High)
        );
        for (url, password) in [
            ("mysql://u:%(pass)s@h", "%(pass)s"),
            ("postgres://postgres:postgres@db.acme.io", "postgres"),
            ("mysql://root:password@db.acme.io", "password"),
            ("redis://u:${PASS}@h", "${PASS}"),
            ("redis://u:%s@h", "%s"),
            ("amqp://u:<pass>@h", "<pass>"),
        ] {
            assert_eq!(judge(url, password), None, "{url}");
        }
    }
}
