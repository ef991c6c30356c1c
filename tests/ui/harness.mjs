// The few verbs of the browser tests: open the window in a state, click, type, expect.

import { createRequire } from "node:module";
import { strict as assert } from "node:assert";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./server.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "..", "..");
const UI = join(ROOT, "ui");
// Milliseconds: only a failing test waits this long, a busy machine may need them.
const PATIENCE = 15_000;
const SHOTS = join(ROOT, "artifacts", "ui");

// The packages are those of the window.
const require = createRequire(join(UI, "package.json"));
const { chromium } = require("playwright-core");

const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

export async function start() {
  await mkdir(SHOTS, { recursive: true });
  const server = await serve(join(UI, "dist"));
  const browser = await chromium.launch({
    executablePath: process.env.KEYWARD_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    browser,
    address: server.address,
    stop: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** A window of its own for one test. Everything the page complains about is collected. */
export async function open(
  stage,
  { query = "", scheme = "light", width = 1280, height = 800 } = {},
) {
  const context = await stage.browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const foreign = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(stage.address)) foreign.push(request.url());
  });
  await page.goto(`${stage.address}/${query}`);
  await page.locator('[data-testid="status-keychain"]').waitFor();
  // Keys come faster here than from a person: what they are for is there first.
  if (!query.includes("slow")) await page.waitForFunction(() => globalThis.unanswered === 0);

  const at = (id) => page.locator(`[data-testid="${id}"]`);
  return {
    page,
    at,
    click: (id) => at(id).first().click(),
    type: (id, text) => at(id).first().fill(text),
    press: (key) => page.keyboard.press(key),
    text: (id) => at(id).first().innerText(),
    /** Waits until a part says this: what a page shows first is often only that it is asking. */
    says: async (id, expected) => {
      const part = at(id).first();
      const end = Date.now() + PATIENCE;
      const told = (text) => (expected instanceof RegExp ? expected.test(text) : text === expected);
      let text = await part.innerText();
      while (!told(text) && Date.now() < end) {
        await page.waitForTimeout(50);
        text = await part.innerText();
      }
      if (expected instanceof RegExp) assert.match(text, expected);
      else assert.equal(text, expected);
    },
    row: (id, name) => page.locator(`[data-testid="${id}"][data-id="${name}"]`),
    shot: (name) => page.screenshot({ path: join(SHOTS, `${name}.png`) }),
    axe: async () => {
      await page.evaluate(AXE);
      const found = await page.evaluate(() =>
        globalThis.axe
          .run(document, { resultTypes: ["violations"] })
          .then((result) => result.violations),
      );
      return found
        .filter((violation) => ["serious", "critical"].includes(violation.impact))
        .map(
          (violation) =>
            `${violation.id}: ${violation.nodes
              .slice(0, 4)
              .map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`)
              .join(" | ")}`,
        );
    },
    /** Elements that stick out of the window or cut their text where nothing says so. */
    overflow: () =>
      page.evaluate(() => {
        const out = [];
        const root = document.documentElement;
        if (root.scrollWidth > root.clientWidth)
          out.push(`page ${root.scrollWidth} > ${root.clientWidth}`);
        // Hidden text that no positioned parent holds makes the window itself scroll.
        if (document.body.scrollHeight > innerHeight)
          out.push(`page ${document.body.scrollHeight} high > ${innerHeight}`);
        for (const node of document.querySelectorAll(
          ".body, .capture, [data-list], nav, header, .tools",
        )) {
          if (node.clientWidth > 0 && node.scrollWidth > node.clientWidth + 1) {
            out.push(`${node.tagName}.${node.className} ${node.scrollWidth} > ${node.clientWidth}`);
          }
        }
        for (const node of document.querySelectorAll("button, input, select, textarea")) {
          const box = node.getBoundingClientRect();
          if (
            box.width > 0 &&
            !node.closest(".visually-hidden") &&
            (box.right > innerWidth + 1 || box.left < -1)
          ) {
            out.push(
              `${node.tagName} ${node.dataset.testid ?? node.textContent} at ${box.left}–${box.right}`,
            );
          }
        }
        return out;
      }),
    close: async () => {
      await context.close();
      assert.deepEqual(complaints, [], "the console stays empty and no content policy is violated");
      assert.deepEqual(foreign, [], "nothing is requested from elsewhere");
    },
  };
}

export const SCREENS = [
  "home",
  "secrets",
  "rotation",
  "leaks",
  "webhooks",
  "backups",
  "audit",
  "issued",
  "settings",
];

/** Opens the repository that has a finding of every sort. */
export async function openAcme(window) {
  await window.click("nav-leaks");
  await window.row("repository-row", "/home/ada/work/acme").click();
  await window.at("finding-row").first().waitFor();
}

/** The finding of that name. */
export function findingRow(window, name) {
  return window.at("finding-row").filter({ has: window.page.getByText(name, { exact: true }) });
}

/** Opens a screen with something chosen on it, as someone at work would have it. */
export async function busyScreen(window, screen) {
  await window.click(`nav-${screen}`);
  if (screen === "secrets") await window.row("entry-row", "acme/prod/stripe").click();
  if (screen === "rotation") await window.row("rotation-row", "blog/prod/s3-upload").click();
  if (screen === "leaks") {
    await openAcme(window);
    await window.at("finding-row").first().locator("button").first().click();
  }
  if (screen === "issued") {
    await window.row("issued-row", "k7Qm2XcA").click();
    await window.click("issued-show-hash");
    await window.at("issued-hash").waitFor();
  }
  if (screen === "audit") await window.click("audit-verify");
  await window.page.waitForTimeout(120);
}
