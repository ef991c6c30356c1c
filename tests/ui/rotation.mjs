// Whole rotations from the window: by hand, by Keyward, by the clock, and with the old key first.

import { strict as assert } from "node:assert";
import { openAcme } from "./harness.mjs";

/** Opens an entry on the rotation screen. */
async function openRun(window, name) {
  await window.click("nav-rotation");
  await window.row("rotation-row", name).click();
  await window.at("run").waitFor();
}

/** Opens an entry on the screen of secrets. */
async function openEntry(window, name) {
  await window.click("nav-secrets");
  await window.row("entry-row", name).click();
  await window.at("entry-detail").waitFor();
}

const inState = (window, state) =>
  window.page.locator(`[data-testid="run"][data-state="${state}"]`).waitFor();

const step = (window, id) => window.row("run-step", id);

export const rotation = {
  "a rotation by hand: clicks, value, address list, places, overlap, proof": async (open) => {
    const window = await open();
    await openRun(window, "acme/prod/stripe");
    await window.page.locator('[data-testid="run-overlap"]').selectOption("0");
    await window.click("run-start");
    await window.at("run-value").waitFor();
    await window.says("run-shape", /Every step is done on the provider's page/);
    assert.equal(await window.at("run-clicks").locator("li").count(), 2);
    assert.equal(await window.at("run-next").isDisabled(), true, "the new value is needed first");
    await window.type("run-value", "rk_live_the_next_one");
    await window.click("run-next");
    await inState(window, "created");
    assert.equal(await window.page.getByText("rk_live_the_next_one").count(), 0);
    await window.says("run", /The note says: Only 203\.0\.113\.0\/24/);
    await window.click("run-next");
    await window.says("run", /harmless request/);
    await window.click("run-next");
    await inState(window, "verified-new");
    assert.equal(await window.at("run-next").isDisabled(), true, "a place is not ticked");
    await window.click("run-placed");
    await window.says("run", /1 of 2 places have it/);
    await window.click("run-next");
    await inState(window, "distributed");
    await window.says("run", /2 of 2 places have it/);
    await window.click("run-next");
    await inState(window, "overlap");
    await window.says("run-clicks", /Expire it now/);
    await window.click("run-next");
    await inState(window, "revoked-old");
    await window.click("run-next");
    await inState(window, "done");
    await window.says("run", /version 4 is in use, version 3 is dead/);
    assert.match(await step(window, "generate").innerText(), /by you, in this window/);
    await window.click("run-evidence");
    await window.says("toast", /Saved \/home\/ada\/backups\/rotation-stripe\.md/);
    await window.close();
  },

  "a new key that does not look like one can be taken all the same": async (open) => {
    const window = await open();
    await openRun(window, "acme/prod/stripe");
    await window.click("run-start");
    await window.type("run-value", "short");
    await window.click("run-next");
    await window.says("error", /VALUE_UNFIT/);
    assert.equal(await window.at("run-value").inputValue(), "", "nothing stays typed");
    assert.doesNotMatch(await window.text("error"), /--force/);
    await window.click("error-help");
    await inState(window, "created");
    await window.close();
  },

  "Keyward does it, once it is let, and says what it sends where": async (open) => {
    const window = await open();
    await openRun(window, "acme/prod/sendgrid");
    await window.page.locator('[data-testid="run-overlap"]').selectOption("0");
    await window.click("run-start");
    await window.says("run-waits", "waits for you");
    await window.says("allow-provider", /SendGrid API key: Keyward can make[^]*the provider's own address, which is built in/);
    await window.click("allow");
    await window.says("run-waits", "Keyward goes on");
    assert.equal(await window.at("run-value").count(), 0, "no value has to be handed in");
    await window.click("run-drive");
    await window.at("run-driving").waitFor();
    await window.click("nav-home");
    await window.at("status-drive").waitFor();
    await window.says("toast", /sendgrid is rotated\. The old key is dead/);
    await window.click("nav-rotation");
    await inState(window, "done");
    await window.says("run", /2 of 2 places have it/);
    assert.match(await step(window, "prove").innerText(), /401 authorization required/);
    assert.match(await step(window, "prove").innerText(), /4\.3 s after it was revoked/);
    assert.match(await step(window, "generate").innerText(), /by Keyward/);
    await window.close();
  },

  "what Keyward does can be stopped, and goes on from there": async (open) => {
    const window = await open({ query: "?slow" });
    await openRun(window, "acme/prod/sendgrid");
    await window.click("run-start");
    await window.click("allow");
    await window.click("run-drive");
    await window.click("run-stop");
    await window.says("toast", /Stopped\. The run stands where it is/);
    assert.equal(await window.at("error").count(), 0, "stopping is no fault");
    await window.at("run-drive").waitFor();
    await window.close();
  },

  "an overlap counts down, and need not be waited for": async (open) => {
    const window = await open();
    await openRun(window, "blog/prod/s3-upload");
    await window.says("run-waits", "waits for the clock");
    await window.says("run-countdown", /another 4[12] min/);
    const before = await window.text("run-countdown");
    await window.page.waitForFunction(
      (text) => document.querySelector('[data-testid="run-countdown"]')?.innerText !== text,
      before,
    );
    assert.match(await step(window, "verify").innerText(), /200 OK\s*, 8\.4 s after it was made/);
    assert.equal(await window.at("run-abort").count(), 0, "the new key is out");
    await window.click("run-next");
    await inState(window, "revoked-old");
    await window.says("run-waits", "Keyward goes on");
    await window.click("run-drive");
    await inState(window, "done");
    await window.close();
  },

  "an emergency revokes first, and the new key comes after": async (open) => {
    const window = await open();
    await openRun(window, "blog/prod/cloudflare");
    await window.click("run-revoke-first");
    await window.says("run-emergency", /The old key goes first/);
    const steps = await window.at("run-step").evaluateAll((rows) => rows.map((row) => row.dataset.id));
    assert.deepEqual(steps, ["revoke", "prove", "generate", "verify", "deploy"]);
    await window.says("run-clicks", /Delete it/);
    await window.click("run-next");
    await inState(window, "revoked-old");
    assert.equal(await window.at("run-abort").count(), 0, "there is no way back");
    await window.click("run-next");
    await window.type("run-value", "the-new-cloudflare-token");
    await window.click("run-next");
    await inState(window, "created");
    await window.click("run-next");
    await window.click("run-next");
    await inState(window, "done");
    await window.close();
  },

  "reminders of a secret rest for a week, and come back when asked": async (open) => {
    const window = await open();
    await openRun(window, "acme/prod/sendgrid");
    await window.click("run-snooze");
    await window.says("run-snoozed", /^No reminder before .+ 20\d\d\./);
    await window.shot("rotation-snoozed");
    await window.click("run-wake");
    await window.at("run-snooze").waitFor();
    await window.close();
  },

  "a rotation can be cancelled, after a question": async (open) => {
    const window = await open();
    await openRun(window, "acme/prod/stripe");
    await window.click("run-start");
    await window.click("run-abort");
    await window.press("Escape");
    assert.equal(await window.page.locator("dialog[open]").count(), 0, "Esc answers no");
    await window.click("run-abort");
    await window.click("dialog-confirm");
    await inState(window, "aborted");
    await window.says("run", /was cancelled/);
    await window.close();
  },

  "places: what each holds, look, write, forget, and one more with only what it needs": async (
    open,
  ) => {
    const window = await open();
    await openEntry(window, "acme/prod/stripe");
    const rows = window.at("place-row");
    const states = () => rows.evaluateAll((all) => all.map((row) => row.dataset.state));
    await rows.first().waitFor();
    assert.deepEqual(await states(), ["current", "behind"]);
    assert.equal(await window.at("place-push").count(), 1, "a person's place is not written");
    await window.click("place-add");
    assert.equal(await window.at("place-save").isDisabled(), true);
    await window.at("place-kind").selectOption("github-actions");
    assert.equal(await window.at("place-path").count(), 0, "no field of another kind");
    await window.type("place-project", "acme/web");
    assert.equal(await window.at("place-save").isDisabled(), true, "it is written with something");
    await window.at("place-credential").selectOption("acme/prod/deploy-key");
    await window.click("place-save");
    await window.says("places", /GitHub Actions of acme\/web, STRIPE[^]*not looked at/);
    await rows.nth(2).locator('[data-testid="place-push"]').click();
    await window.page.locator('[data-testid="place-row"][data-state="current"]').nth(1).waitFor();
    await rows.nth(2).locator('[data-testid="place-remove"]').click();
    await window.says("toast", /What it holds is still there/);
    assert.equal(await rows.count(), 2);
    await window.close();
  },

  "places: a failed look says why, and what was seen becomes a place in one click": async (
    open,
  ) => {
    const window = await open();
    await openEntry(window, "acme/prod/sendgrid");
    await window.click("places-check");
    await window.page.locator('[data-testid="place-row"][data-state="failed"]').waitFor();
    await window.says("places", /The manifest has no Secret with this key; it is as it was\./);
    await window.says("places-seen", /node jobs\/mail\.js/);
    await window.click("place-keep");
    await window.says("places", /by hand: Start again: node jobs\/mail\.js/);
    await window.close();
  },

  "a provider is asked whether a value is alive, once it is allowed": async (open) => {
    const window = await open();
    await openEntry(window, "acme/prod/openai");
    await window.at("allow-provider").waitFor();
    assert.equal(await window.at("check").count(), 0, "nothing is asked before");
    await window.click("allow");
    await window.says("connect-missing", /Project: Id of the project/);
    await window.click("connect-open");
    await window.at("connect-admin").selectOption("acme/prod/deploy-key");
    await window.type("connect-project", "proj_abc");
    await window.click("connect-save");
    await window.click("check");
    await window.says("check-answer", /Alive\.[^]*200 OK[^]*312 ms/);
    assert.equal(await window.at("connect-missing").count(), 0);
    await window.close();
  },

  "revoke now, from the secret": async (open) => {
    const window = await open();
    await openEntry(window, "blog/prod/cloudflare");
    await window.click("revoke");
    await window.says("run-emergency", /The old key goes first/);
    await window.close();
  },

  "a finding of our own is revoked first, in one action": async (open) => {
    const window = await open();
    await openAcme(window);
    const row = window.page.locator('[data-testid="finding-row"][data-own="acme/prod/stripe"]');
    await row.locator("[data-finding]").click();
    const buttons = await row.locator(".more button").first().innerText();
    assert.equal(buttons, "Revoke now", "it is the first action");
    await window.click("finding-revoke");
    await window.says("run-emergency", /The old key goes first/);
    await window.says("run", /Replacing version 3/);
    await window.close();
  },

  "providers are allowed, forbidden and given an address in Settings": async (open) => {
    const window = await open();
    await window.click("nav-settings");
    await window.type("providers-filter", "sendgr");
    const row = window.row("provider-row", "sendgrid");
    await row.locator('[data-testid="provider-open"]').click();
    await window.says("provider-more", /make the new key, ask whether a key works and revoke/);
    await window.says("provider-more", /not tried against the provider itself/);
    await row.locator('[data-testid="provider-allow"]').check();
    await window.page.locator('[data-id="sendgrid"][data-allowed="true"]').waitFor();
    await window.type("provider-endpoint", "http://elsewhere.example");
    await window.click("provider-endpoint-save");
    await window.says("error", /PROVIDER_INVALID/);
    await window.type("provider-endpoint", "https://mail.acme.example/v3");
    await window.click("provider-endpoint-save");
    await window.says("provider-more", /go(es)? to https:\/\/mail\.acme\.example\/v3/);
    await row.locator('[data-testid="provider-allow"]').uncheck();
    await window.page.locator('[data-id="sendgrid"][data-allowed="false"]').waitFor();
    await window.type("providers-filter", "");
    const bao = window.row("provider-row", "vault-approle");
    await bao.locator('[data-testid="provider-open"]').click();
    await window.says("provider-more", /Tried against the provider's own server/);
    await window.close();
  },
};
