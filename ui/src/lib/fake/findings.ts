// What scans of the fake find: one of each way in which a credential comes to be in a repository.

import type { Finding, Place, Repository, ScanReport } from "../bindings";
import { daysAgo } from "./data";

const LOAD = "Take it out of the files and load it at run time (keyward run -- CMD).";
const CLEAN =
  "Cleaning the history comes last and does not make the old key safe: git filter-repo --replace-text FILE";
const BEFORE_PUSH = [
  "It was committed and not pushed: take it out before you push.",
  "In the last commit: git commit --amend. Further back: git rebase -i.",
];
const UNSTAGE = "It is only staged: git restore --staged FILE, then take it out of the file.";
const ON_DISK = "It is only on this disk: keep it in the vault and take it out of the file.";

const ADA = "Ada Lovelace <ada@acme.example>";
const SAM = "Sam Okafor <sam.okafor@contractors.acme.example>";

function nameOf(rule: string): string {
  const words = rule.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function place(path: string, line: number, commit: string | null): Place {
  return { path, line, column: 18, commit, source: commit ? "history" : "worktree" };
}

/** A finding; only on this disk unless the seed says otherwise. */
function finding(
  seed: Partial<Finding> & Pick<Finding, "rule" | "severity" | "path" | "line" | "secret">,
): Finding {
  const commit = seed.commit ?? null;
  return {
    name: nameOf(seed.rule),
    provider: null,
    kind: "api-key",
    mode: null,
    confidence: "high",
    column: 18,
    end_line: seed.line,
    end_column: 50,
    commit,
    blob: null,
    source: commit ? "history" : "worktree",
    fingerprint: `${seed.rule}:${seed.path}:${seed.line}`,
    places: [place(seed.path, seed.line, commit)],
    decoded: [],
    own: null,
    author: null,
    date: null,
    in_head: commit === null,
    pushed: false,
    advice: null,
    steps: [ON_DISK],
    console: null,
    ...seed,
  };
}

function acme(now: number): Finding[] {
  return [
    // Ours, in use, pushed and no longer in the files.
    finding({
      rule: "stripe-secret-key",
      provider: "stripe",
      severity: "critical",
      path: "app/config.py",
      line: 12,
      secret: "sk_l…9f2c",
      commit: "41c08e2b6d1f0a9e57c3d24f8a6b19e0c7d5f312",
      places: [
        place("app/config.py", 12, "41c08e2b6d1f0a9e57c3d24f8a6b19e0c7d5f312"),
        place("app/config.py", 14, "a7730c91d2be45f60718293a4b5c6d7e8f901234"),
        place("docs/old/setup.md", 88, "0de51fb3a4c5d6e7f8091a2b3c4d5e6f70819203"),
      ],
      own: { entry: "acme/prod/stripe", version: 3, stage: "current" },
      author: SAM,
      date: daysAgo(now, 34.2),
      pushed: true,
      advice: null,
      steps: ["Replace it: keyward rotate acme/prod/stripe --start", LOAD, CLEAN],
      console: "https://dashboard.stripe.com/apikeys",
    }),
    // Ours and dead: nothing to do.
    finding({
      rule: "sendgrid-api-key",
      provider: "sendgrid",
      severity: "high",
      path: "jobs/mail.js",
      line: 3,
      secret: "SG.x…Qm0A",
      commit: "c3f9a1d07b2e4c6880912a3b4c5d6e7f80912a3b",
      own: { entry: "acme/prod/sendgrid", version: 1, stage: "dead" },
      author: ADA,
      date: daysAgo(now, 211),
      pushed: true,
      advice:
        "This is acme/prod/sendgrid, version 1, which is dead. Check that it is refused, then clean up at leisure.",
      steps: [],
    }),
    // Only on disk.
    finding({
      rule: "env-assignment",
      severity: "high",
      path: ".env.production",
      line: 4,
      secret: "hunt…er2!",
      advice: "Move it to the keychain and add the file to `.gitignore`.",
    }),
    // Staged.
    finding({
      rule: "slack-webhook",
      name: "Slack webhook address",
      provider: "slack",
      severity: "medium",
      path: "config/notify.yml",
      line: 18,
      secret: "http…x3Rd",
      source: "index",
      places: [{ ...place("config/notify.yml", 18, null), source: "index" }],
      in_head: false,
      advice: "Remove the webhook in the app's settings and add a new one.",
      steps: [UNSTAGE],
      console: "https://api.slack.com/apps",
    }),
    // In the last commit, and that is not pushed.
    finding({
      rule: "github-token",
      name: "GitHub token",
      provider: "github",
      severity: "critical",
      path: "scripts/release.sh",
      line: 27,
      secret: "ghp_…81Zk",
      commit: "5b7d2e90c1f3a4b5d6e7f8091a2b3c4d5e6f7081",
      decoded: ["base64"],
      author: ADA,
      date: daysAgo(now, 0.3),
      in_head: true,
      advice: "Revoke it on GitHub, then make a new one with fewer rights.",
      steps: [...BEFORE_PUSH, "Revoke it and make a new one at https://github.com/settings/tokens"],
      console: "https://github.com/settings/tokens",
    }),
    // Pushed, and a file on disk still holds it.
    finding({
      rule: "aws-access-key",
      name: "AWS access key",
      provider: "aws",
      severity: "critical",
      path: "infra/terraform.tfvars",
      line: 7,
      secret: "AKIA…W7QX",
      places: [
        place("infra/terraform.tfvars", 7, null),
        place("infra/terraform.tfvars", 5, "d81f03ac5e2b7496a0c1d2e3f405162738495a6b"),
      ],
      author: SAM,
      date: daysAgo(now, 12.5),
      pushed: true,
      advice: "Deactivate the key first, see what breaks, then delete it.",
      steps: [
        "Revoke it and make a new one at https://console.aws.amazon.com/iam/home#/security_credentials",
        LOAD,
        CLEAN,
      ],
      console: "https://console.aws.amazon.com/iam/home#/security_credentials",
    }),
    finding({
      rule: "generic-password",
      severity: "medium",
      confidence: "low",
      path: "tests/fixtures/users.json",
      line: 51,
      secret: "pass…word",
    }),
    finding({
      rule: "generic-password",
      severity: "medium",
      confidence: "low",
      path: "docs/example.md",
      line: 9,
      secret: "chan…eme!",
    }),
  ];
}

function blog(now: number): Finding[] {
  return [
    // Ours, in use, committed and not pushed.
    finding({
      rule: "cloudflare-api-token",
      provider: "cloudflare",
      severity: "critical",
      path: "deploy/purge.sh",
      line: 6,
      secret: "Zk3f…a81Q",
      commit: "9be1f77d0c2a4b5c6d7e8f9012a3b4c5d6e7f809",
      own: { entry: "blog/prod/cloudflare", version: 1, stage: "current" },
      author: ADA,
      date: daysAgo(now, 2.4),
      in_head: true,
      advice: null,
      steps: [...BEFORE_PUSH, "Replace it: keyward rotate blog/prod/cloudflare --start"],
      console: "https://dash.cloudflare.com/profile/api-tokens",
    }),
  ];
}

function report(
  findings: Finding[],
  files: number,
  bytes: number,
  notices: [string, string][] = [],
): ScanReport {
  return {
    version: 1,
    findings,
    summary: {
      findings: findings.length,
      files,
      blobs: files * 9,
      bytes,
      messages: files,
      baselined: 0,
      ignored: 0,
      skipped_more: 0,
      complete: true,
      own_values: "checked",
      skipped: [],
      notices: notices.map(([code, message]) => ({ code, message })),
      seconds: 0.42,
    },
  };
}

/** What a scan of a path finds. */
export function reportOf(path: string, now: number): ScanReport {
  if (path.includes("acme")) {
    return report(acme(now), 1204, 196_838_471, [
      ["ENV_NOT_IGNORED", "`.env.production` is not in .gitignore."],
    ]);
  }
  if (path.includes("blog")) return report(blog(now), 318, 22_400_120);
  return report([], 87, 1_204_551);
}

/** How many findings of each kind a report has. */
export function leaksOf(report: ScanReport | null): Repository["leaks"] {
  const sure = (report?.findings ?? []).filter((found) => found.confidence !== "low");
  const others = sure.filter((found) => !found.own);
  const number = (severity: string) => others.filter((found) => found.severity === severity).length;
  return {
    own: sure.length - others.length,
    critical: number("critical"),
    high: number("high"),
    other: others.length - number("critical") - number("high"),
    low_confidence: (report?.findings.length ?? 0) - sure.length,
  };
}
