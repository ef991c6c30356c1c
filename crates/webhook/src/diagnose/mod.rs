//! Why a signature does not fit: each cause is undone by itself, and the signature is asked again.
//!
//! Causes are tried from what is in plain sight (a missing header, a line break at the end) over what
//! is quick (the secret) to what takes work (the body written anew in other layouts). The first that is proved ends the search;
//! when none is, what remains is worded as a possibility.

mod body;
mod claims;
mod form;
mod json;
mod numbers;
mod parts;
mod secret;
mod signature;
mod template;
pub(crate) mod timestamp;
mod unproved;
mod url;

use std::cell::{Cell, OnceCell};

use crate::delivery::{Delivery, Reading};
use crate::engine::{self, Prepared};
use crate::report::{Difference, Reason, SecretName};
use crate::scheme::{Algorithm, Method, Scheme, Template};
use crate::verdict::{Case, Key, NamedSecret, Unusable};

/// Bytes that one diagnosis may put through a hash. A delivery of a megabyte can be tried almost two
/// hundred times, which takes well under a second; one too large for that, [`LARGE`] times. Each stored
/// secret adds one try.
const WORK: u64 = 192 * 1024 * 1024;

/// Tries that a delivery of any size gets.
const LARGE: u64 = 6;

/// What a single try costs besides its body: about what a hash of so many bytes takes.
fn try_cost(scheme: &Scheme) -> u64 {
    match &scheme.sign {
        Method::PublicKey(_) => 256 * 1024,
        Method::Jwt(_) if scheme.has_public_key() => 256 * 1024,
        Method::Jwt(_) => 4 * 1024,
        _ => 512,
    }
}

/// How often a try goes over the body: once for each spelling, and slower where it is parsed.
fn passes(scheme: &Scheme) -> u64 {
    let spellings = scheme.templates().count().max(1) as u64;
    let parsed = scheme.adapter.is_some() || scheme.templates().any(Template::reads_body);
    // A key pair's message is put together first, and half of them hash with SHA-512, as the larger HMACs do.
    let slow = match &scheme.sign {
        Method::PublicKey(_) => true,
        Method::Hmac(recipe) => matches!(recipe.algorithm, Algorithm::Sha384 | Algorithm::Sha512),
        _ => false,
    };
    spellings * if parsed { 6 } else { 1 } * if slow { 2 } else { 1 }
}

/// A cause, with what it tells about the whole.
pub(crate) struct Finding {
    pub reason: Reason,
    /// The accepted secret that fits once the cause is undone.
    pub secret: Option<SecretName>,
    pub difference: Option<Difference>,
}

impl From<Reason> for Finding {
    fn from(reason: Reason) -> Self {
        Self { reason, secret: None, difference: None }
    }
}

impl Finding {
    /// A cause that a key proved.
    fn by(key: &Key, reason: Reason) -> Self {
        Self { secret: Some(key.secret.label()), ..reason.into() }
    }
}

/// What a diagnosis has to go by.
pub(crate) struct Context<'a> {
    pub case: &'a Case<'a>,
    pub scheme: &'a Scheme,
    /// The accepted secrets as given.
    pub secrets: &'a [&'a NamedSecret],
    /// Those that the scheme can use.
    pub keys: &'a [Key<'a>],
    /// Those that it cannot.
    pub unusable: &'a Unusable<'a>,
    pub reading: &'a Reading,
    pub delivery: Delivery<'a>,
    left: Cell<u64>,
    stopped: Cell<bool>,
    /// What the delivery as it came has signed.
    signed: OnceCell<Option<Prepared<'a>>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        case: &'a Case<'a>,
        scheme: &'a Scheme,
        secrets: &'a [&'a NamedSecret],
        keys: &'a [Key<'a>],
        unusable: &'a Unusable<'a>,
        reading: &'a Reading,
        delivery: Delivery<'a>,
    ) -> Self {
        let one = cost(scheme, &delivery);
        let stored = u64::try_from(case.also.len()).unwrap_or(0).saturating_mul(one);
        let work = WORK.max(LARGE * one).saturating_add(stored);
        let (left, stopped) = (Cell::new(work), Cell::new(false));
        let signed = OnceCell::new();
        Self { case, scheme, secrets, keys, unusable, reading, delivery, left, stopped, signed }
    }

    /// The first accepted key that fits a changed delivery.
    fn fits(&self, delivery: &Delivery) -> Option<&Key<'a>> {
        self.keys.iter().find(|key| self.fits_key(&key.bytes, delivery))
    }

    /// Whether any key fits a changed delivery; no more once the work is used up.
    fn fits_key(&self, key: &[u8], delivery: &Delivery) -> bool {
        self.spend(delivery) && engine::fits(self.scheme, key, delivery)
    }

    /// Whether another key fits the delivery as it came.
    fn fits_other_key(&self, key: &[u8]) -> bool {
        let prepared = || engine::prepare(self.scheme, &self.delivery);
        self.spend(&self.delivery)
            && match self.signed.get_or_init(prepared) {
                Some(signed) => signed.fits(self.scheme, key, self.delivery.signatures),
                None => engine::fits(self.scheme, key, &self.delivery),
            }
    }

    /// Takes the cost of one try from what is left.
    fn spend(&self, delivery: &Delivery) -> bool {
        match self.left.get().checked_sub(cost(self.scheme, delivery)) {
            Some(left) => self.left.set(left),
            None => self.stopped.set(true),
        }
        !self.stopped.get()
    }

    /// Whether a change of the body can change anything.
    fn covers_body(&self) -> bool {
        engine::covers_body(self.scheme, &self.delivery)
    }

    /// Whether the work is used up, so that making more candidates is in vain.
    fn is_spent(&self) -> bool {
        self.stopped.get()
    }

    /// What the caller should know of the search itself.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = "The body is large, so not every cause was tried.";
        self.stopped.get().then(|| note.to_owned()).into_iter().collect()
    }
}

/// What one try costs.
fn cost(scheme: &Scheme, delivery: &Delivery) -> u64 {
    let body =
        u64::try_from(delivery.body.len()).unwrap_or(u64::MAX).min(u64::MAX / 2 / LARGE / 64);
    try_cost(scheme) + body * passes(scheme).min(60)
}

/// The causes of a failed signature, most specific first; never none.
pub(crate) fn explain(context: &Context) -> Vec<Finding> {
    if !context.reading.faults.is_empty() {
        let mut findings = signature::faults(context);
        if !findings.iter().any(|finding| finding.reason.proved) {
            findings.extend(template::other_scheme(context));
        }
        return findings;
    }
    let families: [fn(&Context) -> Option<Finding>; 11] = [
        body::cut,
        signature::find,
        secret::find,
        secret::stored,
        body::find,
        timestamp::find,
        url::find,
        parts::find,
        claims::find,
        template::other_scheme,
        template::find,
    ];
    match families.iter().find_map(|family| family(context)) {
        Some(proved) => vec![proved],
        None => unproved::possibilities(context),
    }
}
