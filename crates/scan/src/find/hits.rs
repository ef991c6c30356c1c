//! What is found in one text before it is settled, and how much of that is kept: a text may be made to hold
//! nothing else.

/// So many secrets of one text are kept.
const MAX_SECRETS: usize = 50_000;
/// So many places are kept that say nothing yet.
const MAX_NOTHING: usize = 50_000;

/// What a hit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A secret: the number of its sight, and whether the rule is unsure.
    Secret { sight: u32, unsure: bool },
    /// A mark that lets the line pass.
    Allow,
    /// Nothing yet; but a change within its reach may make it something.
    Nothing,
}

/// Something at a place in a text, and all that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// The secret's place.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) what: What,
    /// The bytes that decided, the ends of the text included where they were reached.
    pub(crate) low: u32,
    pub(crate) high: u32,
    /// Whom to ask again; `None` for what is found again by itself.
    pub(crate) ask: Option<Ask>,
}

/// A literal at a place, and the rule that looks further round it than a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ask {
    pub(crate) at: u32,
    pub(crate) literal: u32,
    pub(crate) rule: u32,
}

/// The hits of one text.
#[derive(Default)]
pub(crate) struct Hits {
    pub(crate) list: Vec<Hit>,
    secrets: usize,
    nothing: usize,
    /// There were more secrets than are kept.
    pub(crate) full: bool,
    /// Places that say nothing yet were left out, so nothing can be taken over from this text.
    pub(crate) forgetful: bool,
}

impl Hits {
    /// For a text that nothing builds on.
    pub(crate) fn of_last() -> Self {
        Self { forgetful: true, ..Self::default() }
    }

    pub(crate) fn push(&mut self, hit: Hit) {
        if hit.what == What::Nothing {
            self.nothing += 1;
            self.forgetful |= self.nothing > MAX_NOTHING;
            if self.forgetful {
                return;
            }
        } else {
            self.secrets += 1;
            self.full |= self.secrets > MAX_SECRETS;
            if self.full {
                return;
            }
        }
        self.list.push(hit);
    }

    /// In the order in which they stand, each once.
    pub(crate) fn sort(&mut self) {
        self.list.sort_unstable();
        self.list.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(at: u32, what: What) -> Hit {
        Hit { start: at, end: at + 1, what, low: at, high: at + 1, ask: None }
    }

    #[test]
    fn places_that_say_nothing_never_push_a_secret_out() {
        let mut hits = Hits::default();
        (0..200_000).for_each(|at| hits.push(hit(at, What::Nothing)));
        assert!(hits.forgetful && !hits.full && hits.list.len() == MAX_NOTHING);
        hits.push(hit(7, What::Secret { sight: 0, unsure: false }));
        assert_eq!(hits.list.len(), MAX_NOTHING + 1);
        let mut hits = Hits::of_last();
        hits.push(hit(7, What::Nothing));
        assert!(hits.list.is_empty());
    }

    #[test]
    fn too_many_secrets_are_said() {
        let mut hits = Hits::default();
        (0..=MAX_SECRETS as u32).for_each(|at| hits.push(hit(at, What::Allow)));
        assert!(hits.full);
        assert_eq!(hits.list.len(), MAX_SECRETS);
    }
}
