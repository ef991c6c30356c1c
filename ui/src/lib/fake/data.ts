// What the browser fake starts with: a believable small vault. No value here was ever a real one.

import type { BackupRow, UseRow, VersionRow } from "../bindings";
import { addDays, dayOf } from "../time";

/** One entry of the fake, with what the real program keeps in the keychain. */
export interface FakeEntry {
  name: string;
  id: string;
  kind: string;
  provider: string | null;
  mode: string;
  var: string;
  tags: string[];
  rotateDays: number;
  leaked: boolean;
  expires: string | null;
  snoozedUntil?: string | null;
  owner: string | null;
  url: string | null;
  notes: string | null;
  ipNote: string | null;
  created: string;
  versions: VersionRow[];
  uses: UseRow[];
  value: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An instant some days before `now`, as RFC 3339. */
export function daysAgo(now: number, days: number): string {
  return new Date(now - days * DAY).toISOString();
}

interface Seed {
  name: string;
  kind: string;
  provider?: string;
  mode?: string;
  age: number;
  rotate?: number;
  version?: number;
  leaked?: boolean;
  expires?: number;
  tags?: string[];
  value: string;
  uses?: [how: string, place: string, days: number][];
  notes?: string;
  ipNote?: string;
  url?: string;
}

const SEEDS: Seed[] = [
  {
    name: "acme/prod/stripe",
    kind: "api-key",
    provider: "stripe",
    mode: "live",
    age: 97,
    version: 3,
    tags: ["billing"],
    value: "sk_live_fake_00000000000000000000",
    url: "https://dashboard.stripe.com/apikeys",
    notes: "Restricted key: charges and refunds only.",
    ipNote: "Only 203.0.113.0/24 may use it.",
    uses: [
      ["run", "npm run server", 0],
      ["env", "/home/ada/work/acme/.env.production", 12],
      ["leak", "/home/ada/work/acme · app/config.py · 41c08e2", 12],
    ],
  },
  {
    name: "acme/prod/stripe-hook",
    kind: "webhook-secret",
    provider: "stripe",
    mode: "live",
    age: 34,
    version: 2,
    tags: ["billing"],
    value: "whsec_fake_live_secret",
    uses: [["run", "npm run server", 0]],
  },
  {
    name: "acme/prod/sendgrid",
    kind: "api-key",
    provider: "sendgrid",
    mode: "live",
    age: 85,
    tags: ["mail"],
    value: "SG.fake",
    uses: [["run", "node jobs/mail.js", 1]],
  },
  {
    name: "acme/prod/database-url",
    kind: "password",
    provider: "postgres",
    age: 72,
    value: "postgres://acme:fake@db/acme",
    uses: [["run", "npm run server", 0]],
  },
  {
    name: "acme/prod/openai",
    kind: "api-key",
    provider: "openai",
    mode: "live",
    age: 61,
    value: "fake-openai",
  },
  {
    name: "acme/prod/deploy-key",
    kind: "private-key",
    provider: "github",
    age: 140,
    rotate: 365,
    value: "-----BEGIN FAKE KEY-----",
  },
  {
    name: "acme/test/stripe",
    kind: "api-key",
    provider: "stripe",
    mode: "test",
    age: 20,
    value: "sk_test_fake",
  },
  {
    name: "acme/test/stripe-hook",
    kind: "webhook-secret",
    provider: "stripe",
    mode: "test",
    age: 20,
    value: "whsec_fake_test_secret",
  },
  {
    name: "acme/test/github-hook",
    kind: "webhook-secret",
    provider: "github",
    mode: "test",
    age: 9,
    value: "fake-github-secret",
  },
  {
    name: "blog/prod/cloudflare",
    kind: "token",
    provider: "cloudflare",
    mode: "live",
    age: 48,
    leaked: true,
    value: "fake-cloudflare",
    url: "https://dash.cloudflare.com/profile/api-tokens",
    uses: [["leak", "/home/ada/work/blog · deploy/purge.sh · 9be1f77", 2]],
  },
  {
    name: "blog/prod/postgres",
    kind: "password",
    provider: "postgres",
    age: 88,
    value: "fake-postgres",
  },
  {
    name: "blog/prod/s3-upload",
    kind: "api-key",
    provider: "aws",
    mode: "live",
    age: 81,
    version: 4,
    value: "AKIAFAKEFAKEFAKEFAKE",
    url: "https://console.aws.amazon.com/iam",
    uses: [["run", "hugo deploy", 3]],
  },
  {
    name: "blog/dev/mailgun",
    kind: "api-key",
    provider: "mailgun",
    mode: "test",
    age: 15,
    value: "fake-mailgun",
  },
  {
    name: "tools/ci/npm-publish",
    kind: "token",
    provider: "npm",
    age: 95,
    expires: -5,
    value: "npm_fake",
    notes: "npm lets granular tokens live for 90 days.",
  },
  {
    name: "tools/ci/sentry",
    kind: "token",
    provider: "sentry",
    age: 410,
    rotate: 0,
    value: "fake-sentry",
  },
];

/** The entries, with dates counted back from `now`. */
export function seedEntries(now: number): FakeEntry[] {
  return SEEDS.map((seed, index) => {
    const newest = seed.version ?? 1;
    const rotate = seed.rotate ?? 90;
    const versions: VersionRow[] = Array.from({ length: newest }, (_, back) => ({
      version: newest - back,
      stage: back === 0 ? "current" : "dead",
      created: daysAgo(now, seed.age + back * 91),
      retired: back === 0 ? null : daysAgo(now, seed.age + (back - 1) * 91 - 1),
      size: seed.value.length,
    }));
    return {
      name: seed.name,
      id: `01JD0FAKE${String(index).padStart(17, "0")}`,
      kind: seed.kind,
      provider: seed.provider ?? null,
      mode: seed.mode ?? "unknown",
      var: (seed.name.split("/").at(-1) ?? "").toUpperCase().replace(/-/g, "_"),
      tags: seed.tags ?? [],
      rotateDays: rotate,
      leaked: seed.leaked ?? false,
      expires: seed.expires === undefined ? null : addDays(dayOf(now), seed.expires),
      owner: "ada",
      url: seed.url ?? null,
      notes: seed.notes ?? null,
      ipNote: seed.ipNote ?? null,
      created: daysAgo(now, seed.age + (newest - 1) * 91),
      versions,
      uses: (seed.uses ?? []).map(([how, place, days]) => ({
        how,
        place,
        version: newest,
        last: daysAgo(now, days + 0.1),
      })),
      value: seed.value,
    };
  });
}

/** An entry and a repository whose names try to be markup and to turn text round. */
export const HOSTILE = {
  entry: "acme/prod/<img src=x onerror=window.pwned=1>",
  notes: "plain \u202egnp.exe <script>window.pwned=1</script>",
  repository: "/home/ada/work/<img src=x onerror=window.pwned=1>\u202e",
};

export function seedBackups(now: number): BackupRow[] {
  return [3, 10, 17].map((days, index) => ({
    path: `/home/ada/backups/keyward-${dayOf(now - days * DAY)}.age`,
    created: daysAgo(now, days + 0.2),
    size: 21_480 - index * 810,
    entries: 15 - index,
    verified: index === 0 ? null : daysAgo(now, days - 1),
    present: index !== 2,
  }));
}

export const REPOSITORIES = ["/home/ada/work/acme", "/home/ada/work/blog", "/home/ada/work/tools"];
