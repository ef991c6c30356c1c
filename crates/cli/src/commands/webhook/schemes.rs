//! `keyward webhook schemes`.

use keyward_app::Error;
use keyward_app::webhooks::SchemeSummary;
use serde_json::json;

use crate::context::Context;
use crate::printer::table;

pub fn run(context: &Context<'_>) -> Result<u8, Error> {
    let schemes = context.keyward()?.webhook_schemes();
    context.printer.result(&json!({ "version": 1, "schemes": schemes }), |_| {
        let column = |cell: fn(&SchemeSummary) -> String| schemes.iter().map(cell).collect();
        table(&[
            ("ID", column(|scheme| scheme.id.clone())),
            ("PROVIDER", column(|scheme| scheme.provider.clone())),
            ("HEADER", column(|scheme| scheme.header.clone())),
            ("SIGNED", column(|scheme| scheme.signed.clone())),
        ])
    });
    Ok(0)
}
