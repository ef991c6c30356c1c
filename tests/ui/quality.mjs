// What holds on every screen: keyboard, screen readers, small windows, large text, hostile text.

import { strict as assert } from "node:assert";
import { busyScreen, findingRow, openAcme, SCREENS } from "./harness.mjs";
import { BODY, har, SLACK, stripe, TEST } from "./samples.mjs";

export const quality = {
  "keyboard only: palette, entry, copy": async (open) => {
    const window = await open();
    await window.press("Control+k");
    await window.page.keyboard.type("sendgrid");
    await window.press("Enter");
    await window.at("entry-detail").waitFor();
    await window.says("entry-name", "sendgrid");
    await window.press("c");
    await window.at("status-clipboard").waitFor();
    await window.says("status-clipboard", /Clipboard cleared in \d+ s/);
    await window.close();
  },

  "keyboard only: the palette copies at once, and Esc closes it": async (open) => {
    const window = await open();
    await window.press("Control+k");
    await window.page.keyboard.type("acme prod stripe");
    await window.press("Control+Enter");
    await window.at("status-clipboard").waitFor();
    await window.press("Control+k");
    await window.press("Escape");
    assert.equal(await window.page.locator("dialog[open]").count(), 0);
    await window.close();
  },

  "keyboard only: screens, filter, list, detail": async (open) => {
    const window = await open();
    await window.press("2");
    await window.press("/");
    await window.page.keyboard.type("stripe");
    await window.press("ArrowDown");
    await window.press("ArrowDown");
    await window.press("ArrowDown");
    const selected = window.page.locator('[data-testid="entry-row"][aria-selected="true"]');
    assert.equal(await selected.getAttribute("data-id"), "acme/prod/stripe-hook");
    await window.press("Enter");
    await window.page.locator("[data-detail]:focus").waitFor();
    await window.press("n");
    await window.at("entry-form").waitFor();
    await window.page.keyboard.type("123");
    assert.equal(
      await window.at("new-name").inputValue(),
      "123",
      "letters go to the field, not to the shortcuts",
    );
    await window.press("Escape");
    await window.press("Escape");
    assert.equal(await window.at("entry-form").count(), 0);
    await window.close();
  },

  "every screen answers N with its one primary action": async (open) => {
    const window = await open();
    const expected = {
      2: "entry-form",
      3: "run",
      4: "scan-path",
      6: "backup-form",
      7: "audit-verdict",
      8: "issue-form",
      9: "doctor",
    };
    for (const [key, testid] of Object.entries(expected)) {
      await window.press(key);
      await window.page.waitForTimeout(60);
      await window.press("n");
      await window.at(testid).first().waitFor();
      await window.page.evaluate(() => document.activeElement?.blur());
    }
    await window.close();
  },

  "what is in focus can be seen": async (open) => {
    const window = await open();
    for (let step = 0; step < 14; step += 1) {
      await window.press("Tab");
      const seen = await window.page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return document.activeElement === document.body || style.outlineStyle !== "none";
      });
      assert.equal(seen, true, `step ${step} of the Tab key shows where it is`);
    }
    await window.close();
  },

  "the list can be made wider, and stays so": async (open) => {
    const window = await open();
    await window.click("nav-secrets");
    const handle = window.page.locator('[role="separator"]');
    const before = Number(await handle.getAttribute("aria-valuenow"));
    await handle.focus();
    await window.press("ArrowRight");
    await window.click("nav-home");
    await window.click("nav-secrets");
    assert.equal(Number(await handle.getAttribute("aria-valuenow")), before + 16);
    await window.close();
  },

  "hostile text is inert": async (open) => {
    const window = await open({ query: "?hostile" });
    for (const screen of SCREENS) {
      await window.click(`nav-${screen}`);
      await window.page.waitForTimeout(80);
    }
    await window.click("nav-secrets");
    await window.row("entry-row", "acme/prod/<img src=x onerror=window.pwned=1>").click();
    await window.says("entry-detail", /⟨U\+202E⟩gnp\.exe <script>/);
    await window.says("places", /\/tmp\/⟨U\+202E⟩acme\/prod\/<img[^]*<img src=x/);
    await window.click("entry-rotate");
    await window.click("run-start");
    await window.says("run-places", /⟨U\+202E⟩acme/);
    await window.click("nav-leaks");
    await window.page.locator('[data-testid="repository-row"][data-id*="img src"]').click();
    await window.says("finding-row", /⟨U\+202E⟩exe\.png/);
    await window.page.locator("[data-finding]").first().click();
    await window.says("finding-author", /<img src=x .*⟨U\+202E⟩/);
    await window.says("finding-steps", /git log ⟨U\+202E⟩# <img/);
    assert.equal(
      await window.at("finding-command").count(),
      0,
      "a command that hides something is not offered for copying",
    );
    await window.click("nav-issued");
    await window.says("issued-row", /⟨U\+202E⟩gnp\.exe <script>/);
    await window.press("Control+k");
    await window.page.keyboard.type("onerror");
    await window.at("palette-row").first().waitFor();
    assert.equal(
      await window.page.locator("img, #app script").count(),
      0,
      "no element was made of text",
    );
    assert.equal(await window.page.evaluate(() => window.pwned), undefined);
    await window.close();
  },
};

