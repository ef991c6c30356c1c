// What the fake knows of providers: one of each shape, and what a value's liveness is.

import { type Api, ApiError } from "../api";
import type { ConnectionView, ProviderRow } from "../bindings";
import type { FakeEntry } from "./data";
import type { FakeVault } from "./vault";

/** A provider with what is clicked there. */
export interface FakeProvider extends ProviderRow {
  make: string[];
  end: string[];
}

type Seed = Partial<FakeProvider> & Pick<FakeProvider, "id" | "title" | "shape" | "console">;

const SEEDS: Seed[] = [
  {
    id: "aws",
    title: "AWS access key",
    shape: "issue-delete",
    console: "https://console.aws.amazon.com/iam",
    can_create: true,
    can_revoke: true,
    allowed: true,
    tried: "simulated",
    notes: ["An IAM user has two keys at most: the second slot has to be free."],
    sources: ["https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html"],
  },
  {
    id: "cloudflare",
    title: "Cloudflare API token of a user",
    shape: "roll-in-place",
    console: "https://dash.cloudflare.com/profile/api-tokens",
    can_create: true,
    can_revoke: true,
    admin: "A token with the permission API Tokens Write",
    end: ["Find the token by its name, and open its menu.", "Delete it."],
    make: ["Create Token, with the permissions of the old one.", "Copy it: it is shown once."],
    notes: ["The old token ends the moment the new one is made."],
    sources: ["https://developers.cloudflare.com/api/resources/user/subresources/tokens/"],
  },
  {
    id: "github",
    title: "GitHub token",
    shape: "self-revoke",
    console: "https://github.com/settings/tokens",
    can_revoke: true,
    sources: ["https://docs.github.com/en/rest/credentials/revoke"],
  },
  {
    id: "openai",
    title: "OpenAI project key",
    shape: "issue-delete",
    console: "https://platform.openai.com/api-keys",
    can_create: true,
    can_revoke: true,
    admin: "An admin key of the organization",
    parameters: [
      { name: "project", about: "Id of the project, such as proj_abc, on its page", default: null },
      { name: "name", about: "Name of the new key", default: "keyward" },
    ],
    sources: ["https://platform.openai.com/docs/api-reference/administration"],
  },
  {
    id: "sendgrid",
    title: "SendGrid API key",
    shape: "issue-delete",
    console: "https://app.sendgrid.com/settings/api_keys",
    can_create: true,
    can_revoke: true,
    sources: ["https://www.twilio.com/docs/sendgrid/api-reference/api-keys"],
  },
  {
    id: "stripe",
    title: "Stripe secret or restricted key",
    shape: "console-only",
    console: "https://dashboard.stripe.com/apikeys",
    make: [
      "Create restricted key, with the permissions of the old one.",
      "Create key, and reveal it: a live key is shown once.",
    ],
    end: ["Open the menu of the old key.", "Expire it now."],
    can_check: true,
    sources: ["https://docs.stripe.com/keys"],
  },
  {
    id: "vault-approle",
    title: "Vault AppRole",
    shape: "issue-delete",
    console: "https://openbao.org/docs/auth/approle/",
    can_create: true,
    can_revoke: true,
    tried: "real",
    endpoint: "https://vault.acme.example/v1",
    parameters: [{ name: "role", about: "Name of the role", default: null }],
    sources: ["https://openbao.org/api-docs/auth/approle/"],
  },
];

export function seedProviders(): FakeProvider[] {
  return SEEDS.map((seed) => ({
    allowed: false,
    endpoint: null,
    can_check: true,
    can_create: false,
    can_revoke: false,
    admin: null,
    parameters: [],
    tried: "documented",
    notes: [],
    sources: [],
    own: false,
    make: [],
    end: [],
    ...seed,
  }));
}

/** How an entry is connected, as the fake keeps it. */
export interface FakeConnection {
  provider: string | null;
  admin: string | null;
  parameters: Record<string, string>;
}

export function providerOf(v: FakeVault, entry: FakeEntry): FakeProvider | null {
  const id = v.connections.get(entry.name)?.provider ?? entry.provider;
  if (entry.kind === "webhook-secret") return null;
  return v.providers.find((known) => known.id === id) ?? null;
}

export function connectionOf(v: FakeVault, entry: FakeEntry): ConnectionView {
  const provider = providerOf(v, entry);
  const kept = v.connections.get(entry.name);
  const parameters = kept?.parameters ?? {};
  return {
    version: 1,
    entry: entry.name,
    provider: provider ? rowOf(provider) : null,
    admin: kept?.admin ?? null,
    parameters,
    missing: (provider?.parameters ?? [])
      .filter((known) => known.default === null && !parameters[known.name])
      .map((known) => `${known.name}: ${known.about}`),
  };
}

