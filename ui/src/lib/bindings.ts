// Generated from the Rust views by `cargo xtask bindings`. Do not edit.

export type ApiError = { 
/**
 * Stable code, one of [`CODES`].
 */
code: string, 
/**
 * What happened and what was kept.
 */
message: string, 
/**
 * What to do next.
 */
hint: string, };

export type NewEntry = { 
/**
 * `project/env/name`.
 */
name: string, 
/**
 * Guessed from the value when not given.
 */
kind: string | null, 
/**
 * Guessed from the value when not given.
 */
provider: string | null, 
/**
 * `live` or `test`; guessed from the value when not given.
 */
mode: string | null, 
/**
 * Environment variable; made from the name when not given.
 */
var: string | null, 
/**
 * Days between rotations (0 to 3650; 0 is never); the vault's default when not given.
 */
rotate_days: number | null, 
/**
 * The provider's expiry, `YYYY-MM-DD`.
 */
expires: string | null, 
/**
 * Tags.
 */
tags: Array<string>, 
/**
 * Who answers for it.
 */
owner: string | null, 
/**
 * Console page.
 */
url: string | null, 
/**
 * Free text.
 */
notes: string | null, 
/**
 * IP allowlist note.
 */
ip_note: string | null, 
/**
 * Pass the guard against live and test mixed up; it is recorded.
 */
force: boolean, };

export type EntryEdit = { 
/**
 * New name, `project/env/name`.
 */
name: string | null, 
/**
 * New kind.
 */
kind: string | null, 
/**
 * New provider.
 */
provider: string | null, 
/**
 * New mode.
 */
mode: string | null, 
/**
 * New variable.
 */
var: string | null, 
/**
 * New days between rotations.
 */
rotate_days: number | null, 
/**
 * New expiry, or empty for none.
 */
expires: string | null, 
/**
 * New tags, replacing the old ones.
 */
tags: Array<string> | null, 
/**
 * New owner.
 */
owner: string | null, 
/**
 * New console page.
 */
url: string | null, 
/**
 * New notes.
 */
notes: string | null, 
/**
 * New IP allowlist note.
 */
ip_note: string | null, };

export type NewIssuedKey = { 
/**
 * What it begins with: 2 to 32 letters, digits and single `_`, such as `acme_live`.
 */
prefix: string, 
/**
 * Whom or what it is for; at most 256 bytes.
 */
label: string | null, 
/**
 * Day (UTC) from which it is refused, `YYYY-MM-DD`, or 1 to 3650 days such as `90d`.
 */
expires: string | null, 
/**
 * Project it belongs to.
 */
project: string | null, 
/**
 * Environment it belongs to.
 */
env: string | null, 
/**
 * Argon2id parameters such as `m=19456,t=2,p=1`; 64 MiB, 3 passes, 4 lanes when not given.
 */
cost: string | null, };

export type NewRun = { 
/**
 * Seconds for which both values work (0 to 30 days); an hour when not given.
 */
overlap: number | null, 
/**
 * Revoke the old value first.
 */
emergency: boolean, };

export type NewPlace = { 
/**
 * `dotenv`, `file`, `secrets-manager`, `kv`, `github-actions`, `gitlab-ci`, `kubernetes`,
 * `command` or `by-hand`.
 */
kind: string, 
/**
 * The file (dotenv, file, kubernetes), or the path in a KV store.
 */
path: string | null, 
/**
 * The variable or key: of an `.env` file (the entry's own by default), of a pipeline, of a
 * manifest, or the field of a KV secret.
 */
key: string | null, 
/**
 * Name of the secret in Secrets Manager, or of the Secret in a manifest.
 */
secret: string | null, 
/**
 * AWS region.
 */
region: string | null, 
/**
 * Address of the server, where it is not the built-in one.
 */
address: string | null, 
/**
 * Mount of a KV store.
 */
mount: string | null, 
/**
 * Namespace of a KV store.
 */
namespace: string | null, 
/**
 * `owner/name` at GitHub, id or `group/project` at GitLab.
 */
project: string | null, 
/**
 * Environment of a repository, or the scope of a GitLab variable.
 */
environment: string | null, 
/**
 * Program and arguments.
 */
argv: Array<string>, 
/**
 * Program and arguments that print what is there.
 */
check: Array<string>, 
/**
 * What a person does.
 */
note: string | null, 
/**
 * Name of the entry with which the place is written.
 */
credential: string | null, };

export type ConnectionEdit = { 
/**
 * Id of the connector, where the entry's provider does not say it.
 */
provider: string | null, 
/**
 * Name of the entry that is the stronger credential.
 */
admin: string | null, 
/**
 * Parameters, each set or, when empty, taken away.
 */
parameters: { [key in string]: string }, };

export type EntryList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The entries, by name.
 */
entries: Array<EntryRow>, };

export type EntryRow = { 
/**
 * `project/env/name`, unique in the vault.
 */
name: string, 
/**
 * ULID of the entry; stays when it is renamed.
 */
id: string, 
/**
 * Project, the first part of the name.
 */
project: string, 
/**
 * Environment, the second part of the name.
 */
env: string, 
/**
 * `api-key`, `webhook-secret`, `token`, `password`, `private-key` or `other`.
 */
kind: string, 
/**
 * Provider id such as `stripe`, if known.
 */
provider: string | null, 
/**
 * `live`, `test` or `unknown`.
 */
mode: string, 
/**
 * The environment variable that the entry becomes in `keyward run`.
 */
var: string, 
/**
 * Tags, sorted.
 */
tags: Array<string>, 
/**
 * The version in use.
 */
current: CurrentVersion, 
/**
 * The calendar day (UTC, `YYYY-MM-DD`) on which the value is due for rotation; none when the
 * entry never rotates.
 */
due: string | null, 
/**
 * Days from now until `due`; negative when overdue.
 */
days_left: number | null, 
/**
 * Whole days since the value changed, never negative.
 */
age_days: number, 
/**
 * Days between rotations; 0 when the entry never rotates.
 */
rotate_days: number, 
/**
 * `fresh`, `due-soon`, `overdue`, `expired` or `leaked`.
 */
state: string, 
/**
 * State of a rotation run that is under way, such as `created`.
 */
run: string | null, 
/**
 * Day (local, `YYYY-MM-DD`) until which no reminder names it; none when it is not put off.
 */
snoozed_until: string | null, };

