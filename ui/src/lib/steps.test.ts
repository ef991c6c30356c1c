import { expect, test } from "vitest";
import { hasPart, stepParts, type StepPart } from "./steps";

const NOBODYS = { own: null, console: null };
const OURS = {
  own: { entry: "acme/prod/stripe", version: 3, stage: "current" },
  console: "https://dashboard.stripe.com/apikeys",
};

const text = (words: string): StepPart => ({ kind: "text", text: words });
const command = (words: string): StepPart => ({ kind: "command", text: words });

test("commands end with their clause", () => {
  expect(
    stepParts("In the last commit: git commit --amend. Further back: git rebase -i.", NOBODYS),
  ).toEqual([
    text("In the last commit: "),
    command("git commit --amend"),
    text(". Further back: "),
    command("git rebase -i"),
    text("."),
  ]);
  expect(stepParts("Load it at run time (keyward run -- CMD).", NOBODYS)).toEqual([
    text("Load it at run time ("),
    command("keyward run -- CMD"),
    text(")."),
  ]);
  expect(stepParts("It is staged: git restore --staged a.env, then edit it.", NOBODYS)).toEqual([
    text("It is staged: "),
    command("git restore --staged a.env"),
    text(", then edit it."),
  ]);
  expect(stepParts("Cleaning comes last: git filter-repo --replace-text", NOBODYS)).toEqual([
    text("Cleaning comes last: "),
    command("git filter-repo --replace-text"),
  ]);
});

test("backticks say it outright, and prose about git is prose", () => {
  expect(stepParts("Run `make clean` first.", NOBODYS)).toEqual([
    text("Run "),
    command("make clean"),
    text(" first."),
  ]);
  const prose = "Take it out of git before the keyward backup.";
  expect(stepParts(prose, NOBODYS)).toEqual([text(prose)]);
});

test("only the rotation of our own entry becomes the button", () => {
  const step = "Replace it: keyward rotate acme/prod/stripe --start";
  expect(stepParts(step, OURS)).toEqual([text("Replace it: "), { kind: "rotate" }]);
  expect(stepParts(step.replace("prod", "test"), OURS)[1]?.kind).toBe("command");
  expect(stepParts(step, NOBODYS)[1]?.kind).toBe("command");
});

test("only the console of the finding becomes a button, not every address", () => {
  const step = `Make a new one at ${OURS.console}`;
  const parts = stepParts(step, OURS);
  expect(parts).toEqual([
    text("Make a new one at "),
    { kind: "console", text: "https://dashboard.stripe.com/apikeys" },
  ]);
  expect(hasPart([[], parts], "console")).toBe(true);
  expect(hasPart([[], parts], "rotate")).toBe(false);
  expect(stepParts("See https://evil.example/", OURS)).toEqual([text("See https://evil.example/")]);
});

test("nothing of a step is lost", () => {
  for (const step of ["", "`", "(git a", "git", "git x; git y", ": git a: git b. ", "a `b` `c"]) {
    const shown = stepParts(step, NOBODYS)
      .map((part) => ("text" in part ? part.text : ""))
      .join("");
    expect(shown.replaceAll("`", "")).toBe(step.replaceAll("`", ""));
  }
});
