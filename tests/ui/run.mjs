// The window in a real browser over the fake backend. `node tests/ui/run.mjs [part of a name]`;
// build the window first. Pictures of every screen are left in artifacts/ui.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { open, ROOT, start } from "./harness.mjs";
import { journeys } from "./journeys.mjs";
import { lock } from "./lock.mjs";
import { quality } from "./quality.mjs";
import { rotation } from "./rotation.mjs";

if (!existsSync(join(ROOT, "ui", "dist", "index.html"))) {
  process.stderr.write("There is no ui/dist: run `npm run build` in ui first.\n");
  process.exit(2);
}

const wanted = process.argv[2] ?? "";
const stage = await start();
let passed = 0;
let failed = 0;
try {
  for (const [name, test] of Object.entries({ ...journeys, ...rotation, ...quality, ...lock })) {
    if (!name.includes(wanted)) continue;
    try {
      await test((options) => open(stage, options));
      passed += 1;
      process.stdout.write(`ok   ${name}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(
        `FAIL ${name}\n     ${String(error.stack ?? error).replaceAll("\n", "\n     ")}\n`,
      );
    }
    // A failed test leaves its window open.
    for (const context of stage.browser.contexts()) await context.close();
  }
} finally {
  await stage.stop();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);
