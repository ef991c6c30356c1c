// The few WebDriver calls that the story needs (W3C WebDriver, Level 2), over plain HTTP, against
// WebKitWebDriver: a real window of the built app.

import { execFileSync, spawn } from "node:child_process";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** A port that nobody uses right now. */
async function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the driver and the app under it. */
export async function open(binary, env) {
  const port = await freePort();
  const driver = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
    env: { ...process.env, ...env, TAURI_WEBVIEW_AUTOMATION: "true" },
    stdio: ["ignore", "inherit", "inherit"],
    // A process group of its own: the app stays in the tray when its window closes, and ends with
    // the group.
    detached: true,
  });
  const base = `http://127.0.0.1:${port}`;
  const call = async (method, path, body) => {
    const answer = await fetch(base + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(30_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value?.error}: ${value?.message}`);
    return value;
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await call("GET", "/status");
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
  const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary, args: [] } } };
  const { sessionId } = await call("POST", "/session", { capabilities });
  return new Window(call, `/session/${sessionId}`, driver);
}

/** One window under automation. */
class Window {
  constructor(call, session, driver) {
    this.call = (method, path, body) => call(method, session + path, body);
    this.driver = driver;
  }

  async close() {
    try {
      await this.call("DELETE", "");
    } finally {
      process.kill(-this.driver.pid);
      await sleep(300);
    }
  }

  async size(width, height) {
    await this.call("POST", "/window/rect", { width, height });
    await sleep(200);
  }

  /** Runs a script in the page and returns its value. */
  async script(text, ...args) {
    return this.call("POST", "/execute/sync", { script: text, args });
  }

  /** The elements that fit a selector. */
  async all(selector) {
    const found = await this.call("POST", "/elements", { using: "css selector", value: selector });
    return found.map((one) => one[ELEMENT]);
  }

  /** Waits for an element by its test id or selector, and returns it. */
  async find(what, seconds = 15) {
    const selector = /^[a-z]+-[\w-]+$|^(run|undo|toast|palette)$/.test(what)
      ? `[data-testid="${what}"]`
      : what;
    const until = Date.now() + seconds * 1000;
    for (;;) {
      const [first] = await this.all(selector);
      if (first !== undefined) return first;
      if (Date.now() > until) {
        const page = await this.script("return document.body.innerText");
        throw new Error(`no ${selector} on the page, which says:\n${page}`);
      }
      await sleep(100);
    }
  }

  async click(what) {
    const element = await this.find(what);
    await this.call("POST", `/element/${element}/click`, {});
  }

  /** Types into a field, after emptying it. */
  async type(what, text) {
    const element = await this.find(what);
    await this.call("POST", `/element/${element}/clear`, {});
    await this.call("POST", `/element/${element}/value`, { text });
  }

  /** Sets a long text at once, as a paste does. */
  async paste(what, text) {
    const element = await this.find(what);
    await this.script(
      "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', { bubbles: true }))",
      { [ELEMENT]: element },
      text,
    );
  }

  /** Chooses an option of a list by its value. */
  async choose(what, value) {
    const element = await this.find(what);
    await this.script(
      "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', { bubbles: true }))",
      { [ELEMENT]: element },
      value,
    );
  }

  async keys(...keys) {
    const down = keys.map((value) => ({ type: "keyDown", value }));
    const up = [...keys].reverse().map((value) => ({ type: "keyUp", value }));
    await this.call("POST", "/actions", {
      actions: [{ type: "key", id: "keyboard", actions: [...down, ...up] }],
    });
  }

  async text(what) {
    const element = await this.find(what);
    // The driver's own reading of text is empty where the page's prototypes are frozen.
    return this.script("return arguments[0].innerText", { [ELEMENT]: element });
  }

  /** Waits until an element's text has these words. */
  async says(what, words, seconds = 20) {
    const until = Date.now() + seconds * 1000;
    let text = "";
    for (;;) {
      text = await this.text(what).catch((error) => String(error));
      if (text.includes(words)) return text;
      if (Date.now() > until) throw new Error(`${what} does not say "${words}" but:\n${text}`);
      await sleep(150);
    }
  }

  /** Everything that the page holds: markup, field values, storage. */
  async everything() {
    return this.script(`
      const fields = [...document.querySelectorAll("input, textarea")].map((one) => one.value);
      return [document.documentElement.outerHTML, ...fields,
        JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })].join("\\n");
    `);
  }

  /** What is on the display where the window is: it has no frame here and stands in the corner. */
  async screenshot(path) {
    // The driver's own screenshot waits for ever on a display without a graphics card.
    const { width, height } = await this.call("GET", "/window/rect");
    execFileSync("import", ["-window", "root", "-crop", `${width}x${height}+0+0`, "+repage", path]);
  }
}
