//! The code that avoids what a report names.

use keyward_webhook::{Code, Framework, Snippet, find, frameworks, snippets};

use crate::{Error, Keyward};

impl Keyward {
    /// The frameworks that there is code for.
    #[must_use]
    pub fn webhook_frameworks(&self) -> Vec<Framework> {
        frameworks()
    }

    /// Code for these reasons in this framework, with the signature header of the shipped scheme.
    ///
    /// # Errors
    /// `USAGE` for an unknown framework.
    pub fn webhook_snippets(
        &self,
        framework: &str,
        scheme: &str,
        codes: &[Code],
    ) -> Result<Vec<Snippet>, Error> {
        let header = find(scheme).map(|scheme| scheme.signature.name());
        snippets(framework, codes, header).ok_or_else(|| {
            let known: Vec<String> = frameworks().into_iter().map(|one| one.id).collect();
            let hint = format!("One of {}.", known.join(", "));
            Error::new("USAGE", "There is no code for this framework.", hint)
        })
    }
}