export type CurrentVersion = { 
/**
 * Number of the version, from 1.
 */
version: number, 
/**
 * When this value was stored (RFC 3339, UTC).
 */
created: string, };

export type EntryDetail = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The same row as in lists.
 */
entry: EntryRow, 
/**
 * Who answers for it.
 */
owner: string | null, 
/**
 * The provider's console page for this key.
 */
url: string | null, 
/**
 * Free text.
 */
notes: string | null, 
/**
 * What is known of the provider's IP allowlist for this key.
 */
ip_note: string | null, 
/**
 * The day on which the provider lets the value expire (`YYYY-MM-DD`).
 */
expires: string | null, 
/**
 * When the entry was made (RFC 3339).
 */
created: string, 
/**
 * All versions, newest first.
 */
versions: Array<VersionRow>, 
/**
 * Where it is used, learned from run, export and scan; newest first.
 */
uses: Array<UseRow>, };

export type VersionRow = { 
/**
 * Number from 1.
 */
version: number, 
/**
 * `pending`, `current`, `previous`, `revoked` or `dead`.
 */
stage: string, 
/**
 * When the value was stored (RFC 3339).
 */
created: string, 
/**
 * When it stopped being current (RFC 3339).
 */
retired: string | null, 
/**
 * Length of the value in bytes.
 */
size: number, };

export type UseRow = { 
/**
 * `run`, `env`, `copy`, `leak`.
 */
how: string, 
/**
 * A command, a file, or a repository with path and commit.
 */
place: string, 
/**
 * Version number that was seen there.
 */
version: number, 
/**
 * When it was last seen (RFC 3339).
 */
last: string, };

export type ImportReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * False for a preview.
 */
applied: boolean, 
/**
 * One row for each variable, in file order.
 */
rows: Array<ImportRow>, };

export type ImportRow = { 
/**
 * Line in the file, from 1.
 */
line: number, 
/**
 * The variable's name in the file.
 */
var: string, 
/**
 * Name of the entry it becomes.
 */
name: string, 
/**
 * Guessed kind.
 */
kind: string, 
/**
 * Guessed provider.
 */
provider: string | null, 
/**
 * Guessed mode.
 */
mode: string, 
/**
 * `add`, `new-version`, `same`, `bad`.
 */
action: string, 
/**
 * Why a row is bad or needs a look.
 */
note: string | null, };

export type RunList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Runs under way first, then ended ones, newest first.
 */
runs: Array<RunView>, };

export type RunView = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * ULID of the run.
 */
id: string, 
/**
 * Name of the entry.
 */
entry: string, 
/**
 * `planned`, `created`, `verified-new`, `distributed`, `overlap`, `revoked-old`,
 * `verified-dead`, `done` or `aborted`.
 */
state: string, 
/**
 * How the provider replaces a credential: `issue-delete`, `roll-in-place`, `roll-with-grace`,
 * `primary-secondary`, `disable-only`, `self-revoke` or `console-only`.
 */
shape: string, 
/**
 * Whether the old value is revoked first.
 */
emergency: boolean, 
/**
 * When it began (RFC 3339).
 */
started: string, 
/**
 * When it last moved (RFC 3339).
 */
updated: string, 
/**
 * Version number that is being replaced.
 */
from_version: number, 
/**
 * Version number that replaces it, once there is one.
 */
to_version: number | null, 
/**
 * The steps in order.
 */
steps: Array<RunStep>, 
/**
 * The one thing to do now; none when the run has ended.
 */
next: NextStep | null, 
/**
 * Until when both values work (RFC 3339); none before the overlap.
 */
overlap_until: string | null, 
/**
 * The places that are to have the new value.
 */
places: Array<RunPlace>, 
/**
 * What was proved.
 */
proofs: Array<RunProof>, 
/**
 * Why it was given up.
 */
reason: string | null, 
/**
 * Whether `--abort` is still possible.
 */
can_abort: boolean, };

export type RunStep = { 
/**
 * `generate`, `allow`, `verify`, `deploy`, `revoke` or `prove`.
 */
id: string, 
/**
 * A short title.
 */
title: string, 
/**
 * `done`, `now` or `later`.
 */
state: string, 
/**
 * When it was done (RFC 3339).
 */
done: string | null, };

export type NextStep = { 
/**
 * One imperative line.
 */
title: string, 
/**
 * What exactly to do, and what `--next` will record.
 */
text: string, 
/**
 * What to click at the provider, a line each; empty when nothing is known.
 */
clicks: Array<string>, 
/**
 * Whom it waits for: `you`, `keyward` (`--resume --provider-api` goes on) or `clock`.
 */
waits_for: string, 
/**
 * True when the new value has to be handed in with this step.
 */
needs_value: boolean, 
/**
 * The provider's page for it.
 */
console_url: string | null, };

export type RunPlace = { 
/**
 * Its id.
 */
id: string, 
/**
 * One line for people.
 */
place: string, 
/**
 * Whether a person writes it.
 */
by_hand: boolean, 
/**
 * When it got the new value (RFC 3339).
 */
done: string | null, };

export type RunProof = { 
/**
 * `new-alive` or `old-dead`.
 */
of: string, 
/**
 * When it was had (RFC 3339).
 */
at: string, 
/**
 * What the provider said; none when a person said so.
 */
said: string | null, 
/**
 * Milliseconds from making or revoking until the provider said so.
 */
after_ms: number | null, };

export type ProviderList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * By id.
 */
providers: Array<ProviderRow>, };

