// What people come for, clicked through from end to end against the fake.

import { strict as assert } from "node:assert";
import { findingRow, openAcme } from "./harness.mjs";
import { BODY, har, own, SLACK, stripe, TEST } from "./samples.mjs";

export const journeys = {
  "an empty vault says what to do first": async (open) => {
    const window = await open({ query: "?empty" });
    await window.click("empty-import");
    await window.at("import-form").waitFor();
    await window.click("nav-leaks");
    assert.equal(await window.at("scan-path").isVisible(), true);
    await window.close();
  },

  "import a file: preview first, then into the list": async (open) => {
    const window = await open({ query: "?empty" });
    await window.click("nav-secrets");
    await window.click("empty-import");
    await window.type("import-path", "/home/ada/work/shop/.env");
    await window.type("import-project", "shop");
    await window.type("import-env", "prod");
    await window.click("import-preview");
    await window.says("import-report", /4 values to store, 1 line that cannot be read/);
    assert.equal(await window.at("entry-row").count(), 0, "a preview stores nothing");
    await window.type("import-env", "dev");
    assert.equal(
      await window.at("import-apply").isDisabled(),
      true,
      "another name needs another preview",
    );
    await window.type("import-env", "prod");
    await window.click("import-apply");
    await window.row("entry-row", "shop/prod/stripe-key").click();
    await window.says("entry-detail", /0 days old, due in 90 days/);
    await window.close();
  },

  "store a secret, and a guard that can be passed": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.click("new-secret");
    await window.type("new-name", "acme/test/stripe-two");
    await window.type("new-value", "sk_live_notreal");
    await window.click("new-save");
    await window.says("error", /ENV_MISMATCH/);
    await window.click("error-help");
    await window.at("entry-detail").waitFor();
    await window.says("entry-name", "stripe-two");
    assert.equal(
      await window.page.getByText("sk_live_notreal").count(),
      0,
      "the value is nowhere on the page",
    );
    await window.close();
  },

  "a value is shown for ten seconds at most, and only when asked": async (open) => {
    const window = await open();
    await window.page.clock.install();
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/stripe-hook").click();
    await window.says("value", "••••••••");
    await window.click("reveal");
    await window.page.clock.runFor(100);
    await window.says("value", "whsec_fake_live_secret");
    await window.page.clock.runFor(11_000);
    await window.says("value", "••••••••");
    await window.close();
  },

  "a revealed value does not follow to the next entry": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/stripe-hook").click();
    await window.click("reveal");
    await window.at("hide").waitFor();
    await window.row("entry-row", "acme/prod/openai").click();
    await window.at("reveal").waitFor();
    assert.equal(await window.page.getByText("whsec_fake_live_secret").count(), 0);
    await window.close();
  },

  "remove, and undo": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("entry-remove");
    await window.at("undo").waitFor();
    assert.equal(await window.row("entry-row", "acme/prod/openai").count(), 0);
    await window.click("undo");
    await window.row("entry-row", "acme/prod/openai").waitFor();
    await window.close();
  },

  "edit changes what was changed": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("entry-edit");
    await window.type("new-rotate", "30");
    await window.type("new-owner", "grace");
    await window.click("new-save");
    await window.page.getByText("every 30 days").waitFor();
    await window.page.getByText("grace").waitFor();
    await window.close();
  },

  "the list shows what is due, and what is searched for": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.at("entry-row").first().waitFor();
    const all = await window.at("entry-row").count();
    await window.click("due-filter-due");
    const due = await window.at("entry-row").count();
    assert.ok(due > 0 && due < all, `${due} of ${all} are due`);
    await window.click("due-filter-all");
    await window.type("secrets-filter", "github hook");
    assert.equal(await window.at("entry-row").count(), 1);
    await window.close();
  },

  "the calendar shows a day and its entries, by mouse and by keyboard": async (open) => {
    const window = await open();
    await window.click("nav-rotation");
    await window.click("rotation-view-calendar");
    const days = window.at("due-calendar").locator("button");
    await days.first().waitFor();
    assert.equal(await days.and(window.page.locator('[tabindex="0"]')).count(), 1, "one Tab stop");
    const today = days.first();
    assert.match(await today.getAttribute("aria-label"), /^\d entries due today, .* overdue$/);
    await today.click();
    assert.equal(await today.getAttribute("aria-pressed"), "true");
    const due = Number(await today.getAttribute("data-due"));
    assert.equal(await window.at("rotation-row").count(), due, "overdue ones are due today");
    await window.click("due-all");
    assert.ok((await window.at("rotation-row").count()) > due);
    await today.focus();
    await window.press("ArrowRight");
    await window.press("ArrowDown");
    await window.press("ArrowUp");
    const second = await window.page.evaluate(() => document.activeElement.dataset.day);
    assert.equal(second, await days.nth(1).getAttribute("data-day"));
    await window.press("ArrowLeft");
    await window.press("Enter");
    assert.equal(await today.getAttribute("aria-pressed"), "true");
    await window.says("due-later", /^\d later, the next on \d+ \w+ \d{4}$/);
    await window.close();
  },

  "a scan goes on when the screen is left, and its finding names our own entry": async (open) => {
    const window = await open();
    await window.click("nav-leaks");
    await window.click("add-repository");
    await window.type("scan-path", "/home/ada/work/acme-next");
    await window.click("repository-add");
    await window.at("scan-progress").waitFor();
    await window.click("nav-home");
    await window.at("status-job").waitFor();
    await window.click("nav-leaks");
    await window.at("finding-row").first().waitFor({ timeout: 10_000 });
    const own = window.page.locator('[data-testid="finding-row"][data-own="acme/prod/stripe"]');
    assert.match(await own.innerText(), /CURRENT, version 3/);
    await own.locator("button").first().click();
    assert.match(await own.innerText(), /3 places/);
    await window.click("finding-rotate");
    await window.at("run-value").waitFor();
    await window.close();
  },

  "a scan can be stopped": async (open) => {
    const window = await open();
    await window.click("nav-leaks");
    await window.row("repository-row", "/home/ada/work/tools").click();
    await window.click("scan-start");
    await window.click("scan-cancel");
    await window.page.getByText("The scan was stopped.").waitFor();
    assert.equal(await window.at("scan-progress").count(), 0);
    await window.close();
  },

  "low confidence is folded": async (open) => {
    const window = await open();
    await window.click("nav-leaks");
    await window.row("repository-row", "/home/ada/work/acme").click();
    await window.at("finding-row").first().waitFor();
    const before = await window.at("finding-row").count();
    await window.click("low-confidence");
    assert.equal(await window.at("finding-row").count(), before + 2);
    await window.close();
  },

  "a finding says who, whether it is still there, whether it was pushed, and what to do": async (
    open,
  ) => {
    const window = await open();
    await openAcme(window);
    const cases = [
      ["acme/prod/stripe", /Only in history.*Pushed/s, 3, /Sam Okafor.*34 days ago.*41c08e2/s],
      ["acme/prod/sendgrid", /Only in history.*Pushed/s, 0, /Ada Lovelace/],
      ["Env assignment", /^Only on this disk$/, 1, null],
      ["Slack webhook address", /^Staged, not committed$/, 1, null],
      [
        "GitHub token",
        /Still in the last commit.*Not pushed yet/s,
        3,
        /Ada Lovelace.*7 hours ago/s,
      ],
      ["AWS access key", /Still in the files.*Pushed/s, 3, /Sam Okafor.*12 days ago.*d81f03a/s],
    ];
    for (const [name, standing, steps, author] of cases) {
      const row = findingRow(window, name);
      await row.locator("[data-finding]").click();
      const part = (id) => row.locator(`[data-testid="${id}"]`);
      assert.match(await part("finding-standing").innerText(), standing, name);
      assert.equal(await part("finding-steps").locator("li").count(), steps, name);
      if (author) assert.match(await part("finding-author").innerText(), author, name);
      else assert.equal(await part("finding-author").count(), 0, name);
      await row.locator("[data-finding]").click();
    }
    await window.close();
  },

  "commands of the steps are copied, and the console is a button in its step": async (open) => {
    const window = await open();
    await openAcme(window);
    const row = findingRow(window, "GitHub token");
    await row.locator("[data-finding]").focus();
    await window.press("Enter");
    await window.press("Tab");
    await window.press("Tab");
    await window.press("Enter");
    const said = row.locator('[role="status"]').nth(1);
    await said.getByText("Copied").waitFor({ state: "attached" });
    assert.equal(
      await window.page.evaluate(() => navigator.clipboard.readText()),
      "git rebase -i",
      "the keyboard reaches the second command",
    );
    const third = row.locator('[data-testid="finding-steps"] li').nth(2);
    assert.match(await third.innerText(), /^Revoke it and make a new one at/);
    await third.locator('[data-testid="finding-console"]').waitFor();
    assert.equal(await row.locator('[data-testid="finding-console"]').count(), 1);
    await window.close();
  },

  "the step that replaces our own value is the button": async (open) => {
    const window = await open();
    await openAcme(window);
    const row = findingRow(window, "acme/prod/stripe");
    await row.locator("[data-finding]").click();
    assert.match(await row.innerText(), /In use: revoke it first\./);
    const first = row.locator('[data-testid="finding-steps"] li').first();
    assert.match(await first.innerText(), /^Replace it:\s+Rotate now$/);
    assert.equal(await row.locator('[data-testid="finding-rotate"]').count(), 1);
    await window.click("finding-rotate");
    await window.at("run-value").waitFor();
    await window.close();
  },

  "a webhook that is valid": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe());
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.says("webhook-verdict", "Valid");
    await window.says("verdict", /Signed with acme\/prod\/stripe-hook/);
    await window.close();
  },

  "a scheme of one's own, from a form": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", own("X-Own", "mac="));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    assert.equal(await window.at("own-header").count(), 0);
    await window.at("webhook-scheme").selectOption("own:");
    await window.type("own-header", "X-Own");
    await window.type("own-prefix", "mac=");
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.says("verdict", /Checked as Your own scheme/);
    await window.close();
  },

  "a sample is signed by a scheme of one's own, and verified by it": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-sign");
    await window.at("sign-scheme").selectOption("own:");
    await window.type("own-header", "X-Own");
    await window.type("own-prefix", "mac=");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-sign");
    await window.says("signed", /As a sender with your own scheme would send it/);
    await window.says("signed-request", /X-Own: mac=[0-9a-f]{64}/);
    await window.click("signed-verify");
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.close();
  },

  "an old capture is looked at as on the day it came, or with a wider window": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe({ age: 86_400 }));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-code="timestamp-too-old"]').waitFor();
    await window.page.getByText("Time, replays and parameters").click();
    await window.type("webhook-at", new Date(Date.now() - 86_400_000).toISOString());
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.type("webhook-at", "");
    await window.type("webhook-tolerance", "100000");
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.type("webhook-at", "yesterday");
    await window.click("webhook-verify");
    await window.page.getByText("neither RFC 3339 nor Unix seconds").waitFor();
    await window.close();
  },

  "a body that was written again: why, and where": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe({ body: BODY.replaceAll(":", ": ") }));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-code="body-reserialised"]').waitFor();
    assert.equal(
      await window.at("webhook-body").locator("mark").count(),
      1,
      "the place is marked in the body",
    );
    assert.ok(
      (await window.at("webhook-difference").locator("del").count()) >= 2,
      "each blank is marked",
    );
    await window.close();
  },

  "a secret of another environment is named": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe({ secret: TEST }));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-code="other-stored-secret"]').waitFor();
    await window.says(
      "webhook-reason",
      /Signed with acme\/test\/stripe-hook, not with acme\/prod\/stripe-hook/,
    );
    await window.close();
  },

  "a pasted capture keeps its line ends": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.page.evaluate(
      (text) => navigator.clipboard.writeText(text),
      stripe({ newline: "\r\n" }),
    );
    await window.at("webhook-capture").focus();
    await window.press("Control+v");
    await window.page.getByText("5 lines end in CRLF, kept as they are.").waitFor();
    await window.close();
  },

  "the code that avoids a cause, in the framework that is remembered": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe({ body: BODY.replaceAll(":", ": ") }));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    const code = window.page.locator('[data-testid="webhook-snippet"][data-remedy="raw-body"]');
    await code.getByText("express.raw(").waitFor();
    await code.getByText('req.get("Stripe-Signature")').waitFor();
    await window.at("webhook-framework").selectOption("rails");
    await code.getByText("request.raw_post").waitFor();
    await window.click("webhook-snippet-copy");
    assert.match(
      await window.page.evaluate(() => navigator.clipboard.readText()),
      /^class WebhooksController.*\n$/s,
    );
    await window.page.reload();
    await window.at("status-keychain").waitFor();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", stripe({ secret: TEST }));
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-remedy="several-secrets"]').waitFor();
    assert.equal(await window.at("webhook-framework").inputValue(), "rails");
    await window.close();
  },

  "a dropped file is read, and one of its requests chosen": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await dropFile(window, "capture.har", har([BODY, BODY.replaceAll(":", ": "), null]));
    await window.at("webhook-read").waitFor();
    await window.says("webhook-read", /^HAR, 3 requests/);
    await window.says("webhook-exact", "exact");
    await window.row("webhook-pick", "3").check();
    await window.says("webhook-exact", "not the exact request");
    await window.says("webhook-losses", /does not hold the body/);
    await window.row("webhook-pick", "1").check();
    await window.at("webhook-preview").getByText("/webhooks/1").waitFor();
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.row("webhook-pick", "2").check();
    assert.equal(await window.at("verdict").count(), 0, "the verdict was about the other one");
    await window.click("webhook-verify");
    await window.page.locator('[data-code="body-reserialised"]').waitFor();
    await window.close();
  },

  "a dropped file that is long or no text goes as bytes": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    const entries = Array.from({ length: 300 }, () => "x".repeat(1200));
    await dropFile(window, "long.har", har(entries));
    await window.at("webhook-file").waitFor();
    await window.says("webhook-file", /^long\.har 4\d\d KiB$/);
    await window.says("webhook-read", /^HAR, 300 requests/);
    assert.equal(await window.at("webhook-pick").count(), 100);
    await window.type("webhook-pick-filter", "webhooks/299");
    assert.equal(await window.at("webhook-pick").count(), 1);
    await window.page.getByLabel("Take the file away").click();
    await window.at("webhook-capture").waitFor();
    await window.close();
  },

  "what is no capture is said at once": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.type("webhook-capture", "hello");
    await window.at("webhook-unread").getByText("no capture that Keyward knows").waitFor();
    await window.type("webhook-capture", "");
    await window.at("webhook-unread").waitFor({ state: "detached" });
    await window.close();
  },

  "a sample is signed, and verifies": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-sign");
    assert.equal(await window.at("webhook-sign").isDisabled(), true, "a secret is needed");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.press("Tab");
    await window.click("webhook-sign");
    await window.says(
      "signed-request",
      /^POST http:\/\/localhost:3000\/webhooks HTTP\/1\.1.*Stripe-Signature: t=\d+,v1=[0-9a-f]{64}/s,
    );
    assert.equal(await window.page.getByText("whsec_fake_live_secret").count(), 0);
    await window.click("signed-verify");
    await window.at("webhook-read").waitFor();
    await window.click("webhook-verify");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.close();
  },

  "a scheme that sends its secret is not signed into the page": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-sign");
    await window.at("sign-scheme").selectOption("gitlab-token");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-sign");
    await window.says("error", /sends the secret itself/);
    assert.equal(await window.page.getByText("whsec_fake_live_secret").count(), 0);
    await window.close();
  },

  "a sample is sent to an endpoint, and its answer shown": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-send");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-send");
    await window.says("sent-line", "Accepted: 200 OK");
    await window.says("sent-request", /Stripe-Signature: t=\d+,v1=/);
    await window.type("send-target", "http://localhost:3000/broken");
    await window.click("webhook-send");
    await window.page.getByText("Not accepted: 401 Unauthorized").waitFor();
    await window.type("send-target", "http://localhost:9/");
    await window.click("webhook-send");
    await window.says("error", /Nothing listens/);
    assert.equal(await window.page.getByText("whsec_fake_live_secret").count(), 0);
    await window.close();
  },

  "another machine is asked about first": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-send");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.type("send-target", "https://shop.example/webhooks");
    await window.click("webhook-send");
    await window.says("error", /is not this machine.*Nothing was sent/s);
    await window.click("error-help");
    await window.at("sent").waitFor();
    await window.close();
  },

  "a capture is sent again, afresh or as it is": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-send");
    await window.click("send-what-capture");
    await window.type("webhook-capture", stripe({ age: 4000 }));
    assert.equal(await window.at("webhook-send").isDisabled(), true, "a secret is needed");
    await window.at("send-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-send");
    await window.says("sent", /Signed with\s+acme\/prod\/stripe-hook, version 1/);
    await window.at("send-as-is").check();
    await window.click("webhook-send");
    await window.at("sent").getByText("the signature that it had").waitFor();
    await window.close();
  },

  "a handshake is answered, and a wrong one refused": async (open) => {
    const window = await open();
    await window.click("nav-webhooks");
    await window.click("webhook-mode-handshake");
    await window.type("webhook-capture", SLACK);
    await window.click("webhook-handshake");
    await window.says("answer-line", "Answer with 200");
    await window.click("answer-copy");
    assert.match(await window.page.evaluate(() => navigator.clipboard.readText()), /^3eZbrw1aB/);
    await window.type(
      "webhook-capture",
      "GET /meta?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1 HTTP/1.1\nHost: a.example\n\n",
    );
    await window.at("challenge-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-handshake");
    await window.page.getByText("Refuse with 403").waitFor();
    await window.type("webhook-capture", stripe());
    await window.click("webhook-handshake");
    await window.says("error", /no handshake that is known/);
    await window.close();
  },

  "keyboard only: paste, choose a secret, verify": async (open) => {
    const window = await open();
    await window.press("5");
    await window.page.evaluate((text) => navigator.clipboard.writeText(text), stripe());
    await window.page.locator("body").evaluate(() => document.activeElement?.blur());
    await window.press("Control+k");
    await window.page.keyboard.type("verify a webhook");
    await window.press("Enter");
    await window.at("webhook-capture").focus();
    await window.press("Control+v");
    await window.at("webhook-read").waitFor();
    await window.row("webhook-secret", "acme/prod/stripe-hook").focus();
    await window.press("Space");
    await window.press("n");
    await window.page.locator('[data-verdict="valid"]').waitFor();
    await window.close();
  },

  "back up, rehearse, restore": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("nav-backups");
    await window.click("backup-new");
    await window.type("backup-path", "/home/ada/backups/today.age");
    await window.type("backup-passphrase", "correct horse");
    await window.type("backup-passphrase-again", "correct hoarse");
    assert.equal(await window.at("backup-create").isDisabled(), true, "the two must be the same");
    await window.type("backup-passphrase-again", "correct horse");
    await window.click("backup-create");
    await window.says("backup-report", /15 entries/);
    await window.press("Escape");
    await window.click("backup-rehearse");
    assert.equal(await window.at("restore-path").inputValue(), "/home/ada/backups/today.age");
    await window.type("restore-passphrase", "wrong");
    await window.click("restore-preview");
    await window.says("error", /BACKUP_WRONG_KEY/);
    assert.equal(
      await window.at("restore-passphrase").inputValue(),
      "",
      "a wrong passphrase is forgotten",
    );
    await window.type("restore-passphrase", "correct horse");
    await window.click("restore-preview");
    await window.page.locator('[data-testid="restore-report"][data-applied="false"]').waitFor();
    await window.says("drill-report", /20 values came back as they are here/);
    await window.click("restore-apply");
    await window.page.locator('[data-testid="restore-report"][data-applied="true"]').waitFor();
    assert.equal(await window.at("restore-passphrase").inputValue(), "");
    await window.close();
  },

  "a recovery kit, a schedule, and a rehearsal with the kit": async (open) => {
    const window = await open();
    await window.click("nav-backups");
    await window.says("backup-schedule", /not set/);
    await window.click("backup-habit");
    await window.type("schedule-folder", "/media/usb/backups");
    assert.equal(await window.at("schedule-set").isDisabled(), true, "a schedule needs a kit");
    await window.type("kit-path", "/media/usb/kit.html");
    await window.click("kit-make");
    await window.says("kit-written", /can read every key[\s\S]*kit\.html/);
    await window.at("schedule-every").selectOption("43200");
    await window.click("schedule-set");
    await window.page.getByText("Saved.").waitFor();
    await window.click("schedule-run");
    await window.page.getByText("Written and read back, byte for byte.").waitFor();
    await window.click("habit-close");
    await window.says("backup-schedule", /every 12 hours/);
    await window.click("backup-rehearse");
    await window.click("restore-opener-kit");
    await window.type("restore-kit", "/media/usb/kit.txt");
    await window.click("restore-preview");
    await window.at("drill-report").waitFor();
    await window.click("restore-close");
    await window.click("backup-habit");
    await window.click("schedule-stop");
    await window.page.getByText("No backup is scheduled any more.").waitFor();
    await window.close();
  },

  "going back to older entries asks first": async (open) => {
    const window = await open();
    await window.click("nav-backups");
    await window.click("backup-rehearse");
    await window.type("restore-passphrase", "correct horse");
    await window.at("restore-merge").selectOption("overwrite");
    await window.click("restore-preview");
    await window.click("restore-apply");
    await window.says("dialog", /Go back to older entries/);
    await window.click("dialog-confirm");
    await window.page.locator('[data-testid="restore-report"][data-applied="true"]').waitFor();
    await window.close();
  },

  "the audit chain is verified": async (open) => {
    const window = await open();
    await window.click("nav-audit");
    await window.click("audit-verify");
    await window.says("audit-verdict", /Chain verified at/);
    await window.at("audit-kind").selectOption("backup");
    assert.ok((await window.at("audit-row").count()) >= 2);
    await window.close();
  },

  "settings are kept, and the theme holds at once": async (open) => {
    const window = await open();
    await window.click("nav-settings");
    await window.type("settings-clear", "4");
    await window.press("Tab");
    await window.page.getByText("Saved.").waitFor();
    assert.equal(
      await window.at("settings-clear").inputValue(),
      "5",
      "the smallest that is allowed",
    );
    await window.type("settings-quiet-from", "22:00");
    await window.type("settings-quiet-to", "08:00");
    await window.press("Tab");
    await window.click("settings-remind-closed");
    await window.page.locator('[data-testid="settings-remind-closed"]:checked').waitFor();
    await window.click("nav-home");
    await window.click("nav-settings");
    await window.page.locator('[data-testid="settings-remind-closed"]:checked').waitFor();
    assert.equal(await window.at("settings-quiet-from").inputValue(), "22:00");
    assert.equal(await window.at("settings-quiet-to").inputValue(), "08:00");
    await window.click("settings-theme-dark");
    await window.page.locator('html[data-theme="dark"]').waitFor({ state: "attached" });
    const scheme = await window.page.evaluate(
      () => getComputedStyle(document.documentElement).colorScheme,
    );
    assert.equal(scheme, "dark");
    await window.close();
  },

  "a keychain that does not answer is said with code and hint": async (open) => {
    const window = await open({ query: "?locked" });
    await window.says("status-keychain", /The keychain is locked\.[\s\S]*KC_LOCKED/);
    await window.says("error", /Unlock it in your desktop's password dialog/);
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("copy");
    await window.says("toast", /KC_LOCKED/);
    await window.click("reveal");
    await window.says("error", /Nothing was changed/);
    await window.close();
  },

  "waiting shows rows, not a spinner": async (open) => {
    const window = await open({ query: "?slow" });
    await window.click("nav-secrets");
    await window.page.locator('[aria-label="Loading"]').first().waitFor();
    await window.at("entry-row").first().waitFor();
    await window.close();
  },

  "issue a key: onto the clipboard once, then only its hash": async (open) => {
    const window = await open();
    await window.press("8");
    await window.press("n");
    await window.type("issue-prefix", "acme-live");
    await window.click("issue-create");
    await window.says("error", /FIELD_INVALID/);
    await window.type("issue-prefix", "acme_live");
    await window.type("issue-label", "Harbour <b>two</b>");
    await window.type("issue-expires", "30d");
    await window.click("issue-create");
    await window.says("issue-made", /acme_live_\w{8}… for Harbour <b>two<\/b>/);
    await window.says("status-clipboard", /Clipboard cleared in \d+ s/);
    await window.click("issue-done");
    await window.says("issued-detail", /Harbour <b>two<\/b>/);
    await window.says("issued-state", "Active");
    assert.doesNotMatch(
      await window.page.content(),
      /acme_live_\w{57}/,
      "no key is anywhere on the page",
    );
    await window.click("issued-show-hash");
    await window.click("issued-hash");
    const line = await window.page.evaluate(() => navigator.clipboard.readText());
    assert.match(line, /^\$argon2id\$v=19\$m=65536,t=3,p=4\$/);
    await window.click("issued-revoke");
    await window.click("dialog-cancel");
    await window.says("issued-state", "Active");
    await window.click("issued-revoke");
    await window.click("dialog-confirm");
    await window.page.getByText(/^Revoked, /).waitFor();
    assert.equal(await window.at("issued-revoke").count(), 0);
    await window.click("nav-audit");
    await window.says("audit-row", /Revoked a key/);
    await window.close();
  },

  "verify an issued key: valid, revoked, mistyped": async (open) => {
    const window = await open();
    await window.press("8");
    await window.press("v");
    const verdict = async (key) => {
      await window.type("verify-key-value", key);
      await window.click("verify-key-go");
      await window.at("verify-key-verdict").locator("h3").waitFor();
      return window.text("verify-key-verdict");
    };
    assert.match(await verdict(`acme_live_k7Qm2XcA${"0".repeat(49)}`), /^Valid/);
    assert.equal(await window.at("verify-key-value").inputValue(), "", "the key is not kept");
    assert.match(await verdict(`acme_live_mB3xKd8Y${"0".repeat(49)}`), /^Revoked/);
    await window.click("verify-key-open");
    await window.says("issued-detail", /Old partner/);
    await window.press("v");
    assert.match(await verdict("acme_live_k7Qm"), /^Not a key/);
    await window.close();
  },
};

/** Drops a file on the window, as a file manager does. */
async function dropFile(window, name, text) {
  await window.page.evaluate(
    ({ name, text }) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], name));
      for (const type of ["dragover", "drop"]) {
        document.body.dispatchEvent(
          new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
        );
      }
    },
    { name, text },
  );
}