for (const scheme of ["light", "dark"]) {
  for (const screen of SCREENS) {
    quality[`${screen}, ${scheme}: no serious fault for screen readers or contrast`] = async (
      open,
    ) => {
      const window = await open({ scheme });
      await busyScreen(window, screen);
      assert.deepEqual(await window.axe(), []);
      await window.shot(`${screen}-${scheme}-1280`);
      await window.page.setViewportSize({ width: 900, height: 600 });
      await window.page.waitForTimeout(60);
      assert.deepEqual(await window.axe(), []);
      assert.deepEqual(await window.overflow(), [], "nothing sticks out at 900 × 600");
      await window.shot(`${screen}-${scheme}-900`);
      await window.close();
    };
  }
}

for (const screen of SCREENS) {
  quality[`${screen}: nothing clips at 200 %`] = async (open) => {
    const window = await open({ width: 900, height: 600 });
    await busyScreen(window, screen);
    await window.page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
    await window.page.waitForTimeout(60);
    assert.deepEqual(await window.overflow(), [], "with text of twice the size");
    await window.shot(`${screen}-text200`);
    // Zooming to 200 % halves the window in CSS pixels.
    await window.page.evaluate(() => (document.documentElement.style.fontSize = ""));
    await window.page.setViewportSize({ width: 450, height: 300 });
    await window.page.waitForTimeout(60);
    assert.deepEqual(await window.overflow(), [], "with a zoom of 200 %");
    await window.close();
  };
}

const STATES = {
  palette: async (window) => {
    await window.press("Control+k");
    await window.page.keyboard.type("strip");
  },
  "new-secret": async (window) => {
    await window.press("2");
    await window.press("n");
    await window.click("new-more");
  },
  import: async (window) => {
    await window.press("2");
    await window.press("i");
    await window.type("import-path", "/home/ada/work/shop/.env");
    await window.type("import-project", "shop");
    await window.type("import-env", "prod");
    await window.click("import-preview");
    await window.at("import-report").waitFor();
  },
  calendar: async (window) => {
    await window.press("3");
    await window.click("rotation-view-calendar");
  },
  "rotation-value": async (window) => {
    await window.press("3");
    await window.row("rotation-row", "acme/prod/stripe").click();
    await window.click("run-start");
    await window.at("run-value").waitFor();
  },
  "rotation-keyward": async (window) => {
    await window.press("3");
    await window.row("rotation-row", "acme/prod/sendgrid").click();
    await window.click("run-start");
    await window.at("allow-provider").waitFor();
  },
  "rotation-driving": async (window) => {
    await STATES["rotation-keyward"](window);
    await window.click("allow");
    await window.click("run-drive");
    await window.at("run-driving").waitFor();
    await window.row("run-step", "verify").getByText("200 OK").waitFor();
  },
  "rotation-places": async (window) => {
    await STATES["rotation-value"](window);
    await window.type("run-value", "rk_live_the_next_one");
    for (const state of ["created", "created", "verified-new"]) {
      await window.click("run-next");
      await window.page.locator(`[data-testid="run"][data-state="${state}"]`).waitFor();
    }
    await window.at("run-placed").waitFor();
  },
  "rotation-emergency": async (window) => {
    await window.press("3");
    await window.row("rotation-row", "blog/prod/cloudflare").click();
    await window.click("run-revoke-first");
    await window.at("run-emergency").waitFor();
  },
  "rotation-start": async (window) => {
    await window.press("3");
    await window.row("rotation-row", "blog/prod/cloudflare").click();
    await window.at("run-start").waitFor();
  },
  "rotation-done": async (window) => {
    await window.press("3");
    await window.row("rotation-row", "blog/prod/s3-upload").click();
    await window.click("run-next");
    await window.click("run-drive");
    await window.page.locator('[data-testid="run"][data-state="done"]').waitFor();
  },
  "entry-places": async (window) => {
    await window.press("2");
    await window.row("entry-row", "acme/prod/sendgrid").click();
    await window.click("places-check");
    await window.page.locator('[data-testid="place-row"][data-state="failed"]').waitFor();
    await window.click("allow");
    await window.click("check");
    await window.at("check-answer").waitFor();
    await window.at("places").evaluate((node) => node.scrollIntoView());
  },
  "entry-place-form": async (window) => {
    await window.press("2");
    await window.row("entry-row", "acme/prod/stripe").click();
    await window.click("place-add");
    await window.at("place-kind").selectOption("secrets-manager");
    await window.at("place-form").evaluate((node) => node.scrollIntoView());
  },
  "entry-connect": async (window) => {
    await window.press("2");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("connect");
    await window.at("connect-project").waitFor();
    await window.at("connect-form").evaluate((node) => node.scrollIntoView());
  },
  providers: async (window) => {
    await window.press("9");
    await window.row("provider-row", "cloudflare").getByTestId("provider-open").click();
    await window.at("provider-more").evaluate((node) => node.scrollIntoView({ block: "center" }));
  },
  scanning: async (window) => {
    await window.press("4");
    await window.row("repository-row", "/home/ada/work/acme").click();
    await window.click("scan-start");
    await window.at("scan-progress").waitFor();
    await window.page.waitForTimeout(500);
  },
  "issue-key": async (window) => {
    await window.press("8");
    await window.press("n");
    await window.type("issue-prefix", "acme_live");
  },
  "verify-key": async (window) => {
    await window.press("8");
    await window.press("v");
    await window.type("verify-key-value", `acme_live_mB3xKd8Y${"0".repeat(49)}`);
    await window.click("verify-key-go");
    await window.at("verify-key-open").waitFor();
  },
  restore: async (window) => {
    await window.press("6");
    await window.click("backup-rehearse");
    await window.type("restore-passphrase", "correct horse");
    await window.click("restore-preview");
    await window.at("restore-report").waitFor();
  },
  "backup-habit": async (window) => {
    await window.press("6");
    await window.click("backup-habit");
    await window.type("kit-path", "/media/usb/kit.html");
    await window.click("kit-make");
    await window.at("kit-written").waitFor();
    await window.type("schedule-folder", "/media/usb/backups");
    await window.click("schedule-set");
    await window.at("schedule-said").waitFor();
  },
  toast: async (window) => {
    await window.press("2");
    await window.row("entry-row", "acme/prod/openai").click();
    await window.click("copy");
    await window.click("entry-remove");
    await window.at("undo").waitFor();
  },
};

