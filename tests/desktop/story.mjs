// The main story, clicked through in the real window of the built app, on a private keychain and
// display (see xtask/src/session.rs). Leaves a screenshot of each screen in artifacts/desktop/.
// With --first-journey it stops after the first one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as sendgrid from "./provider.mjs";
import { open } from "./webdriver.mjs";

// Made-up values, valid in form.
const KEY_VALUE = "sk_live_51KwTqYbD8mZr4NcVx7LpQeJ2hGs9fUa3"; // keyward:allow
const HOOK_VALUE = "whsec_p3VnTq8ZrLw5KxYb2MdJc7HfGs4NaUe9"; // keyward:allow
const KEY = "acme/prod/stripe-secret-key";
const HOOK = "acme/prod/stripe-webhook-secret";
const SENT = "acme/prod/sendgrid";
const SENT_VALUE = sendgrid.key("Qa7m");
const WORDS = "four short plain words";
const CTRL = "\uE009";
const ESCAPE = "\uE00C";
const ENTER = "\uE007";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const shots = path.join(root, "artifacts/desktop");
const home = process.env.KEYWARD_HOME;
const work = path.join(path.dirname(home), "work");
const firstJourneyOnly = process.argv.includes("--first-journey");
const binary = path.join(root, "target/debug/keyward-desktop");
const keyward = path.join(root, "target/debug/keyward");

const run = (program, ...args) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
const items = () => run("bash", "-c", "secret-tool search --all service keyward 2>&1 || true");

function git(...args) {
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];
  return run("git", "-C", path.join(work, "repo"), ...who, ...args).trim();
}

/** The files of a small shop: a `.env`, and a repository into which a key was committed once. */
function prepare() {
  rmSync(shots, { recursive: true, force: true });
  mkdirSync(shots, { recursive: true });
  mkdirSync(path.join(work, "repo/app"), { recursive: true });
  writeFileSync(
    path.join(work, ".env"),
    `STRIPE_SECRET_KEY=${KEY_VALUE}\nSTRIPE_WEBHOOK_SECRET=${HOOK_VALUE}\n`,
  );
  git("init", "-q", "-b", "main");
  writeFileSync(path.join(work, "repo/app/config.py"), `# settings\nSTRIPE = "${KEY_VALUE}"\n`);
  git("add", "-A");
  git("commit", "-q", "-m", "Configure payments");
  const leak = git("rev-parse", "HEAD");
  git("rm", "-q", "app/config.py");
  git("commit", "-q", "-m", "Remove the key");
  return leak;
}

/** A Stripe delivery as raw HTTP: signed over one body, sent with another. */
function delivery(signed, sent) {
  const time = Math.floor(Date.now() / 1000) - 12;
  const signature = createHmac("sha256", HOOK_VALUE).update(`${time}.${signed}`).digest("hex");
  return [
    "POST /hooks/stripe HTTP/1.1",
    "Host: shop.example",
    "Content-Type: application/json",
    `Stripe-Signature: t=${time},v1=${signature}`,
    "",
    sent,
  ].join("\n");
}

/** No value is in anything that the window, the web view or the driver left on the disk. */
function noValuesOnDisk() {
  const session = path.dirname(home);
  const files = readdirSync(session, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .filter((file) => !file.startsWith(work));
  assert.ok(files.length > 5, "the session's files are not where they are looked for");
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const value of [KEY_VALUE, HOOK_VALUE, SENT_VALUE, WORDS]) {
      assert.ok(!bytes.includes(value), `a value is in ${path.relative(session, file)}`);
    }
  }
}

let passed = 0;
async function step(name, work) {
  await work();
  passed += 1;
  console.log(`ok ${name}`);
}

/** No value is anywhere in the page, nor a passphrase outside the form it was just typed into. */
async function noValues(window, typed) {
  const page = await window.everything();
  for (const value of [KEY_VALUE, HOOK_VALUE, SENT_VALUE, WORDS].filter((one) => one !== typed)) {
    assert.ok(!page.includes(value), "a value is in the web view");
  }
}

async function shot(window, name, typed = "") {
  await noValues(window, typed);
  await window.screenshot(path.join(shots, `${name}.png`));
}