export type ProviderRow = { 
/**
 * Id of the connector.
 */
id: string, 
/**
 * What people call it.
 */
title: string, 
/**
 * How it replaces a credential; see [`super::RunView`].
 */
shape: string, 
/**
 * Whether Keyward may talk to it.
 */
allowed: boolean, 
/**
 * The user's own address for it.
 */
endpoint: string | null, 
/**
 * Whether it asks if a value is alive.
 */
can_check: boolean, 
/**
 * Whether it makes a new value.
 */
can_create: boolean, 
/**
 * Whether it revokes.
 */
can_revoke: boolean, 
/**
 * What stronger credential making and revoking need.
 */
admin: string | null, 
/**
 * What it has to be told of an entry.
 */
parameters: Array<ParameterRow>, 
/**
 * `real`, `simulated` or `documented`: against what its calls were tried.
 */
tried: string, 
/**
 * The page on which keys are made and revoked.
 */
console: string, 
/**
 * Traps to know.
 */
notes: Array<string>, 
/**
 * Where the facts are from.
 */
sources: Array<string>, 
/**
 * Whether the user described it.
 */
own: boolean, };

export type ParameterRow = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is and where it is found.
 */
about: string, 
/**
 * What stands for it where none is given.
 */
default: string | null, };

export type ConnectionView = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Name of the entry.
 */
entry: string, 
/**
 * The provider; none when none is known for the entry.
 */
provider: ProviderRow | null, 
/**
 * Name of the entry that is the stronger credential.
 */
admin: string | null, 
/**
 * The parameters that were given.
 */
parameters: { [key in string]: string }, 
/**
 * What is missing before Keyward can act, a line each.
 */
missing: Array<string>, };

export type CheckView = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Name of the entry.
 */
entry: string, 
/**
 * Number of the version that was asked about.
 */
number: number, 
/**
 * Id of the provider.
 */
provider: string, 
/**
 * `alive`, `dead`, `no-permission` or `unknown`.
 */
liveness: string, 
/**
 * What the provider said, in a few words.
 */
said: string, 
/**
 * When the provider ends it (RFC 3339), as it says itself.
 */
expires: string | null, 
/**
 * When it was asked (RFC 3339).
 */
at: string, 
/**
 * Milliseconds until the answer.
 */
took_ms: number, };

export type DestinationList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * In the order in which they were made known.
 */
destinations: Array<DestinationRow>, 
/**
 * Where the entry was seen and which is no destination yet, newest first.
 */
seen: Array<SeenPlace>, };

export type DestinationRow = { 
/**
 * Its id.
 */
id: string, 
/**
 * Name of the entry.
 */
entry: string, 
/**
 * `dotenv`, `file`, `secrets-manager`, `kv`, `github-actions`, `gitlab-ci`, `kubernetes`,
 * `command` or `by-hand`.
 */
kind: string, 
/**
 * One line for people.
 */
place: string, 
/**
 * Name of the entry with which it is written.
 */
credential: string | null, 
/**
 * Whether a person writes it.
 */
by_hand: boolean, 
/**
 * Version that was last put or seen there.
 */
holds: number | null, 
/**
 * When that was (RFC 3339).
 */
since: string | null, 
/**
 * `current`, `behind`, `other` (a value that is not ours), `absent`, `unreadable` (it tells no
 * one), `unknown` (never looked) or `failed`.
 */
state: string, 
/**
 * Why it failed, or what to know of it.
 */
note: string | null, };

export type SeenPlace = { 
/**
 * Name of the entry.
 */
entry: string, 
/**
 * `run`, `env`, `import` or `leak`.
 */
how: string, 
/**
 * A command, a file, a repository with path and commit.
 */
place: string, 
/**
 * Version number seen there.
 */
version: number, 
/**
 * When it was last seen (RFC 3339).
 */
last: string, };

export type BackupList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Newest first.
 */
backups: Array<BackupRow>, 
/**
 * The last drill; none when there was none.
 */
drill: LastDrill | null, 
/**
 * One sentence when a restore should be rehearsed.
 */
drill_due: string | null, 
/**
 * The recovery kit; none when none was made.
 */
kit: KitRow | null, };

export type BackupRow = { 
/**
 * Absolute path of the file.
 */
path: string, 
/**
 * When it was written (RFC 3339).
 */
created: string, 
/**
 * Size in bytes.
 */
size: number, 
/**
 * Entries in it.
 */
entries: number, 
/**
 * When it was last opened and checked after it was written (RFC 3339).
 */
verified: string | null, 
/**
 * Whether the file is still there.
 */
present: boolean, };

export type BackupReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The file.
 */
path: string, 
/**
 * Vault the backup was made of.
 */
vault: string, 
/**
 * When it was made (RFC 3339).
 */
created: string, 
/**
 * Entries in it.
 */
entries: number, 
/**
 * Values in it, all versions counted.
 */
values: number, 
/**
 * Size of the file in bytes.
 */
size: number, 
/**
 * Whether the keyed manifest proves that this vault wrote it; none when its key is not here.
 */
origin_proved: boolean | null, 
/**
 * Whether it was opened and its document compared; false when only its bytes were, since a
 * recipient's identity is not at hand.
 */
opened: boolean, };

export type DrillReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The backup.
 */
path: string, 
/**
 * When the backup was made (RFC 3339).
 */
created: string, 
/**
 * When it was rehearsed (RFC 3339).
 */
drilled: string, 
/**
 * Whether nothing differs and nothing is missing.
 */
ok: boolean, 
/**
 * Values that are the same in both.
 */
same: number, 
/**
 * Values that the backup has otherwise.
 */
differs: number, 
/**
 * Values that the vault had when the backup was made and that it lacks.
 */
missing: number, 
/**
 * Values that came into the vault after the backup was made.
 */
newer: number, 
/**
 * Values of the backup that the vault no longer has.
 */
removed: number, 
/**
 * Whether the keyed manifest proves that this vault wrote it; none when another did.
 */
origin_proved: boolean | null, 
/**
 * One row for each value of either.
 */
rows: Array<DrillRow>, };

export type DrillRow = { 
/**
 * Name of the entry.
 */
name: string, 
/**
 * Number of the version.
 */
number: number, 
/**
 * `same`, `differs`, `missing`, `newer` or `removed`.
 */
result: string, };

export type LastDrill = { 
/**
 * When (RFC 3339).
 */
at: string, 
/**
 * The backup it was done with.
 */
path: string, 
/**
 * Whether everything came back.
 */
ok: boolean, 
/**
 * Values that were the same.
 */
same: number, 
/**
 * Values that differed.
 */
differs: number, 
/**
 * Values that were missing.
 */
missing: number, 
/**
 * Values that came after the backup.
 */
newer: number, };