for (const scheme of ["light", "dark"]) {
  quality[`every sort of finding, ${scheme}: no serious fault, nothing sticks out`] = async (
    open,
  ) => {
    const window = await open({ scheme });
    await openAcme(window);
    for (const name of ["AWS access key", "GitHub token", "Slack webhook address"]) {
      const row = findingRow(window, name);
      await row.locator("[data-finding]").click();
      for (const [width, height] of [
        [1280, 800],
        [900, 600],
      ]) {
        await window.page.setViewportSize({ width, height });
        await row.locator("[data-finding]").evaluate((node) => node.scrollIntoView());
        await window.page.waitForTimeout(60);
        assert.deepEqual(await window.axe(), [], `${name} at ${width}`);
        assert.deepEqual(await window.overflow(), [], `${name} at ${width}`);
        await window.shot(`state-finding-${name.split(" ")[0].toLowerCase()}-${scheme}-${width}`);
      }
    }
    await window.close();
  };
}

for (const [name, enter] of Object.entries(STATES)) {
  for (const scheme of ["light", "dark"]) {
    quality[`${name}, ${scheme}: no serious fault`] = async (open) => {
      const window = await open({ scheme });
      await enter(window);
      for (const [width, height] of [
        [1280, 800],
        [900, 600],
      ]) {
        await window.page.setViewportSize({ width, height });
        await window.page.waitForTimeout(60);
        await window.shot(`state-${name}-${scheme}-${width}`);
        assert.deepEqual(await window.axe(), [], `at ${width}`);
        assert.deepEqual(await window.overflow(), [], `at ${width}`);
      }
      await window.close();
    };
  }
}

for (const name of Object.keys(STATES).filter((name) => /^(rotation|entry|providers)/.test(name))) {
  quality[`${name}: nothing clips at 200 %`] = async (open) => {
    const window = await open({ width: 900, height: 600 });
    await STATES[name](window);
    await window.page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
    await window.page.waitForTimeout(60);
    assert.deepEqual(await window.overflow(), [], "with text of twice the size");
    await window.shot(`state-${name}-text200`);
    await window.page.evaluate(() => (document.documentElement.style.fontSize = ""));
    await window.page.setViewportSize({ width: 450, height: 300 });
    await window.page.waitForTimeout(60);
    assert.deepEqual(await window.overflow(), [], "with a zoom of 200 %");
    await window.close();
  };
}

const SPACED = BODY.replaceAll(":", ": ");

