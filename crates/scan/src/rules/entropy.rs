//! How random a value looks, and so whether it can be guessed.

/// Shannon entropy of the bytes' distribution, in bits a byte: 0 for one repeated byte, at most 8.
#[must_use]
pub fn shannon(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let len = value.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / len;
            -share * share.log2()
        })
        .sum()
}

/// Whether a value could be found by trying: then a hash of it in a shared file would give it away.
/// Passwords are chosen by people, so much more is asked of them.
pub(crate) fn guessable(value: &[u8], password: bool) -> bool {
    let bits = shannon(value) * value.len() as f64;
    bits < if password { 128.0 } else { 64.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(shannon(b""), 0.0);
        assert_eq!(shannon(b"aaaa"), 0.0);
        assert!((shannon(b"ab") - 1.0).abs() < 1e-9);
        assert!((shannon(b"0123456789abcdef") - 4.0).abs() < 1e-9);
    }

    #[test]
    fn passwords_are_guessable_and_keys_are_not() {
        assert!(guessable(b"hunter2", false));
        assert!(guessable(b"correct-horse-battery", true));
        assert!(!guessable(b"4eC39HqLyjWDarjtT1zdp7dc", false));
    }
}