export type KitReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Its public key, `age1…`.
 */
recipient: string, 
/**
 * When it was made (RFC 3339).
 */
created: string, 
/**
 * The file it lies in.
 */
path: string | null, 
/**
 * The recipient of the kit whose place it takes.
 */
replaced: string | null, };

export type KitRow = { 
/**
 * Its public key, `age1…`.
 */
recipient: string, 
/**
 * When it was made (RFC 3339).
 */
created: string, };

export type ScheduleStatus = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether one is set.
 */
set: boolean, 
/**
 * Seconds between backups.
 */
every: number, 
/**
 * Who can open them, `age1…`; those of the recovery kit where none were named.
 */
recipients: Array<string>, 
/**
 * When the next one is due (RFC 3339), the earliest of all folders.
 */
next: string | null, 
/**
 * The folders.
 */
folders: Array<ScheduleFolder>, 
/**
 * How many stay: of each of the last so many days, weeks and months the newest.
 */
daily: number, 
/**
 * See `daily`.
 */
weekly: number, 
/**
 * See `daily`.
 */
monthly: number, 
/**
 * The system's timer that runs it; none when it is not installed.
 */
timer: string | null, 
/**
 * What is still to be done for the timer, in words.
 */
note: string | null, };

export type ScheduleFolder = { 
/**
 * Absolute path.
 */
folder: string, 
/**
 * Whether it is there now.
 */
present: boolean, 
/**
 * Backups of this vault in it.
 */
files: number, 
/**
 * When the newest of them was made (RFC 3339).
 */
last: string | null, };

export type ScheduleRun = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether no folder failed.
 */
ok: boolean, 
/**
 * What was done for each folder.
 */
folders: Array<FolderRun>, };

export type FolderRun = { 
/**
 * The folder.
 */
folder: string, 
/**
 * `written`, `fresh` (the last one is young enough) or `failed`.
 */
state: string, 
/**
 * The file that was written.
 */
path: string | null, 
/**
 * Files that retention took away.
 */
pruned: Array<string>, 
/**
 * What went wrong.
 */
error: ApiError | null, };

export type RestoreReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * False for `--dry-run`.
 */
applied: boolean, 
/**
 * Entries that the vault lacks.
 */
added: number, 
/**
 * Entries whose backup copy is newer.
 */
changed: number, 
/**
 * Entries whose backup copy is older than the vault's.
 */
older: number, 
/**
 * Entries that are the same in both.
 */
same: number, 
/**
 * Whether the keyed manifest proves where the backup comes from; none when its key is gone.
 */
origin_proved: boolean | null, 
/**
 * One row for each entry of the backup.
 */
changes: Array<RestoreChange>, 
/**
 * The backup of the vault as it was before, made first when the vault was not empty.
 */
before: string | null, 
/**
 * Entries that cannot be restored and were left out (`--skip-bad`).
 */
bad: Array<BadEntry>, 
/**
 * What is odd about the backup and does not hinder, in words.
 */
warnings: Array<string>, };

export type BadEntry = { 
/**
 * Its place in the backup, from 1.
 */
position: number, 
/**
 * Its name, short and without control characters.
 */
name: string, 
/**
 * What is wrong with it.
 */
problem: string, };

export type RestoreChange = { 
/**
 * Name of the entry.
 */
name: string, 
/**
 * `added`, `changed`, `older` or `same`.
 */
change: string, 
/**
 * Whether this restore takes it over.
 */
apply: boolean, 
/**
 * What differs, in words.
 */
note: string | null, };

export type Status = { 
/**
 * Version of the program.
 */
program: string, 
/**
 * Whether a vault exists yet.
 */
vault: boolean, 
/**
 * The keychain.
 */
keychain: KeychainStatus, 
/**
 * When the last backup was written (RFC 3339).
 */
last_backup: string | null, 
/**
 * When a restore was last rehearsed (RFC 3339).
 */
last_drill: string | null, 
/**
 * The data folder.
 */
home: string, };

export type LockStatus = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether there is a passphrase.
 */
passphrase: boolean, 
/**
 * Whether values cannot be read without it now.
 */
locked: boolean, 
/**
 * When it was last set or changed (RFC 3339).
 */
since: string | null, 
/**
 * Seconds for which the key is still kept after `keyward unlock`.
 */
unlocked_for: number | null, 
/**
 * Seconds until the passphrase may be tried again; 0 at once.
 */
wait: number, 
/**
 * Values that have not followed a passphrase that was set or removed: it was cut off.
 */
behind: number, };

export type KeychainStatus = { 
/**
 * `os`, `file` or `memory`.
 */
kind: string, 
/**
 * Whether it answered just now.
 */
ok: boolean, 
/**
 * Stable error code such as `KC_LOCKED`.
 */
code: string | null, 
/**
 * What is the matter, or which keychain it is.
 */
message: string, 
/**
 * What to do about it.
 */
hint: string | null, };

export type Doctor = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether every check passed.
 */
ok: boolean, 
/**
 * The checks in order.
 */
checks: Array<Check>, };

export type Check = { 
/**
 * Stable id such as `keychain`.
 */
id: string, 
/**
 * Whether it is well.
 */
ok: boolean, 
/**
 * Stable error code when it is not.
 */
code: string | null, 
/**
 * What was found.
 */
message: string, 
/**
 * What to do.
 */
hint: string | null, };

export type AuditList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Newest first.
 */
rows: Array<AuditRow>, };

export type AuditRow = { 
/**
 * Place in the chain, from 1.
 */
seq: number, 
/**
 * When (RFC 3339).
 */
at: string, 
/**
 * `cli` or `desktop`.
 */
actor: string, 
/**
 * What was done, such as `add`, `reveal`, `rotate-start`.
 */
action: string, 
/**
 * What it was done to: an entry's name, a file.
 */
subject: string, 
/**
 * More, never a value.
 */
detail: string | null, };

export type AuditVerdict = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether the chain holds and ends at the anchored head.
 */
ok: boolean, 
/**
 * Rows that were checked.
 */
