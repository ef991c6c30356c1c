// The lock of the window: what a locked one shows, the way in, the waits, and the settings of it.

import { strict as assert } from "node:assert";

async function setPassphrase(window, words) {
  await window.click("nav-settings");
  await window.click("lock-set");
  await window.type("lock-new", words);
  await window.type("lock-again", words);
  await window.click("lock-save");
  await window.at("lock-now").waitFor();
}

export const lock = {
  "lock: a locked window shows nothing of what it keeps, and opens with the passphrase": async (
    open,
  ) => {
    const window = await open({ query: "?lock" });
    await window.at("lock-screen").waitFor();
    const words = await window.page.locator("body").innerText();
    assert.doesNotMatch(words, /acme|stripe|sendgrid/i, "no name is on the page");
    assert.equal(await window.at("nav-secrets").count(), 0);
    for (const key of ["2", "n", "Control+k", "Control+l"]) await window.press(key);
    assert.equal(await window.at("lock-screen").count(), 1, "no shortcut leads past it");
    assert.equal(await window.page.locator("dialog[open]").count(), 0);
    await window.type("unlock-passphrase", "correct horse");
    await window.press("Enter");
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/stripe").waitFor();
    await window.close();
  },

  "lock: a wrong passphrase says how long to wait, and counts down": async (open) => {
    const window = await open({ query: "?lock" });
    const attempt = async (words) => {
      await window.type("unlock-passphrase", words);
      await window.press("Enter");
    };
    await attempt("wrong");
    await window.at("unlock-error").waitFor();
    await window.says("unlock-wait", /Try again in 1 second/);
    assert.equal(await window.at("unlock-passphrase").inputValue(), "", "nothing stays typed");
    await window.type("unlock-passphrase", "correct horse");
    assert.equal(await window.at("unlock").isDisabled(), true, "not before its time");
    await window.page.waitForFunction(
      () => !document.querySelector('[data-testid="unlock"]').disabled,
    );
    await window.click("unlock");
    await window.at("nav-secrets").waitFor();
    await window.close();
  },

  "lock: set, lock by key, unlock, change, remove": async (open) => {
    const window = await open();
    await window.press("Control+l");
    await window.says("toast", /no passphrase/i);
    await setPassphrase(window, "first words");
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/stripe-hook").click();
    await window.click("reveal");
    await window.page.getByText("whsec_fake_live_secret").waitFor();
    await window.press("Control+l");
    await window.at("lock-screen").waitFor();
    assert.equal(await window.page.getByText("whsec_fake_live_secret").count(), 0);
    await window.type("unlock-passphrase", "first words");
    await window.click("unlock");
    await window.click("nav-secrets");
    assert.equal(await window.at("entry-detail").count(), 0, "nothing is chosen any more");
    await window.click("nav-settings");
    await window.click("lock-change");
    await window.type("lock-old", "first words");
    await window.type("lock-new", "second words");
    await window.type("lock-again", "second word");
    assert.equal(await window.at("lock-save").isDisabled(), true, "the two differ");
    await window.type("lock-again", "second words");
    await window.click("lock-save");
    await window.at("lock-remove").waitFor();
    await window.click("lock-remove");
    await window.type("lock-old", "first words");
    await window.click("lock-save");
    await window.says("error", /The passphrase is wrong/);
    await window.page.waitForTimeout(1100);
    await window.type("lock-old", "second words");
    await window.click("lock-save");
    await window.at("lock-set").waitFor();
    await window.close();
  },

  "lock: its screens fit, are named, and leave pictures": async (open) => {
    for (const scheme of ["light", "dark"]) {
      for (const [width, height] of [
        [1280, 800],
        [900, 600],
      ]) {
        const size = { query: "?lock", scheme, width, height };
        const window = await open(size);
        await window.type("unlock-passphrase", "wrong");
        await window.click("unlock");
        await window.at("unlock-error").waitFor();
        assert.deepEqual(await window.overflow(), []);
        assert.deepEqual(await window.axe(), []);
        await window.shot(`lock-${scheme}-${width}`);
        await window.close();
        const settings = await open({ scheme, width, height });
        await setPassphrase(settings, "four short plain words");
        await settings.at("lock-now").scrollIntoViewIfNeeded();
        assert.deepEqual(await settings.overflow(), []);
        assert.deepEqual(await settings.axe(), []);
        await settings.shot(`lock-settings-${scheme}-${width}`);
        await settings.click("lock-change");
        assert.deepEqual(await settings.axe(), []);
        await settings.shot(`lock-change-${scheme}-${width}`);
        await settings.close();
      }
    }
  },
};
