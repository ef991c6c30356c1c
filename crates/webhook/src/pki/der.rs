//! Reads the few DER structures that keys and certificates come in (X.690). Every length is checked,
//! and nothing is copied but what is asked for.

/// Object identifiers, as their DER bytes.
pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Tags of the universal class.
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// A cursor over DER.
#[derive(Clone, Copy)]
pub(super) struct Der<'a>(pub &'a [u8]);

impl<'a> Der<'a> {
    /// The next value: its tag, its contents, and all of it.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let whole = self.0;
        let (&tag, rest) = whole.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits
                    .iter()
                    .try_fold(0_usize, |n, &b| n.checked_mul(256)?.checked_add(usize::from(b)))?;
                (length, rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        let all = whole.get(..whole.len() - rest.len())?;
        self.0 = rest;
        Some((tag, contents, all))
    }

    /// The contents of the next value, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, ..)| *found == tag).map(|(_, contents, _)| contents)
    }

    /// The next value's contents as a cursor, if it is a sequence.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.expect(SEQUENCE).map(Der)
    }

    /// A non-negative integer without its leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.expect(INTEGER)?;
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        let negative = zeros == 0 && bytes.first().is_none_or(|b| b & 0x80 != 0);
        (!negative).then(|| bytes.get(zeros..).unwrap_or_default())
    }
}

/// A SubjectPublicKeyInfo (RFC 5280).
pub(super) struct Spki<'a> {
    pub algorithm: &'a [u8],
    /// The algorithm's parameters, when they are an identifier.
    pub parameters: Option<&'a [u8]>,
    pub key: &'a [u8],
}

/// Reads a SubjectPublicKeyInfo.
pub(super) fn spki(der: &[u8]) -> Option<Spki<'_>> {
    let mut outer = Der(der).sequence()?;
    let (algorithm, parameters) = algorithm(&mut outer)?;
    let bits = outer.expect(BIT_STRING)?;
    let (unused, key) = bits.split_first()?;
    (*unused == 0).then_some(Spki { algorithm, parameters, key })
}

/// An AlgorithmIdentifier: its identifier, and its parameters when they are an identifier too.
pub(super) fn algorithm<'a>(outer: &mut Der<'a>) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let mut algorithm = outer.sequence()?;
    let oid = algorithm.expect(OID)?;
    Some((oid, algorithm.expect(OID)))
}

/// The SubjectPublicKeyInfo of an X.509 certificate (RFC 5280). Nothing else of it is judged.
pub(super) fn certificate_key(der: &[u8]) -> Option<&[u8]> {
    let mut tbs = Der(der).sequence()?.sequence()?;
    let (mut tag, _, mut whole) = tbs.next()?;
    // The version comes first unless it is 1; then serial, algorithm, issuer, validity, subject, key.
    let before = if tag == 0xa0 { 6 } else { 5 };
    for _ in 0..before {
        (tag, _, whole) = tbs.next()?;
    }
    (tag == SEQUENCE).then_some(whole)
}