rows: number, 
/**
 * The chain's head, `<seq>:<hex>`.
 */
head: string | null, 
/**
 * First row that does not fit.
 */
broken_at: number | null, 
/**
 * What was found there, in words.
 */
message: string, 
/**
 * When it was checked (RFC 3339).
 */
checked: string, };

export type Settings = { 
/**
 * Days between rotations for entries that set none (1 to 3650).
 */
rotate_days: number, 
/**
 * Days before the due date from which an entry is due soon (0 to 365).
 */
lead_days: number, 
/**
 * Seconds after which a copied value leaves the clipboard (5 to 600).
 */
clear_after: number, 
/**
 * `system`, `light` or `dark`.
 */
theme: string, 
/**
 * Whether a notification is sent once a day when something is due, by the window or by the
 * system's timer.
 */
notify: boolean, 
/**
 * Hours of the day, in local time, in which none is sent: `22:00-08:00`, or empty for none.
 */
quiet_hours: string, 
/**
 * Minutes without a key or pointer after which the window locks, if there is a passphrase (1, 5,
 * 15, 60; 0 is never).
 */
lock_after: number, };

export type RemindStatus = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Whether the system's timer is installed, so that reminders come with the window closed.
 */
installed: boolean, 
/**
 * The timer's file.
 */
timer: string | null, 
/**
 * When the timer comes next (RFC 3339); none where the system does not say.
 */
next: string | null, 
/**
 * Whether the settings want reminders.
 */
notify: boolean, 
/**
 * The quiet hours, `22:00-08:00` in local time.
 */
quiet_hours: string | null, 
/**
 * When they end, while they hold (RFC 3339).
 */
quiet_until: string | null, 
/**
 * Entries that a reminder would name now; none when the vault cannot be read.
 */
due: number | null, 
/**
 * Entries that are snoozed; none when the vault cannot be read.
 */
snoozed: number | null, 
/**
 * When it was last looked whether a reminder is due (RFC 3339).
 */
last_looked: string | null, 
/**
 * When a reminder was last shown (RFC 3339).
 */
last_notified: string | null, 
/**
 * Why none could be made, the last time or right now.
 */
failure: MissedReminder | null, 
/**
 * What else is to be known or done.
 */
note: string | null, };

export type MissedReminder = { 
/**
 * When (RFC 3339).
 */
at: string, 
/**
 * Stable code such as `KC_LOCKED`.
 */
code: string, 
/**
 * What happened.
 */
message: string, 
/**
 * What to do.
 */
hint: string, };

export type CalendarReport = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The file.
 */
path: string, 
/**
 * Entries that are ever due.
 */
events: number, 
/**
 * Events that are new in the file.
 */
added: number, 
/**
 * Events that were moved or renamed.
 */
changed: number, 
/**
 * Events that were cancelled, since their entry is gone or never due.
 */
cancelled: number, 
/**
 * Parts that are not ours and stayed as they were.
 */
others: number, };

export type Home = { 
/**
 * Things to do, most pressing first. Empty: nothing needs you.
 */
needs: Array<Need>, 
/**
 * Entries in the vault.
 */
entries: number, 
/**
 * Ages in days of all current values, for the picture.
 */
ages: Array<number>, 
/**
 * The next twelve weeks: how many entries fall due in each.
 */
weeks: Array<Week>, };

export type Need = { 
/**
 * `leaked`, `expired`, `overdue`, `run`, `due-soon`, `backup`, `drill` or `keychain`.
 */
kind: string, 
/**
 * Name of the entry, or empty.
 */
name: string, 
/**
 * One sentence in words.
 */
text: string, };

export type Week = { 
/**
 * Its Monday (`YYYY-MM-DD`).
 */
start: string, 
/**
 * Entries due in it (overdue ones count in the first week).
 */
due: number, };

export type IssuedKeyList = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * Newest first.
 */
keys: Array<IssuedKeyRow>, };

export type IssuedKeyRow = { 
/**
 * The public part of the key, eight letters and digits.
 */
id: string, 
/**
 * What the key begins with, such as `acme_live`.
 */
prefix: string, 
/**
 * Whom or what it was made for.
 */
label: string | null, 
/**
 * Project it belongs to.
 */
project: string | null, 
/**
 * Environment it belongs to.
 */
env: string | null, 
/**
 * When it was made (RFC 3339).
 */
created: string, 
/**
 * Day (UTC, `YYYY-MM-DD`) from which it is refused.
 */
expires: string | null, 
/**
 * When it was revoked (RFC 3339).
 */
revoked: string | null, 
/**
 * When it was last found valid here (RFC 3339).
 */
verified: string | null, 
/**
 * `active`, `expired` or `revoked`.
 */
state: string, 
/**
 * Argon2id parameters of its hash, such as `m=65536,t=3,p=4` (memory in KiB, passes, lanes).
 */
cost: string, };

export type IssuedKeyView = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The key, as in lists.
 */
key: IssuedKeyRow, };

export type IssuedKeyCopied = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The key, as in lists.
 */
key: IssuedKeyRow, 
/**
 * Seconds until the clipboard is cleared.
 */
seconds: number, };

export type IssuedKeyVerdict = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * `valid`, `revoked`, `expired`, `unknown` (not issued here, or altered), `other` (issued here, but
 * not the one asked about), `mistyped` (the checksum does not fit) or `not-a-key`.
 */
verdict: string, 
/**
 * One sentence in words.
 */
message: string, 
/**
 * The key, if it is one that was issued here.
 */
key: IssuedKeyRow | null, };

export type IssuedKeyHash = { 
/**
 * Always [`super::JSON_VERSION`].
 */
version: number, 
/**
 * The key's id.
 */
id: string, 
/**
 * Its Argon2id hash as one line (PHC string format), for a database of the user's own.
 */
hash: string, 
/**
 * The key's state, as in lists.
 */
state: string, };

export type RepositoryList = { 
/**
 * By path.
 */
repositories: Array<Repository>, };

export type Repository = { 
/**
 * Absolute path.
 */
path: string, 
/**
 * When it was last scanned (RFC 3339).
 */
scanned: string | null, 
/**
 * What was found then.
 */
leaks: LeakCount, };

