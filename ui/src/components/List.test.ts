import { createRawSnippet, flushSync, mount, unmount } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import List from "./List.svelte";

let mounted: Record<string, unknown> | undefined;
afterEach(() => {
  if (mounted) void unmount(mounted);
  document.body.replaceChildren();
});

function show(selected: string | null) {
  const onselect = vi.fn();
  const onopen = vi.fn();
  mounted = mount(List, {
    target: document.body,
    props: {
      items: [
        { id: "a", group: "first" },
        { id: "b", group: "first" },
        { id: "c", group: "second" },
      ],
      selected,
      label: "Letters",
      onselect,
      onopen,
      row: createRawSnippet<[{ id: string }]>((item) => ({ render: () => `<b>${item().id}</b>` })),
    },
  });
  flushSync();
  const list = document.querySelector<HTMLElement>('[role="listbox"]');
  if (!list) throw new Error("there is no list");
  const press = (key: string, held: KeyboardEventInit = {}) =>
    list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...held }));
  return { list, press, onselect, onopen };
}

test("arrows go on across groups", () => {
  const { press, onselect } = show("b");
  press("ArrowDown");
  expect(onselect).toHaveBeenLastCalledWith("c");
  press("Home");
  expect(onselect).toHaveBeenLastCalledWith("a");
});

test("the first arrow selects the first row", () => {
  const { press, onselect } = show(null);
  press("ArrowDown");
  expect(onselect).toHaveBeenCalledWith("a");
});

test("Enter opens what is selected, and nothing when nothing is", () => {
  const some = show("b");
  some.press("Enter");
  expect(some.onopen).toHaveBeenCalledWith("b");
  if (mounted) void unmount(mounted);
  const none = show(null);
  none.press("Enter");
  expect(none.onopen).not.toHaveBeenCalled();
});

test("a press with Ctrl is someone else's", () => {
  const { press, onselect } = show("a");
  press("ArrowDown", { ctrlKey: true });
  expect(onselect).not.toHaveBeenCalled();
});

test("screen readers are told the row, its group and that it is selected", () => {
  const { list } = show("c");
  const row = document.getElementById(list.getAttribute("aria-activedescendant") ?? "");
  expect(row?.textContent).toBe("c");
  expect(row?.getAttribute("aria-selected")).toBe("true");
  expect(row?.closest('[role="group"]')?.getAttribute("aria-label")).toBe("second");
});
