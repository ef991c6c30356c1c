//! The table of built-in connectors: one file each, embedded as data and read once.

use std::sync::LazyLock;

use super::{Connector, parse};

/// Each file of `providers/`, by name without its ending, with its text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

static TABLE: LazyLock<Vec<Connector>> = LazyLock::new(|| {
    let read = |(_, text): &(&str, &str)| parse::parse(text, false);
    let mut table: Vec<_> =
        FILES.iter().map(read).collect::<Result<_, _>>().expect("a test reads every file");
    table.sort_by(|one, other| one.id.cmp(&other.id));
    table
});

/// Every built-in connector, by id.
pub(crate) fn table() -> &'static [Connector] {
    &TABLE
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_a_connector_of_its_own() {
        let mut ids = BTreeSet::new();
        for (name, text) in FILES {
            let connector = parse::parse(text, false).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(&connector.id, name);
            assert!(!connector.sources.is_empty(), "{name}: where are the facts from?");
            assert!(!connector.revoke_by_hand.is_empty() && !connector.make_by_hand.is_empty());
            assert!(ids.insert(connector.id), "{name}");
        }
    }
}