export type LeakCount = { 
/**
 * Findings that are values of this vault.
 */
own: number, 
/**
 * Critical ones.
 */
critical: number, 
/**
 * High ones.
 */
high: number, 
/**
 * The rest, without those of low confidence.
 */
other: number, 
/**
 * Findings of low confidence, counted apart.
 */
low_confidence: number, };

export type ScanReport = { 
/**
 * The version of this format: 1.
 */
version: number, 
/**
 * Ordered by severity (worst first), then path, line, column and rule.
 */
findings: Array<Finding>, 
/**
 * The totals.
 */
summary: Summary, };

export type Finding = { 
/**
 * The rule's id, or `own-value`.
 */
rule: string, 
/**
 * The rule's name for people.
 */
name: string, 
/**
 * The provider's id; `generic` for generic rules, `None` for a bare own value.
 */
provider: string | null, 
/**
 * What kind of credential.
 */
kind: Kind, 
/**
 * Live or test, where the format says so.
 */
mode: Mode | null, 
/**
 * How bad.
 */
severity: Severity, 
/**
 * How sure.
 */
confidence: Confidence, 
/**
 * The path of the place that matters most; see [`Place::path`].
 */
path: string, 
/**
 * First line, from 1.
 */
line: number, 
/**
 * First byte in that line, from 1.
 */
column: number, 
/**
 * Last line.
 */
end_line: number, 
/**
 * The byte after the last, from 1.
 */
end_column: number, 
/**
 * The commit that brought it in, as hex.
 */
commit: string | null, 
/**
 * The blob it is in, as hex.
 */
blob: string | null, 
/**
 * Where that place was read from.
 */
source: Source, 
/**
 * Masked, such as `sk_l…9f2c`; the whole value only if asked for.
 */
secret: string, 
/**
 * The same across runs, machines and line moves: 32 hexadecimal digits.
 */
fingerprint: string, 
/**
 * Every place, the one that matters most first.
 */
places: Array<Place>, 
/**
 * How it was wrapped up at that place, outermost first.
 */
decoded: Array<Decoding>, 
/**
 * The vault's entry, if it is one of ours.
 */
own: Own | null, 
/**
 * The key, if it is of a prefix with which the user issues keys.
 */
issued?: Issued, 
/**
 * Who wrote the commit that brought it in: name and address.
 */
author: string | null, 
/**
 * When that commit was written, RFC 3339 in UTC.
 */
date: string | null, 
/**
 * Whether a file on disk or the last commit still holds it.
 */
in_head: boolean, 
/**
 * Whether a remote's branch, as last fetched or pushed, leads to a commit that brought it in.
 */
pushed: boolean, 
/**
 * What to do about it, in the provider's words.
 */
advice: string | null, 
/**
 * What to do about it, in order, for where it is now.
 */
steps: Array<string>, 
/**
 * Where a person replaces it.
 */
console: string | null, };

export type Place = { 
/**
 * Relative to the scanned path, with `/`, bytes that are not UTF-8 percent-escaped. Empty for a
 * commit message and for a blob that no known tree names. A member of an archive follows a `!`, as in
 * `dist/app.zip!config/.env`; line and column are those in the member.
 */
path: string, 
/**
 * From 1.
 */
line: number, 
/**
 * In bytes, from 1.
 */
column: number, 
/**
 * The commit that brought it in, as hex; `None` for files, staged and unreachable content.
 */
commit: string | null, 
/**
 * Where it was read from.
 */
source: Source, };

export type Own = { 
/**
 * The entry's name, such as `acme/prod/stripe`.
 */
entry: string, 
/**
 * Which of its versions.
 */
version: number, 
/**
 * The version's stage: `pending`, `current`, `previous`, `revoked` or `dead`.
 */
stage: string, };

export type Issued = { 
/**
 * Its public part.
 */
id: string, 
/**
 * Whom or what it was made for.
 */
label: string | null, 
/**
 * `active`, `expired` or `revoked`; none if the vault does not know it. The scan itself does not.
 */
state: string | null, };

export type Summary = { 
/**
 * How many findings there are.
 */
findings: number, 
/**
 * Files on disk that were scanned.
 */
files: number, 
/**
 * Blobs, commit messages apart, that were scanned.
 */
blobs: number, 
/**
 * Commits and annotated tags whose messages were scanned.
 */
messages: number, 
/**
 * Bytes scanned.
 */
bytes: number, 
/**
 * Whether everything that should be read could be.
 */
complete: boolean, 
/**
 * Whether the vault's values were looked for.
 */
own_values: OwnValues, 
/**
 * Findings left out because the baseline lists them.
 */
baselined: number, 
/**
 * Files on disk and places in the history that `.keywardignore` left out.
 */
ignored: number, 
/**
 * What was not scanned, at most 10,000 of it.
 */
skipped: Array<Skipped>, 
/**
 * How many more were not scanned than `skipped` lists.
 */
skipped_more: number, 
/**
 * Facts that are no credential.
 */
notices: Array<Notice>, 
/**
 * How long it took; measured and set by the caller, 0 until then.
 */
seconds: number, };

export type Skipped = { 
/**
 * A path as in [`Place::path`], or `object` and its id, or a file below `.git`.
 */
path: string, 
/**
 * Why, in words.
 */
reason: string, };

export type Notice = { 
/**
 * The stable code, such as `REPO_RUNS_CODE`.
 */
code: string, 
/**
 * For people.
 */
message: string, };

export type Kind = "api-key" | "webhook-secret" | "token" | "password" | "private-key" | "other";

export type Mode = "live" | "test";

export type Severity = "low" | "medium" | "high" | "critical";

export type Confidence = "low" | "medium" | "high";

export type Source = "worktree" | "index" | "history" | "commit-message" | "stdin";

export type Decoding = "base64" | "hex" | "percent" | "json" | "utf16" | "utf32" | "archive";

export type OwnValues = "checked" | "unavailable" | "none";

export type WebhookView = { 
/**
 * The request as read.
 */
request: RequestView, 
/**
 * The verdict.
 */
report: WebhookReport, };