async function story() {
  const leak = prepare();
  let window = await open(binary, {});
  try {
    await window.size(1280, 800);

    await step("the first screen says what to do first", async () => {
      await window.find("nav-home");
      await window.says("status-keychain", "answers");
      await shot(window, "home-empty");
    });

    await step("import a .env after a preview", async () => {
      await window.click("nav-secrets");
      await window.click("empty-import");
      await window.type("import-path", path.join(work, ".env"));
      await window.type("import-project", "acme");
      await window.type("import-env", "prod");
      await window.click("import-preview");
      await window.says("import-report", "stripe-secret-key");
      assert.ok(!items().includes("attribute"), "the preview wrote to the keychain");
      await shot(window, "import-preview");
      await window.click("import-apply");
      await window.says("body", "stripe-webhook-secret");
      await window.find("entry-row");
      const kept = items();
      for (const name of [KEY, HOOK]) {
        assert.ok(kept.includes(`Keyward: ${name} (version 1)`), `${name} is not in the keychain`);
      }
      await shot(window, "secrets");
    });

    await step("an entry shows everything but its value", async () => {
      await window.click("entry-row");
      await window.says("entry-detail", "STRIPE_SECRET_KEY");
      await shot(window, "secret");
    });
    if (firstJourneyOnly) return;

    await step("rotation knows when they are due", async () => {
      await window.click("nav-rotation");
      await window.says("body", "stripe-secret-key");
      await window.says("body", "stripe-webhook-secret");
      await shot(window, "rotation");
    });

    await step("a scan names the entry, the version and the commit", async () => {
      await window.click("nav-leaks");
      await window.type("scan-path", path.join(work, "repo"));
      await window.click("repository-add");
      await window.says("finding-row", "stripe-secret-key", 60);
      const finding = await window.text("finding-row");
      assert.match(finding, /version 1/i);
      assert.match(finding, /current/i);
      assert.ok(finding.includes(leak.slice(0, 7)), `no commit ${leak} in:\n${finding}`);
      await window.click('[data-testid="finding-row"] button');
      await window.says("finding-places", "config.py");
      await shot(window, "leaks");
    });

    await step("a captured delivery is valid", async () => {
      const body = '{\n  "id": "evt_1",\n  "amount": 1200\n}';
      await window.click("nav-webhooks");
      await window.paste("webhook-capture", delivery(body, body));
      await window.click("webhook-secret");
      await window.click("webhook-verify");
      await window.says("webhook-verdict", "alid");
      assert.doesNotMatch(await window.text("webhook-verdict"), /not valid|invalid/i);
      await shot(window, "webhook-valid");
    });

    await step("a re-serialised one is not, and says why", async () => {
      const signed = '{\n  "id": "evt_1",\n  "amount": 1200\n}';
      const paste = async (text) => window.paste("webhook-capture", text);
      if ((await window.all('[data-testid="webhook-capture"]')).length === 0) await window.click("back");
      await paste(delivery(signed, '{"id":"evt_1","amount":1200}'));
      await window.click("webhook-verify");
      await window.says("webhook-reason", "body-reserialised");
      await shot(window, "webhook-reserialised");
    });

    await step("a rotation begins and both values are kept", async () => {
      await window.click("nav-secrets");
      await window.click("entry-row");
      await window.click("entry-rotate");
      await window.click("run-start");
      await window.paste("run-value", "sk_live_51NewTqYbD8mZr4NcVx7LpQeJ2hGs9fUb8"); // keyward:allow
      await window.click("run-next");
      await window.says("run", "harmless request");
      assert.ok(items().includes(`Keyward: ${KEY} (version 2)`), "the new value is not kept");
      await shot(window, "rotation-run");
      await window.click("run-abort");
      if ((await window.all('[data-testid="dialog-confirm"]')).length > 0) {
        await window.click("dialog-confirm");
      }
      await window.says("body", "cancelled");
    });

    await step("a key is replaced at its provider, from the button to the proof", async () => {
      const provider = await sendgrid.start(SENT_VALUE);
      const env = path.join(work, "shop.env");
      writeFileSync(env, `# the shop\nSENDGRID=${SENT_VALUE}\n`);
      execFileSync(keyward, ["add", SENT, "--stdin"], { input: SENT_VALUE });
      run(keyward, "provider", "connect", SENT, "--provider", "sendgrid", "--param", "scopes=mail.send", "--admin", SENT);
      // The window would ask in a dialog of the system: another address than the provider's own.
      run(keyward, "provider", "allow", "sendgrid", "--endpoint", provider.url);
      await window.script("dispatchEvent(new Event('focus'))");
      await window.click("nav-secrets");
      await window.click(`[data-testid="entry-row"][data-id="${SENT}"]`);
      await window.click(`[data-testid="check"]`);
      await window.says("check-answer", "Alive");
      await window.click("place-add");
      await window.choose("place-kind", "dotenv");
      await window.type("place-path", env);
      await window.type("place-key", "SENDGRID");
      await window.click("place-save");
      await window.says(`[data-testid="places"]`, "shop.env");
      await window.click("entry-rotate");
      await window.choose("run-overlap", "0");
      await window.click("run-start");
      await window.click("run-drive");
      await window.find('[data-testid="run"][data-state="done"]', 60);
      const [alive, ...others] = provider.alive();
      assert.ok(others.length === 0 && alive !== SENT_VALUE, "one key is alive, the new one");
      assert.equal(readFileSync(env, "utf8"), `# the shop\nSENDGRID=${alive}\n`);
      assert.equal(run(keyward, "get", SENT, "--reveal"), alive);
      await window.says("run", "401");
      assert.ok(!(await window.everything()).includes(alive), "the new value is in the web view");
      await shot(window, "rotation-done");
      provider.close();
    });

    const backup = path.join(work, "vault.age");
    await step("a backup is written, read back and compared", async () => {
      await window.click("nav-backups");
      await window.click("empty-backup");
      await window.type("backup-path", backup);
      await window.type("backup-passphrase", WORDS);
      await window.type("backup-passphrase-again", WORDS);
      await window.click("backup-create");
      await window.says("backup-report", "vault.age", 60);
      await shot(window, "backup");
    });

    await step("the record of all this holds", async () => {
      await window.click("nav-audit");
      await window.click("audit-verify");
      await window.says("audit-verdict", "unbroken");
      await shot(window, "audit");
    });

    await step("the palette opens and goes somewhere", async () => {
      await window.keys(CTRL, "k");
      await window.type("palette-input", "settings");
      await shot(window, "palette");
      await window.keys(ENTER);
      await window.find("settings-rotate");
      await window.keys(ESCAPE);
      await shot(window, "settings");
    });

    await step("every screen in the dark, and in a small window", async () => {
      const screens = ["home", "secrets", "rotation", "leaks", "webhooks", "backups", "audit", "settings"];
      await window.click("nav-settings");
      await theme(window, "dark");
      for (const name of screens) {
        await window.click(`nav-${name}`);
        await settled();
        await shot(window, `dark-${name}`);
      }
      await window.size(900, 600);
      for (const name of screens) {
        await window.click(`nav-${name}`);
        await settled();
        await shot(window, `small-${name}`);
        const wide = await window.script("return document.documentElement.scrollWidth - innerWidth");
        assert.ok(wide <= 0, `${name} is ${wide} px too wide at 900 px`);
      }
      await window.size(1280, 800);
      await window.click("nav-settings");
      await theme(window, "light");
      await window.click("nav-home");
      await settled();
      await shot(window, "home");
    });

    await step("wiped and restored, everything is back", async () => {
      await window.close();
      rmSync(home, { recursive: true, force: true });
      run("secret-tool", "clear", "service", "keyward");
      assert.ok(!items().includes("attribute"), "the keychain is not empty");
      window = await open(binary, {});
      await window.size(1280, 800);
      await window.click("nav-backups");
      await window.click("backup-rehearse");
      await window.type("restore-path", backup);
      await window.type("restore-passphrase", WORDS);
      await window.click("restore-preview");
      await window.says("restore-report", "stripe-secret-key", 60);
      await shot(window, "restore-preview", WORDS);
      await window.click("restore-apply");
      await window.says("restore-report", "estored", 60);
      await window.click("nav-secrets");
      await window.says("body", "stripe-webhook-secret");
      assert.equal(run(keyward, "get", KEY, "--reveal"), KEY_VALUE);
      assert.equal(run(keyward, "get", HOOK, "--reveal"), HOOK_VALUE);
    });

    await step("nothing on the disk holds a value", async () => noValuesOnDisk());
  } catch (error) {
    await window.screenshot(path.join(shots, "failed.png")).catch(() => {});
    throw error;
  } finally {
    await window.close().catch(() => {});
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 400));

/** Chooses a theme on the settings screen. */
async function theme(window, name) {
  await window.click(`settings-theme-${name}`);
  await settled();
}

try {
  await story();
  console.log(`Screenshots are in ${path.relative(root, shots)}/`);
  console.log(`${passed} passed, 0 failed`);
} catch (error) {
  console.error(error);
  console.log(`${passed} passed, 1 failed`);
  process.exitCode = 1;
}
