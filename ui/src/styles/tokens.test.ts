import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(process.cwd(), "src");
const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".svelte"),
);
const tokens = readFileSync(join(SRC, "styles", "tokens.css"), "utf8");

function styleOf(name: string): string {
  return /<style>([\s\S]*)<\/style>/.exec(readFileSync(join(SRC, name), "utf8"))?.[1] ?? "";
}

test("no component has a colour or a typeface of its own", () => {
  expect(files.length).toBeGreaterThan(30);
  for (const name of files) {
    expect(styleOf(name), name).not.toMatch(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(|oklch\(|serif/i);
  }
});

test("every token that a component names exists", () => {
  const defined = new Set(tokens.match(/--[\w-]+(?=:)/g));
  for (const name of files) {
    const markup = readFileSync(join(SRC, name), "utf8");
    const own = new Set(
      [...(markup.match(/style:(--[\w-]+)/g) ?? [])].map((found) => found.slice("style:".length)),
    );
    for (const [, used] of markup.matchAll(/var\((--[\w-]+)\)/g)) {
      expect(defined.has(used ?? "") || own.has(used ?? ""), `${name}: ${used}`).toBe(true);
    }
  }
});

// WCAG 2: relative luminance and contrast of two colours.
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function colours(name: string): [string, string] {
  const found = new RegExp(`${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(tokens);
  return [found?.[1] ?? "", found?.[2] ?? ""];
}

test("text reaches 4.5:1 and lines and pictures 3:1 on every ground, in both themes", () => {
  const grounds = ["--bg", "--bg-side", "--bg-panel", "--bg-sunk"];
  for (const ground of grounds) {
    for (const theme of [0, 1] as const) {
      const on = colours(ground)[theme];
      for (const text of ["--text", "--text-2", "--accent", "--red", "--amber", "--green"]) {
        expect(contrast(colours(text)[theme], on), `${text} on ${ground}`).toBeGreaterThanOrEqual(
          4.5,
        );
      }
      for (const line of ["--line-strong", "--fill-accent", "--fill-red", "--fill-amber"]) {
        expect(contrast(colours(line)[theme], on), `${line} on ${ground}`).toBeGreaterThanOrEqual(
          3,
        );
      }
    }
  }
});