export type RequestView = { 
/**
 * HTTP method.
 */
method: string | null, 
/**
 * Public URL.
 */
url: string | null, 
/**
 * Headers in order.
 */
headers: Array<[string, string]>, 
/**
 * The first 64 KiB of the body as text; bytes that are not UTF-8 are replaced.
 */
body: string, 
/**
 * The body's length in bytes.
 */
body_bytes: number, };

export type CaptureInput = { 
/**
 * Text, byte for byte.
 */
text: string | null, 
/**
 * Bytes in standard base64.
 */
base64: string | null, 
/**
 * A file that is read here.
 */
path: string | null, 
/**
 * Which request, from 1, where the capture holds several.
 */
pick: number | null, };

export type CaptureRead = { 
/**
 * The capture's format.
 */
format: CaptureFormat, 
/**
 * Its requests in order; never none.
 */
requests: Array<RequestRead>, };

export type RequestRead = { 
/**
 * HTTP method, if the capture has it.
 */
method: string | null, 
/**
 * Public URL, if the capture has it.
 */
url: string | null, 
/**
 * How many header lines.
 */
headers: number, 
/**
 * The body's length in bytes; none when the capture does not hold it.
 */
body_bytes: number | null, 
/**
 * Whether the capture cannot carry the request exactly.
 */
lossy: boolean, 
/**
 * What was noticed, changed or lost, in sentences.
 */
notes: Array<string>, };

export type CaptureFormat = "raw-http" | "request-json" | "curl" | "har" | "http-file" | "webhook-site" | "webhook-tester" | "ngrok" | "stripe-cli" | "svix-cli" | "hookdeck" | "github-delivery" | "api-gateway" | "postman" | "fetch" | "python-requests" | "log-line";

export type WebhookReport = { 
/**
 * Version of this document's shape: 1.
 */
version: number, 
/**
 * The outcome in one word.
 */
verdict: Verdict, 
/**
 * The scheme's id.
 */
scheme: string, 
/**
 * The provider's name.
 */
scheme_name: string, 
/**
 * The accepted secret that fits, as it stands or once the proved cause is undone.
 */
secret: SecretName | null, 
/**
 * Each check by itself.
 */
checks: Array<WebhookCheck>, 
/**
 * Why it is not valid, most specific first.
 */
reasons: Array<Reason>, 
/**
 * What was signed and how, in words.
 */
signed: string, 
/**
 * The first 4 KiB of the signed bytes, escaped; absent when a part of them is missing.
 */
signed_text: string | null, 
/**
 * Where the body as received and the body that was signed part.
 */
difference: Difference | null, 
/**
 * The delivery's own id, for finding replays.
 */
delivery_id: string | null, 
/**
 * What else is worth knowing, in sentences.
 */
notes: Array<string>, };

export type Verdict = "valid" | "authenticated" | "invalid" | "undecidable";

export type SecretName = { 
/**
 * The name it was handed in under.
 */
name: string, 
/**
 * Its version, if it is a stored one.
 */
version: number | null, };

export type Wanted = { 
/**
 * The parameter of the scheme that takes it; none when it is no parameter.
 */
parameter: string | null, 
/**
 * What to do, in sentences that name no flag.
 */
words: string, };

export type WebhookCheck = { 
/**
 * `signature` or `timestamp`.
 */
name: CheckName, 
/**
 * Whether it holds.
 */
ok: boolean, 
/**
 * For the timestamp: seconds since it; negative when it is ahead.
 */
age_seconds?: number, };

export type CheckName = "signature" | "timestamp" | "replay";

export type Reason = { 
/**
 * Stable code.
 */
code: Code, 
/**
 * What happened.
 */
message: string, 
/**
 * What to change.
 */
hint: string, 
/**
 * True when undoing only this makes the request fit.
 */
proved: boolean, 
/**
 * The secret that this is about, if one is.
 */
secret: SecretName | null, 
/**
 * What the hint asks for, without the command line's flags: for faces that have other ways.
 */
wanted?: Wanted, };

export type Code = "body-reserialised" | "body-modified" | "body-missing" | "body-compressed" | "trailing-newline-added" | "trailing-newline-stripped" | "line-endings-changed" | "bom-added" | "charset-changed" | "form-payload-decoded" | "other-stored-secret" | "wrong-secret" | "secret-whitespace" | "secret-encoding" | "secret-format" | "secret-prefix" | "secret-is-api-key" | "header-missing" | "header-repeated" | "signature-field-missing" | "signature-empty" | "signature-truncated" | "signature-modified" | "signature-encoding" | "signature-case" | "prefix-missing" | "unsupported-version" | "algorithm-header-missing" | "algorithm-mismatch" | "jwt-alg-none" | "wrong-template" | "timestamp-too-old" | "timestamp-in-future" | "timestamp-modified" | "timestamp-malformed" | "timestamp-missing" | "timestamp-unit" | "token-expired" | "replayed" | "url-mismatch" | "url-missing" | "method-mismatch" | "id-modified" | "signed-field-modified" | "no-matching-key" | "public-key-needed" | "cert-url-untrusted" | "cert-untrusted" | "audience-mismatch" | "issuer-mismatch" | "nothing-signed";

export type Difference = { 
/**
 * Offset of the first differing byte, from 0.
 */
offset: number, 
/**
 * The body as received round that byte, escaped.
 */
received: string, 
/**
 * The body that fits the signature round that byte, escaped.
 */
signed: string, };

export type SchemeSummary = { 
/**
 * Stable id for `--scheme`.
 */
id: string, 
/**
 * The provider's name.
 */
provider: string, 
/**
 * The header that holds the signature, or its place in the body.
 */
header: string, 
/**
 * What is signed and how, in words.
 */
signed: string, 
/**
 * True when read in the provider's own library or documentation.
 */
verified: boolean, 
/**
 * True when kept for old receivers only.
 */
legacy: boolean, 
/**
 * True when the public URL is needed.
 */
needs_url: boolean, 
/**
 * True when the key is public (`--param public-key`).
 */
public_key: boolean, 
/**
 * True when a sample can be signed: with the secret, or with a private key.
 */
can_sign: boolean, 
/**
 * Seconds that a delivery may be old, if limited.
 */
past_seconds: number | null, 
/**
 * Seconds that a delivery may be ahead, if limited.
 */
future_seconds: number | null, 
/**
 * One fact that helps.
 */
note: string | null, 
/**
 * Where the facts come from.
 */
sources: Array<string>, };