/** Fills the capture and verifies it. */
async function verify(window, capture) {
  await window.press("5");
  await window.type("webhook-capture", capture);
  await window.row("webhook-secret", "acme/prod/stripe-hook").check();
  await window.click("webhook-verify");
  await window.at("verdict").waitFor();
}

const WEBHOOKS = {
  valid: (window) => verify(window, stripe()),
  invalid: async (window) => {
    await verify(window, stripe({ body: SPACED }));
    await window.at("webhook-snippet").waitFor();
  },
  "other-secret": (window) => verify(window, stripe({ secret: TEST })),
  old: (window) => verify(window, stripe({ age: 4000 })),
  har: async (window) => {
    await window.press("5");
    await window.type("webhook-capture", har([BODY, null, SPACED]));
    await window.row("webhook-pick", "2").check();
    await window.at("webhook-losses").waitFor();
  },
  unread: async (window) => {
    await window.press("5");
    await window.type("webhook-capture", "hello");
    await window.at("webhook-unread").waitFor();
  },
  hostile: async (window) => {
    await window.press("5");
    await window.type(
      "webhook-capture",
      stripe({ body: `<img src=x onerror=window.pwned=1>\u202egnp.exe ${"x".repeat(400)}` })
        .replace("/webhooks/stripe", `/<script>window.pwned=1</script>${"y".repeat(300)}`)
        .replace("Host", "X-\u202e<b>\u200b: <iframe src=//evil>\nHost"),
    );
    await window.row("webhook-secret", "acme/prod/stripe-hook").check();
    await window.click("webhook-verify");
    await window.at("verdict").waitFor();
    assert.equal(await window.page.locator("img, iframe, #app script").count(), 0);
    assert.equal(await window.page.evaluate(() => window.pwned), undefined);
  },
  more: async (window) => {
    await window.press("5");
    await window.type("webhook-capture", stripe());
    await window.page.getByText("Replays and parameters").click();
    await window.click("webhook-param-add");
    await window.click("webhook-param-add");
    await window.at("webhook-preview").waitFor();
  },
  sign: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-sign");
  },
  signed: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-sign");
    await window.page.getByText("Headers, id and parameters").click();
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.click("webhook-sign");
    await window.at("signed").waitFor();
  },
  send: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-send");
  },
  sent: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-send");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.type("send-target", "http://localhost:3000/broken");
    await window.click("webhook-send");
    await window.at("sent").waitFor();
  },
  "send-capture": async (window) => {
    await window.press("5");
    await window.click("webhook-mode-send");
    await window.click("send-what-capture");
    await window.type("webhook-capture", stripe());
    await window.at("webhook-preview").waitFor();
  },
  "send-away": async (window) => {
    await window.press("5");
    await window.click("webhook-mode-send");
    await window.at("sign-secret").selectOption("acme/prod/stripe-hook");
    await window.type("send-target", "https://shop.example/");
    await window.click("webhook-send");
    await window.at("error").waitFor();
  },
  handshake: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-handshake");
  },
  answer: async (window) => {
    await window.press("5");
    await window.click("webhook-mode-handshake");
    await window.type("webhook-capture", SLACK);
    await window.click("webhook-handshake");
    await window.at("answer").waitFor();
  },
};

for (const [name, enter] of Object.entries(WEBHOOKS)) {
  for (const scheme of ["light", "dark"]) {
    quality[`webhook state ${name}, ${scheme}: no serious fault, nothing sticks out`] = async (
      open,
    ) => {
      const window = await open({ scheme });
      await enter(window);
      for (const [width, height, size] of [
        [1280, 800, ""],
        [900, 600, ""],
        [900, 600, "200%"],
        [450, 300, ""],
      ]) {
        await window.page.setViewportSize({ width, height });
        await window.page.evaluate(
          (size) => (document.documentElement.style.fontSize = size),
          size,
        );
        await window.page.waitForTimeout(60);
        assert.deepEqual(await window.overflow(), [], `at ${width} ${size}`);
        if (size === "" && width > 450) assert.deepEqual(await window.axe(), [], `at ${width}`);
        await window.shot(`webhook-${name}-${scheme}-${width}${size && "-text200"}`);
      }
      await window.close();
    };
  }
}

for (const [name, query] of Object.entries({ empty: "?empty", locked: "?locked" })) {
  quality[`${name} vault: every screen is whole`] = async (open) => {
    const window = await open({ query, width: 900, height: 600 });
    for (const screen of SCREENS) {
      await window.click(`nav-${screen}`);
      await window.page.waitForTimeout(80);
      assert.deepEqual(await window.axe(), [], screen);
      assert.deepEqual(await window.overflow(), [], screen);
      await window.shot(`${name}-${screen}`);
    }
    await window.close();
  };
}
