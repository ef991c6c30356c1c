//! `keyward webhook send`: what went out, and what the endpoint made of it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use keyward_app::{AnswerEnding, Error, SEND_TIMEOUT, SendView, WebhookSend};

use super::bytes;
use super::sample::SampleArgs;
use crate::context::{Context, parse_seconds};
use crate::printer::{count, safe, state};

/// Bytes and lines of an answer's body that the text shows; `--json` has more.
const SHOWN_BYTES: usize = 4 * 1024;
const SHOWN_LINES: usize = 40;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The endpoint, such as http://localhost:3000/webhooks
    #[arg(value_name = "URL")]
    target: String,
    #[command(flatten)]
    sample: SampleArgs,
    /// Send this captured request, signed afresh (`-` is stdin)
    #[arg(long, value_name = "F", conflicts_with = "body")]
    request: Option<PathBuf>,
    /// Which request of the capture, from 1, if it holds several
    #[arg(long, value_name = "N", requires = "request")]
    pick: Option<u32>,
    /// Send the capture with the signature that it has
    #[arg(long, requires = "request", conflicts_with_all = [
        "scheme", "scheme_file", "secret", "secret_file", "id", "param", "param_file", "at", "url",
    ])]
    as_is: bool,
    /// The public URL to sign, where the scheme signs it and it is not the endpoint's
    #[arg(long, value_name = "U")]
    url: Option<String>,
    /// Send to another machine, too
    #[arg(long)]
    force: bool,
    /// Wait this long for the answer, such as 30s; 10s without it
    #[arg(long, value_name = "T", value_parser = parse_seconds)]
    timeout: Option<u64>,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_at(args.sample.at)?;
    let view = keyward.webhook_send(WebhookSend {
        target: args.target,
        capture: args.request.as_deref().map(bytes).transpose()?,
        pick: args.pick,
        sample: args.sample.sample(args.url)?,
        as_is: args.as_is,
        force: args.force,
        timeout: args.timeout.map_or(SEND_TIMEOUT, Duration::from_secs),
    })?;
    context.printer.result(&view, text);
    Ok(u8::from(!view.ok))
}

fn text(view: &SendView) -> String {
    let sent = &view.sent;
    let mut out = format!("{} {} ({})\n", safe(&sent.method), safe(&sent.url), sent.address);
    headers(&mut out, &sent.headers);
    let with = match (&view.scheme, &view.secret) {
        (Some(scheme), Some(secret)) => {
            let version = secret.version.map(|n| format!(", version {n}")).unwrap_or_default();
            format!("signed as {} with {}{version}", safe(scheme), safe(&secret.name))
        }
        _ => "with the signature that it had".to_owned(),
    };
    let _ = writeln!(out, "  {}, {with}", count(sent.body_bytes, "byte", "bytes"));

    let answer = &view.answer;
    let word = state(if view.ok { "accepted" } else { "not accepted" });
    let reason = format!("{} {}", answer.status, safe(&answer.reason));
    let _ = writeln!(out, "\n{word}: {} after {}", reason.trim_end(), took(view.seconds));
    headers(&mut out, &answer.headers);
    body(&mut out, view);
    for note in &view.notes {
        let _ = writeln!(out, "Note: {}", safe(note));
    }
    out
}

fn headers(out: &mut String, headers: &[(String, String)]) {
    for (name, value) in headers {
        let _ = writeln!(out, "  {}: {}", safe(name), safe(value));
    }
}

fn body(out: &mut String, view: &SendView) {
    let answer = &view.answer;
    let end = answer.body.floor_char_boundary(SHOWN_BYTES);
    let lines: Vec<&str> = answer.body[..end].lines().take(SHOWN_LINES).collect();
    let shown: usize = lines.iter().map(|line| line.len() + 1).sum();
    if !answer.body.is_empty() {
        out.push('\n');
    }
    for line in &lines {
        let _ = writeln!(out, "  {}", safe(line));
    }
    let received = count(answer.body_bytes, "byte", "bytes");
    if shown < answer.body.len() {
        let _ = writeln!(out, "  … {received} in all; `--json` has more of it.");
    }
    let _ = match answer.ending {
        AnswerEnding::Whole => Ok(()),
        AnswerEnding::Bounded => {
            writeln!(out, "The answer goes on after {received}; it was left there.")
        }
        AnswerEnding::CutShort => writeln!(out, "The answer ended early, after {received}."),
        AnswerEnding::TimedOut => {
            writeln!(out, "The answer had not ended when time was up; {received} came.")
        }
    };
}

fn took(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}
