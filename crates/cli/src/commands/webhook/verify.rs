//! `keyward webhook verify`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyward_app::input::parse_time;
use keyward_app::webhooks::{CheckName, Report, Snippet, Verdict};
use keyward_app::{Error, WebhookCase, WebhookSecret};
use serde::Serialize;

use super::{bytes, pair, params, scheme_file, secret_file};
use crate::context::{Context, parse_seconds};
use crate::printer::{count, safe, state};
use crate::value;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The capture: raw HTTP, cURL, HAR, request JSON and others (`-` is stdin)
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Which request of the capture, from 1, if it holds several
    #[arg(long, value_name = "N")]
    pick: Option<u32>,
    /// Scheme id; guessed from the headers without it
    #[arg(long, value_name = "ID", conflicts_with = "scheme_file")]
    scheme: Option<String>,
    /// A scheme of your own, as TOML
    #[arg(long, value_name = "F")]
    scheme_file: Option<PathBuf>,
    /// An entry whose value is accepted, several times if need be
    #[arg(long, value_name = "NAME")]
    secret: Vec<String>,
    /// A file whose exact bytes are an accepted secret
    #[arg(long, value_name = "F")]
    secret_file: Vec<PathBuf>,
    /// Another secret, tried only to explain a failure
    #[arg(long, value_name = "LABEL=F")]
    also_secret_file: Vec<String>,
    /// A parameter of the scheme, such as url=https://…
    #[arg(long, value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// A parameter of the scheme from a file
    #[arg(long, value_name = "KEY=F")]
    param_file: Vec<String>,
    /// Stand at this time instead of now (RFC 3339 or Unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
    /// Window for the timestamp, such as 5m; the scheme's own without it
    #[arg(long, value_name = "T", value_parser = parse_seconds)]
    tolerance: Option<u64>,
    /// Remember deliveries of this endpoint, and say when one comes again
    #[arg(long, value_name = "ENDPOINT")]
    remember: Option<String>,
    /// Show the code that avoids the cause: express, fastapi, rails, spring, go, laravel or nextjs
    #[arg(long, value_name = "NAME")]
    framework: Option<String>,
}

/// What is printed: the report, and the code that was asked for.
#[derive(Debug, Serialize)]
struct Printed {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippets: Option<Vec<Snippet>>,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let mut case = WebhookCase {
        capture: bytes(&args.request)?,
        pick: args.pick,
        scheme: args.scheme,
        scheme_file: scheme_file(args.scheme_file.as_deref())?,
        secrets: args.secret,
        secret_files: args
            .secret_file
            .iter()
            .map(|path| secret_file(path))
            .collect::<Result<_, _>>()?,
        params: params(&args.param, &args.param_file)?,
        at: args.at,
        tolerance: args.tolerance,
        remember: args.remember,
        ..WebhookCase::default()
    };
    for text in &args.also_secret_file {
        let (label, path) = pair(text)?;
        let value = value::read_file(Path::new(path))?;
        case.also.push(WebhookSecret { label: label.to_owned(), value });
    }
    let keyward = context.keyward()?;
    if let Some(framework) = &args.framework {
        // An unknown one is said before a delivery is remembered.
        keyward.webhook_snippets(framework, "", &[])?;
    }
    let report = keyward.webhook_verify(case)?.report;
    let good = matches!(report.verdict, Verdict::Valid | Verdict::Authenticated);
    let codes: Vec<_> = report.reasons.iter().map(|reason| reason.code).collect();
    let code = |framework: &String| keyward.webhook_snippets(framework, &report.scheme, &codes);
    let snippets = args.framework.as_ref().map(code).transpose()?;
    context.printer.result(&Printed { report, snippets }, text);
    Ok(u8::from(!good))
}

fn text(printed: &Printed) -> String {
    let Printed { report, snippets } = printed;
    let verdict = match report.verdict {
        Verdict::Valid => "valid",
        Verdict::Authenticated => "authenticated",
        Verdict::Invalid => "invalid",
        Verdict::Undecidable => "undecidable",
    };
    let mut out = format!("{} ({})", state(verdict), safe(&report.scheme_name));
    if let Some(secret) = &report.secret {
        let version = secret.version.map(|n| format!(", version {n}")).unwrap_or_default();
        let _ = write!(out, ", signed with {}{version}", safe(&secret.name));
    }
    out.push('\n');
    for check in &report.checks {
        let name = match check.name {
            CheckName::Signature => "signature",
            CheckName::Timestamp => "timestamp",
            CheckName::Replay => "replay",
        };
        let word = if check.ok { "ok" } else { "does not hold" };
        let age = match check.age_seconds {
            Some(age) if age < 0 => format!(", {} ahead", seconds(age)),
            Some(age) => format!(", {} old", seconds(age)),
            None => String::new(),
        };
        let _ = writeln!(out, "  {name:<10} {word}{age}");
    }
    for reason in &report.reasons {
        let code = serde_json::to_value(reason.code).unwrap_or_default();
        let code = code.as_str().unwrap_or_default();
        let sure = if reason.proved { "" } else { " (possibly)" };
        let _ = writeln!(out, "{code}{sure}: {}", safe(&reason.message));
        let _ = writeln!(out, "  {}", safe(&reason.hint));
    }
    if let Some(difference) = &report.difference {
        let _ = writeln!(out, "First difference at byte {}:", difference.offset);
        let _ = writeln!(out, "  received {}", safe(&difference.received));
        let _ = writeln!(out, "  signed   {}", safe(&difference.signed));
    }
    let _ = writeln!(out, "Signed: {}", safe(&report.signed));
    for note in &report.notes {
        let _ = writeln!(out, "Note: {}", safe(note));
    }
    for snippet in snippets.iter().flatten() {
        let _ = writeln!(out, "\nIn {}, {}:", snippet.framework_name, snippet.title);
        for line in snippet.text.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
    }
    out
}

fn seconds(age: i64) -> String {
    match age.unsigned_abs() {
        age if age < 120 => count(age, "second", "seconds"),
        age if age < 7200 => count(age / 60, "minute", "minutes"),
        age if age < 172_800 => count(age / 3600, "hour", "hours"),
        age => count(age / 86_400, "day", "days"),
    }
}