/** Whether Keyward may and can act for an entry; for making and revoking, with the stronger key. */
export function mayAct(v: FakeVault, entry: FakeEntry): boolean {
  const { provider, missing, admin } = connectionOf(v, entry);
  const told = missing.length === 0 && (provider?.admin == null || admin !== null);
  return provider !== null && provider.allowed && told;
}

function rowOf({ make: _make, end: _end, ...row }: FakeProvider): ProviderRow {
  return structuredClone(row);
}

function unknown(id: string): ApiError {
  return new ApiError("PROVIDER_UNKNOWN", `No interface of a provider \`${id}\` is known.`, "");
}

/** Refuses as the program does where it may not talk to the provider. */
export function reach(v: FakeVault, entry: FakeEntry): FakeProvider {
  const provider = providerOf(v, entry);
  if (!provider) throw unknown(entry.provider ?? "");
  if (!provider.allowed)
    throw new ApiError(
      "PROVIDER_NOT_ALLOWED",
      `Keyward does not talk to ${provider.title} unless you let it. Nothing was sent.`,
      `Let it with \`keyward provider allow ${provider.id}\`.`,
    );
  const { missing } = connectionOf(v, entry);
  if (missing.length > 0)
    throw new ApiError(
      "PROVIDER_NOT_CONNECTED",
      `${provider.title} has to be told more of \`${entry.name}\`: ${missing.join("; ")}. Nothing was sent.`,
      "",
    );
  return provider;
}

export function providerCommands(v: FakeVault) {
  return {
    providers: async () => {
      await v.turn();
      return { version: 1, providers: v.providers.map(rowOf) };
    },
    allowProvider: async ({ id, allowed, endpoint }) => {
      await v.turn();
      const known = v.providers.find((provider) => provider.id === id);
      if (!known) throw unknown(id);
      if (endpoint && !endpoint.startsWith("https://"))
        throw new ApiError("PROVIDER_INVALID", "The address is not https. Nothing was changed.", "Give https://….");
      known.allowed = allowed;
      if (endpoint !== null) known.endpoint = endpoint || null;
      v.record(allowed ? "provider-allow" : "provider-forbid", id, known.endpoint);
      return rowOf(known);
    },
    addProvider: async ({ path }) => {
      await v.turn();
      const [own] = seedProviders();
      if (!own || !path.endsWith(".toml"))
        throw new ApiError("PROVIDER_INVALID", "The file is no text. Nothing was changed.", "It is TOML.");
      Object.assign(own, { id: "acme-billing", title: "Acme billing", own: true, allowed: false });
      v.providers = [own, ...v.providers.filter((known) => known.id !== own.id)];
      return rowOf(own);
    },
    connection: async ({ name }) => {
      await v.turn();
      return connectionOf(v, v.find(name));
    },
    connect: async ({ name, edit }) => {
      await v.turn();
      const entry = v.find(name);
      const kept = v.connections.get(name) ?? { provider: null, admin: null, parameters: {} };
      if (edit.provider !== null) {
        const before = kept.provider ?? entry.provider;
        kept.provider = edit.provider || null;
        // What was told to one provider is not told to another.
        if ((kept.provider ?? entry.provider) !== before) {
          kept.admin = null;
          kept.parameters = {};
        }
      }
      if (edit.admin !== null) kept.admin = edit.admin === "" ? null : v.find(edit.admin).name;
      for (const [key, value] of Object.entries(edit.parameters)) {
        if (value === "") delete kept.parameters[key];
        else kept.parameters[key] = value;
      }
      v.connections.set(name, kept);
      v.record("connect", name, kept.provider);
      return connectionOf(v, entry);
    },
    check: async ({ name, version }) => {
      await v.keychain();
      const entry = v.find(name);
      const provider = reach(v, entry);
      const current = v.row(entry).current.version;
      const number = version ?? current;
      const alive = number >= current && entry.expires === null;
      v.record("check", name, `version ${number}, ${provider.id}: ${alive ? "alive" : "dead"}`);
      return {
        version: 1,
        entry: name,
        number,
        provider: provider.id,
        liveness: alive ? "alive" : "dead",
        said: alive ? "200 OK" : "401 invalid_api_key",
        expires: null,
        at: v.at(),
        took_ms: 312,
      };
    },
  } satisfies Partial<Api>;
}
