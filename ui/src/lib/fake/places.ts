// Destinations of the fake: what is known to hold a copy, and what was only seen.

import { type Api, ApiError } from "../api";
import type { DestinationList, DestinationRow, NewPlace } from "../bindings";
import { daysAgo, type FakeEntry } from "./data";
import type { FakeVault } from "./vault";

function row(
  index: number,
  entry: string,
  kind: string,
  place: string,
  more: Partial<DestinationRow> = {},
): DestinationRow {
  return {
    id: `01JD0PLACE${String(index).padStart(16, "0")}`,
    entry,
    kind,
    place,
    credential: null,
    by_hand: kind === "by-hand",
    holds: null,
    since: null,
    state: "unknown",
    note: null,
    ...more,
  };
}

export function seedPlaces(now: number): DestinationRow[] {
  const held = (holds: number, days: number, state = "current") => ({
    holds,
    since: daysAgo(now, days),
    state,
  });
  return [
    row(1, "acme/prod/stripe", "dotenv", "/home/ada/work/acme/.env.production, STRIPE", held(3, 97)),
    row(2, "acme/prod/stripe", "by-hand", "by hand: config of acme-web at the host", held(2, 188, "behind")),
    row(3, "acme/prod/sendgrid", "dotenv", "/home/ada/work/acme/.env.mail, SENDGRID", held(1, 85)),
    row(4, "acme/prod/sendgrid", "kubernetes", "/home/ada/work/acme/k8s/mail.yaml, SENDGRID", held(1, 85)),
    row(5, "blog/prod/s3-upload", "dotenv", "/home/ada/work/blog/.env, S3_UPLOAD", held(5, 0.1)),
    row(6, "blog/prod/s3-upload", "github-actions", "GitHub Actions of ada/blog, S3_UPLOAD", {
      ...held(5, 0.1),
      credential: "acme/prod/deploy-key",
    }),
    row(7, "blog/prod/cloudflare", "dotenv", "/home/ada/work/blog/.env, CLOUDFLARE", held(1, 48)),
  ];
}

/** One line for people, as the program makes it. */
function shown(place: NewPlace, entry: FakeEntry): string {
  const key = place.key ?? entry.var;
  switch (place.kind) {
    case "dotenv":
    case "kubernetes":
      return `${place.path}, ${key}`;
    case "file":
      return place.path ?? "";
    case "secrets-manager":
      return `Secrets Manager in ${place.region}: ${place.secret}`;
    case "kv":
      return `${place.address}: ${place.mount ?? "secret"}/${place.path}, ${key}`;
    case "github-actions":
      return `GitHub Actions of ${place.project}, ${key}`;
    case "gitlab-ci":
      return `GitLab CI of ${place.project}, ${key}`;
    case "command":
      return `command: ${place.argv.join(" ")}`;
    default:
      return `by hand: ${place.note}`;
  }
}

function list(v: FakeVault, name: string | null): DestinationList {
  const destinations = v.places.filter((place) => name === null || place.entry === name);
  const seen = v.entries
    .filter((entry) => name === null || entry.name === name)
    .flatMap((entry) =>
      entry.uses
        .filter((use) => use.how !== "copy")
        .filter((use) => !destinations.some((place) => place.place.includes(use.place)))
        .map((use) => ({ entry: entry.name, ...use })),
    );
  return { version: 1, destinations: structuredClone(destinations), seen };
}

/** The places of an entry, or the one asked for, with its current version. */
function chosen(v: FakeVault, name: string, id: string | null): [DestinationRow[], number] {
  const entry = v.find(name);
  const rows = v.places.filter((place) => place.entry === name && (id === null || place.id === id));
  return [rows, v.row(entry).current.version];
}

export function placeCommands(v: FakeVault) {
  return {
    destinations: async ({ name }) => {
      await v.turn();
      return list(v, name);
    },
    destinationAdd: async ({ name, place }) => {
      await v.turn();
      const entry = v.find(name);
      if (["dotenv", "file", "kubernetes", "kv"].includes(place.kind) && !place.path)
        throw new ApiError(
          "PLACE_INVALID",
          "It needs the path of the file. Nothing was changed.",
          "Give it, then try again.",
        );
      const made = row(v.places.length + 1, name, place.kind, shown(place, entry), {
        credential: place.credential,
      });
      v.places = [...v.places, made];
      v.record("destination-add", name, made.place);
      return structuredClone(made);
    },
    destinationRemove: async ({ id }) => {
      await v.turn();
      const found = v.places.find((place) => place.id === id);
      if (!found) throw new ApiError("NOT_FOUND", `There is no one place \`${id}\`.`, "");
      v.places = v.places.filter((place) => place !== found);
      v.record("destination-remove", found.entry, found.place);
      return found;
    },
    destinationPush: async ({ name, id }) => {
      await v.keychain();
      const [rows, current] = chosen(v, name, id);
      for (const place of rows) {
        if (place.by_hand) continue;
        Object.assign(place, { holds: current, since: v.at(), state: "current", note: null });
        v.record("destination-push", name, `${place.place}: current`);
      }
      return list(v, name);
    },
    destinationCheck: async ({ name, id }) => {
      await v.keychain();
      const [rows, current] = chosen(v, name, id);
      for (const place of rows) {
        if (place.by_hand) continue;
        if (place.kind === "kubernetes")
          Object.assign(place, {
            state: "failed",
            note: "the manifest has no Secret with this key; it is as it was",
          });
        else if (place.holds === null) place.state = "other";
        else place.state = place.holds === current ? "current" : "behind";
      }
      return list(v, name);
    },
  } satisfies Partial<Api>;
}
