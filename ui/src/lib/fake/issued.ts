// Keys that the user issues. No key is ever on the page: only rows and hash lines.

import { type Api, ApiError } from "../api";
import type { IssuedKeyRow } from "../bindings";
import { addDays, dayOf } from "../time";
import { daysAgo, HOSTILE } from "./data";
import type { FakeVault } from "./vault";

const COST = "m=65536,t=3,p=4";
const HASH =
  "$argon2id$v=19$m=65536,t=3,p=4$ZmFrZS1zYWx0LTE2Ynl0ZQ$JDQ9LkB8oPdwWuFW9QzvxD3NYFf3nySnpdhAOn4NKEE";

function row(
  id: string,
  prefix: string,
  label: string | null,
  created: string,
  more: Partial<IssuedKeyRow> = {},
): IssuedKeyRow {
  return {
    id,
    prefix,
    label,
    project: "acme",
    env: prefix.endsWith("test") ? "test" : "prod",
    created,
    expires: null,
    revoked: null,
    verified: null,
    state: "active",
    cost: COST,
    ...more,
  };
}

export function seedIssued(now: number, hostile: boolean): IssuedKeyRow[] {
  const today = dayOf(now);
  const rows = [
    row("k7Qm2XcA", "acme_live", "Harbour Logistics", daysAgo(now, 6), {
      expires: addDays(today, 84),
      verified: daysAgo(now, 0.3),
    }),
    row("Tz04bLwe", "acme_live", "Nightly export", daysAgo(now, 40), { verified: daysAgo(now, 1) }),
    row("9fHsVrP2", "acme_test", "Ada, trying things out", daysAgo(now, 95), {
      expires: addDays(today, -5),
      state: "expired",
    }),
    row("mB3xKd8Y", "acme_live", "Old partner", daysAgo(now, 300), {
      revoked: daysAgo(now, 12),
      state: "revoked",
    }),
  ];
  if (hostile) rows.unshift(row("HoStiLe1", "acme_live", HOSTILE.notes, daysAgo(now, 1)));
  return rows;
}

function find(v: FakeVault, id: string): IssuedKeyRow {
  const found = v.issued.find((key) => key.id === id);
  if (!found)
    throw new ApiError(
      "NOT_FOUND",
      "There is no issued key with this id. Nothing was changed.",
      "Look in the list.",
    );
  return found;
}

export function issuedCommands(v: FakeVault) {
  return {
    issueList: async () => {
      await v.keychain();
      return { version: 1, keys: v.issued };
    },
    issueCreate: async ({ input }) => {
      await v.keychain();
      if (!/^[A-Za-z](?!.*__)[A-Za-z0-9_]{0,30}[A-Za-z0-9]$/.test(input.prefix))
        throw new ApiError(
          "FIELD_INVALID",
          "The prefix does not fit. No key was issued.",
          "2 to 32 letters, digits and single `_`, a letter first and no `_` last, such as acme_live.",
        );
      const days = /^(\d+)d$/.exec(input.expires ?? "")?.[1];
      const key = row(`n${Math.random().toString(36).slice(2)}0000000`.slice(0, 8), input.prefix, input.label, v.at(), {
        project: input.project,
        env: input.env,
        expires: days ? addDays(dayOf(Date.now()), Number(days)) : input.expires,
      });
      v.issued = [key, ...v.issued];
      v.record("issue", `issued key ${key.id}`, `prefix ${key.prefix}`);
      return { version: 1, key, seconds: v.settings.clear_after };
    },
    issueVerify: async ({ key: text }) => {
      await v.keychain();
      const parts = /^([A-Za-z0-9_]+)_([A-Za-z0-9]{57})$/.exec(text);
      if (!parts)
        return {
          version: 1,
          verdict: "not-a-key",
          message:
            "Not a key that was issued here: those are a prefix, `_`, and 57 letters and digits. Look for a blank or a line end too many, or a part cut off.",
          key: null,
        };
      const key = v.issued.find((known) => parts[2]?.startsWith(known.id)) ?? null;
      if (!key)
        return {
          version: 1,
          verdict: "unknown",
          message: "The key is well formed, but it was not issued from this vault.",
          key,
        };
      if (key.state === "active")
        return { version: 1, verdict: "valid", message: `Key ${key.id} is valid.`, key };
      return { version: 1, verdict: key.state, message: `Key ${key.id} is ${key.state}.`, key };
    },
    issueRevoke: async ({ id }) => {
      await v.keychain();
      const key = find(v, id);
      const revoked: IssuedKeyRow = { ...key, revoked: v.at(), state: "revoked" };
      v.issued = v.issued.map((known) => (known === key ? revoked : known));
      v.record("issue-revoke", `issued key ${id}`);
      return { version: 1, key: revoked };
    },
    issueHash: async ({ id }) => {
      await v.keychain();
      const key = find(v, id);
      v.record("issue-hash", `issued key ${id}`);
      return { version: 1, id, hash: HASH, state: key.state };
    },
  } satisfies Partial<Api>;
}