export type Framework = { 
/**
 * Stable id for `--framework`.
 */
id: string, 
/**
 * Its own name.
 */
name: string, };

export type Remedy = "raw-body" | "compressed-body" | "secret-bytes" | "compare" | "several-secrets" | "timestamp" | "public-url" | "replay" | "token";

export type Snippet = { 
/**
 * The framework's id.
 */
framework: string, 
/**
 * The framework's name.
 */
framework_name: string, 
/**
 * What the code does.
 */
remedy: Remedy, 
/**
 * The same in words that follow the framework's name.
 */
title: string, 
/**
 * The reasons that it is for, of those that were asked about.
 */
codes: Array<Code>, 
/**
 * The language, in lower case.
 */
language: string, 
/**
 * The code, with a line end after each line.
 */
text: string, 
/**
 * Where its facts are documented.
 */
sources: Array<string>, };

export type VerifyInput = { 
/**
 * The capture.
 */
capture: CaptureInput, 
/**
 * Scheme id; guessed from the headers when none.
 */
scheme: string | null, 
/**
 * A scheme of the user's own as TOML text; it goes before `scheme`.
 */
scheme_file: string | null, 
/**
 * Names of the entries whose values are accepted.
 */
secrets: Array<string>, 
/**
 * What the scheme needs besides, such as `url`.
 */
params: { [key in string]: string }, 
/**
 * When it is looked at, RFC 3339 or Unix seconds; now when none.
 */
at: string | null, 
/**
 * Seconds that replace the scheme's own window.
 */
tolerance: number | null, 
/**
 * Endpoint under which deliveries are remembered, to see a replay; none for no memory.
 */
remember: string | null, };

export type SampleInput = { 
/**
 * Scheme id; empty for none.
 */
scheme: string, 
/**
 * A scheme of the user's own, as TOML text; it goes before `scheme`.
 */
scheme_file: string | null, 
/**
 * The entry whose current version signs; empty for none.
 */
secret: string, 
/**
 * HTTP method.
 */
method: string, 
/**
 * Public URL.
 */
url: string, 
/**
 * The body as text.
 */
body: string, 
/**
 * Other headers.
 */
headers: Array<[string, string]>, 
/**
 * The message's id; made up when none.
 */
id: string | null, 
/**
 * Parameters of the scheme.
 */
params: { [key in string]: string }, };

export type SignedSample = { 
/**
 * Always [`view::JSON_VERSION`].
 */
version: number, 
/**
 * Scheme id.
 */
scheme: string, 
/**
 * HTTP method.
 */
method: string, 
/**
 * Public URL.
 */
url: string, 
/**
 * Headers in order.
 */
headers: Array<[string, string]>, 
/**
 * The body in standard base64.
 */
body_base64: string, };

export type ChallengeView = { 
/**
 * Always [`view::JSON_VERSION`].
 */
version: number, 
/**
 * Whose handshake it is.
 */
handshake: Handshake, 
/**
 * The status code.
 */
status: number, 
/**
 * The headers.
 */
headers: Array<[string, string]>, 
/**
 * The body; empty when there is none.
 */
body: string, 
/**
 * What to take care of, in sentences.
 */
notes: Array<string>, };

export type SendInput = { 
/**
 * The endpoint's URL.
 */
target: string, 
/**
 * What signs, and without a capture what is sent.
 */
sample: SampleInput, 
/**
 * A capture to send.
 */
capture: CaptureInput | null, 
/**
 * Leaves the capture's signature as it is.
 */
as_is: boolean, 
/**
 * Sends to another machine too; recorded.
 */
force: boolean, };

export type SendView = { 
/**
 * Always [`crate::view::JSON_VERSION`].
 */
version: number, 
/**
 * Whether the endpoint answered with success: 200 to 299.
 */
ok: boolean, 
/**
 * Id of the scheme that it was signed with; none for a capture sent as it is.
 */
scheme: string | null, 
/**
 * What signed it.
 */
secret: SecretName | null, 
/**
 * The request.
 */
sent: SentRequest, 
/**
 * The answer.
 */
answer: EndpointAnswer, 
/**
 * From connecting to the end of the answer.
 */
seconds: number, 
/**
 * What was left out or made anew, in sentences.
 */
notes: Array<string>, };

export type SentRequest = { 
/**
 * HTTP method.
 */
method: string, 
/**
 * Where it was sent.
 */
url: string, 
/**
 * The address and port that were connected to.
 */
address: string, 
/**
 * Every header line in order. Credentials are replaced by a word in brackets.
 */
headers: Array<[string, string]>, 
/**
 * The first 64 KiB of the body as text; bytes that are not UTF-8 are replaced.
 */
body: string, 
/**
 * The body's length in bytes.
 */
body_bytes: number, };

export type EndpointAnswer = { 
/**
 * HTTP status.
 */
status: number, 
/**
 * The words after it, often none.
 */
reason: string, 
/**
 * Header lines in order.
 */
headers: Array<[string, string]>, 
/**
 * The body as text, at most its first MiB; bytes that are not UTF-8 are replaced. Empty for a
 * packed body, which a note says.
 */
body: string, 
/**
 * Bytes of the body that were received.
 */
body_bytes: number, 
/**
 * How the body ended.
 */
ending: AnswerEnding, };

export type AnswerEnding = "whole" | "bounded" | "cut-short" | "timed-out";

export type ChallengeAnswer = { 
/**
 * Whose handshake it is.
 */
handshake: Handshake, 
/**
 * The status code.
 */
status: number, 
/**
 * The headers.
 */
headers: Array<[string, string]>, 
/**
 * The body; empty when there is none.
 */
body: string, 
/**
 * What to take care of, in sentences.
 */
notes: Array<string>, };

export type Handshake = "slack" | "meta" | "zoom" | "x" | "dropbox" | "ms-graph" | "azure-event-grid" | "okta" | "xero" | "asana" | "twitch" | "discord" | "monday";
