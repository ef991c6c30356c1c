//! The recovery kit: an age identity that is shown once and kept by the user, on paper or another
//! disk. The vault remembers only its recipient, so that backups need no passphrase.

use std::path::Path;

use jiff::Timestamp;
use keyward_backup::new_identity;
use keyward_store::Tx;
use keyward_vault::{Secret, secret};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::view::{JSON_VERSION, KitReport, KitRow};
use crate::{Error, Keyward, outfile};

const KEY: &str = "recovery-kit";

/// What the vault remembers of a kit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) recipient: String,
    pub(crate) created: Timestamp,
}

impl Keyward {
    /// Makes a recovery kit and remembers its recipient. With `out` the kit is a file that only its
    /// owner can read: HTML to print when it ends in `.html`, else text that is an age identity file
    /// as it is. Without, the text is handed back to be shown once.
    ///
    /// # Errors
    /// `BACKUP_EXISTS` or `OUT_NOT_A_FILE` for what stands at `out`, the keychain, the disk. Nothing
    /// is remembered then.
    pub fn backup_kit(&self, out: Option<&Path>) -> Result<(KitReport, Option<Secret>), Error> {
        let (identity, recipient) = new_identity();
        let created = self.clock();
        let out = match out {
            Some(path) => Some(
                std::path::absolute(path)
                    .map_err(|error| crate::error::io(&error, "the kit's path"))?,
            ),
            None => None,
        };
        let text = text(&identity, &recipient, created);
        if let Some(path) = &out {
            outfile::check(path)?;
            if path.exists() {
                return Err(Error::new(
                    "BACKUP_EXISTS",
                    "There is a file of that name already. Nothing was changed.",
                    "A kit never replaces a file: an older kit may be the only key to a backup.",
                ));
            }
            let is_html = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("html"));
            let page = if is_html { html(&text) } else { secret(text.expose_secret().to_vec()) };
            outfile::write(path, page.expose_secret(), true)?;
        }
        let record = Record { recipient: recipient.clone(), created };
        let remembered = self.remember_kit(&record);
        if let (Err(_), Some(path)) = (&remembered, &out) {
            // No backup was made for it, and none will be.
            let _ = std::fs::remove_file(path);
        }
        let replaced = remembered?;
        let report = KitReport {
            version: JSON_VERSION,
            recipient,
            created: created.to_string(),
            path: out.as_ref().map(|path| path.display().to_string()),
            replaced,
        };
        Ok((report, out.is_none().then_some(text)))
    }

    /// Stores the recipient; returns the one it takes the place of.
    fn remember_kit(&self, record: &Record) -> Result<Option<String>, Error> {
        let text = serde_json::to_string(record)
            .map_err(|_| Error::new("FAULT", "The kit cannot be remembered.", ""))?;
        self.with_new(|open| {
            open.change(|tx, _| {
                let before = read(tx)?.map(|kit| kit.recipient);
                tx.put_meta(KEY, &text)?;
                let event = self.event("recovery-kit", &record.recipient, None);
                Ok((before, vec![event]))
            })
        })
    }
}

/// The kit that is remembered.
pub(crate) fn read(tx: &Tx<'_>) -> Result<Option<Record>, Error> {
    Ok(tx.meta(KEY)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The same, as shown.
pub(crate) fn view(tx: &Tx<'_>) -> Result<Option<KitRow>, Error> {
    Ok(read(tx)?.map(|kit| KitRow { recipient: kit.recipient, created: kit.created.to_string() }))
}

/// The kit as text. Every line but one begins with `#`, so that the file is an identity file.
fn text(identity: &Secret, recipient: &str, created: Timestamp) -> Secret {
    let head = format!(
        "\
# Keyward recovery kit
#
# With the line at the end every backup made for it can be opened. Keep this on paper or on a disk
# of its own, apart from the backups and from the computer. Whoever has it and a backup can read all
# of your keys. Keyward does not keep it and cannot show it again.
#
# To look into a backup with plain age, anywhere:
#     age -d -i THIS-FILE keyward-….age | jq
# To restore it:
#     keyward backup restore keyward-….age --identity THIS-FILE
#
# made:       {created}
# public key: {recipient}
"
    );
    let line = identity.expose_secret();
    // In one piece, so that growing leaves no unwiped copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(head.len() + line.len() + 1));
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(line);
    out.push(b'\n');
    secret(out.to_vec())
}

/// The kit as a page to print. Nothing in the text needs escaping but what is escaped here.
fn html(text: &Secret) -> Secret {
    const HEAD: &[u8] = b"<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Keyward recovery kit</title>
<style>
body { max-width: 44rem; margin: 3rem auto; font: 12pt/1.6 system-ui, sans-serif; color: #111; }
pre { padding: 1rem; border: 1px solid #999; font: 10.5pt/1.6 ui-monospace, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
<h1>Keyward recovery kit</h1>
<p>Print this page, then delete the file. To use it, type the last line into a text file.</p>
<pre>
";
    const END: &[u8] = b"</pre>\n</html>\n";
    let bytes = text.expose_secret();
    let mut out = Zeroizing::new(Vec::with_capacity(HEAD.len() + bytes.len() + END.len()));
    out.extend_from_slice(HEAD);
    out.extend_from_slice(bytes);
    out.extend_from_slice(END);
    secret(out.to_vec())
}

#[cfg(test)]
mod tests {
    use keyward_backup::Opener;

    use super::*;

    #[test]
    fn the_text_is_an_identity_file_and_the_page_holds_nothing_to_escape() {
        let (identity, recipient) = new_identity();
        let kit = text(&identity, &recipient, Timestamp::UNIX_EPOCH);
        assert!(Opener::identities(&kit).is_ok());
        let words = String::from_utf8(kit.expose_secret().to_vec()).unwrap();
        assert!(!words.contains(['<', '>', '&']), "{words}");
        let page = html(&kit);
        let line = identity.expose_secret();
        assert!(page.expose_secret().windows(line.len()).any(|part| part == line));
    }
}
