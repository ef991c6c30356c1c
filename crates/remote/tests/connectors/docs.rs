//! `docs/providers.md` says what the connectors are; `KEYWARD_WRITE=1` writes it.

use std::path::Path;

use keyward_remote::connector::{Connector, connectors};

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

fn source(text: &str) -> String {
    match text.strip_prefix("https://") {
        Some(shown) => format!("[{}]({text})", shown.split('/').next().unwrap()),
        None => text.to_owned(),
    }
}

fn row(known: &Connector) -> String {
    let can = known.can;
    let calls = [
        (can.check, "checks"),
        (can.create, "makes"),
        (can.find, "finds"),
        (can.promote, "promotes"),
        (can.revoke, "revokes"),
    ];
    let calls: Vec<_> = calls.iter().filter(|(can, _)| *can).map(|(_, word)| *word).collect();
    let calls = if calls.is_empty() { "guides".to_owned() } else { calls.join(", ") };
    let mut needs: Vec<_> = known.admin.iter().map(|admin| format!("{admin}.")).collect();
    if known.needs_endpoint() {
        needs.push("The endpoint.".to_owned());
    }
    let wanted = known.parameters.iter().filter(|parameter| parameter.default.is_none());
    needs.extend(wanted.map(|parameter| format!("`{}`: {}.", parameter.name, parameter.about)));
    let sources: Vec<_> = known.sources.iter().map(|text| source(text)).collect();
    format!(
        "| `{}` | {} | {} | {calls} | {} | {} | {} |\n",
        known.id,
        known.title,
        word(known.shape),
        needs.join(" "),
        word(known.tried),
        sources.join(", "),
    )
}

fn put(text: &str, name: &str, inside: &str) -> String {
    let start = text.find(&format!("<!-- {name}: ")).unwrap();
    let start = start + text[start..].find("-->").unwrap() + 4;
    let end = text.find(&format!("<!-- end of {name} -->")).unwrap();
    format!("{}{inside}{}", &text[..start], &text[end..])
}

#[test]
fn the_page_is_what_the_connectors_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/providers.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut table = "| Id | What | Shape | Keyward itself | Needs | Tried against | Sources |\n\
                     | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let mut notes = String::new();
    for known in connectors() {
        table.push_str(&row(known));
        for note in &known.notes {
            notes.push_str(&format!("- `{}`: {note}\n", known.id));
        }
    }
    let wanted = put(&put(&page, "table", &table), "notes", &notes);
    if std::env::var_os("KEYWARD_WRITE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == wanted, "docs/providers.md is out of date: run this test with KEYWARD_WRITE=1");
}

#[test]
fn the_example_of_the_page_is_a_connector() {
    let page = include_str!("../../../../docs/providers.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let connector = Connector::parse(rest.split_once("```").unwrap().0).unwrap();
    let can = connector.can;
    assert!(can.check && can.create && can.find && can.revoke);
}
