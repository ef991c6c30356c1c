//! JSON that was parsed and written again. Tokens are kept, so what was signed is one of the ways in
//! which encoders in use lay out and escape the same tokens; each of them is tried.

use super::body::{BOM, attempt};
use super::{Context, Finding, numbers};
use crate::json_text::{Document, Escapes, Layout, Traits};
use crate::report::Code;

const RAW: &str = "Verify the raw bytes, before any JSON parser: `express.raw({type: 'application/json'})` in Express, `request.get_data()` in Flask, `request.body` in Django.";

/// Layouts with whether every encoder may use them; the others belong to pretty-printers, which
/// escape little.
const LAYOUTS: [(Layout, bool, &str); 9] = [
    (Layout::Compact, true, ", compact"),
    (Layout::Kept, true, ""),
    (Layout::Indented("  "), true, ", indented by 2 blanks"),
    (Layout::Spaced, true, ", with a blank after each comma and colon, as Python writes"),
    (Layout::Listed, true, ", with a blank after each comma"),
    (Layout::Opened, false, ", indented by 2 blanks with empty objects opened, as Ruby writes"),
    (Layout::Indented("    "), false, ", indented by 4 blanks"),
    (Layout::Indented("\t"), false, ", indented by tabs"),
    (Layout::Indented("   "), false, ", indented by 3 blanks"),
];

/// Encoders, likeliest first, with the texts that they would write differently from the others.
const ENCODERS: [Encoder; 9] = [
    (None, |_| true, ""),
    (escapes(false, false, false), |t| t.unicode || t.slash, ", with characters as they are"),
    (escapes(true, false, false), |t| t.unicode, ", with `\\uXXXX` outside ASCII"),
    (escapes(false, false, true), |t| t.slash, ", with `/` as `\\/`"),
    (
        escapes(true, false, true),
        |t| t.slash && t.unicode,
        ", with `/` as `\\/` and `\\uXXXX` outside ASCII",
    ),
    (
        escapes(false, true, false),
        |t| t.marks,
        ", with `<`, `>` and `&` as `\\u003c`, `\\u003e` and `\\u0026`",
    ),
    (
        escapes(false, true, true),
        |t| t.marks && t.slash,
        ", with `/` as `\\/` and `&` as `\\u0026`",
    ),
    (
        escapes(true, true, false),
        |t| t.marks && t.unicode,
        ", with `&` as `\\u0026` and `\\uXXXX` outside ASCII",
    ),
    (Some(Escapes::DOTNET), |t| t.marks || t.unicode, ", with escapes as .NET writes them"),
];

type Encoder = (Option<Escapes>, fn(Traits) -> bool, &'static str);

/// How many of [`ENCODERS`] pretty-printers use, and senders that end their JSON with a line break.
const USUAL: usize = 3;

const fn escapes(ascii: bool, html: bool, slash: bool) -> Option<Escapes> {
    Some(Escapes { ascii, html, slash, dotnet: false })
}

/// Tries the same JSON as other encoders write it.
pub(super) fn find(context: &Context, body: &[u8]) -> Option<Finding> {
    let text = body.strip_prefix(BOM).unwrap_or(body);
    let document = Document::parse(text)?;
    if let Some(inner) = document.as_string() {
        let message = "The body is wrapped in a JSON string; the signature covers the text inside.";
        return attempt(context, Code::BodyReserialised, &inner, message, RAW);
    }
    let round = text.trim_ascii();
    let bare = if round.len() < text.len() { Some(round.to_vec()) } else { None };
    bare.and_then(|bare| rewritten(context, bare, "without the white space round it", false))
        .or_else(|| laid_out(context, &document))
        .or_else(|| sorted(context, &document))
        .or_else(|| numbers::find(context, &document))
}

fn laid_out(context: &Context, document: &Document) -> Option<Finding> {
    let traits = document.traits();
    for (layout, every, layout_name) in LAYOUTS {
        let usual = if every { ENCODERS.len() } else { USUAL };
        for (at, (escapes, differs, escapes_name)) in ENCODERS.into_iter().take(usual).enumerate() {
            let same = (layout == Layout::Opened && !traits.empty)
                || (layout == Layout::Kept && escapes.is_none())
                || !differs(traits);
            if same || context.is_spent() {
                continue;
            }
            let name = format!("the same JSON{layout_name}{escapes_name}");
            let candidate = document.write(layout, escapes);
            let found = candidate.and_then(|text| rewritten(context, text, &name, at < USUAL));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// The document with its keys sorted, in the layouts of writers that sort.
fn sorted(context: &Context, document: &Document) -> Option<Finding> {
    let compact = document.sorted().filter(|_| !context.is_spent())?;
    let sorted = Document::parse(&compact)?;
    let ascii = escapes(true, false, false);
    let ways = [
        (Layout::Compact, None),
        (Layout::Compact, ascii),
        (Layout::Spaced, None),
        (Layout::Spaced, ascii),
        (Layout::Indented("  "), None),
    ];
    ways.into_iter().find_map(|(layout, escapes)| {
        let text = sorted.write(layout, escapes)?;
        rewritten(context, text, "the same JSON with its keys sorted", false)
    })
}

/// Tries one spelling, and, for the usual encoders, the same with a line break at its end.
pub(super) fn rewritten(
    context: &Context,
    mut text: Vec<u8>,
    what: &str,
    ended: bool,
) -> Option<Finding> {
    let message =
        format!("The JSON of the body was parsed and written again. What was signed is {what}.");
    let plain = attempt(context, Code::BodyReserialised, &text, &message, RAW);
    plain.or_else(|| {
        text.push(b'\n');
        ended.then(|| attempt(context, Code::BodyReserialised, &text, &message, RAW))?
    })
}
