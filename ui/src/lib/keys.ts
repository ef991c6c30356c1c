// Which key press means what. A combination is written as in the palette: "mod+k", "n", "/".

/** The part of a key press that matters here; a `KeyboardEvent` fits. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing?: boolean;
}

/** Whether a press is this combination; `mod` is Cmd on a Mac and Ctrl elsewhere. */
export function matches(press: Press, combo: string, mac: boolean): boolean {
  // A press that belongs to an input method is never ours.
  if (press.isComposing) return false;
  const parts = combo.split("+");
  const key = parts.pop() ?? "";
  const mod = parts.includes("mod");
  const ctrl = mod && !mac;
  const meta = mod && mac;
  if (press.ctrlKey !== ctrl || press.metaKey !== meta || press.altKey) return false;
  // Signs such as "?" already say that Shift was held; for letters it must not be.
  if (/^[a-z]$/.test(key) && press.shiftKey !== parts.includes("shift")) return false;
  return press.key.toLowerCase() === key;
}

/** Whether plain letters belong to the element that has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["button", "checkbox", "radio", "submit", "range"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Where a list moves to on a press, or null when the press is none of its own. */
export function listMove(key: string, index: number, length: number, page = 10): number | null {
  if (length === 0) return null;
  const last = length - 1;
  switch (key) {
    case "ArrowDown":
      return Math.min(index + 1, last);
    case "ArrowUp":
      return Math.max(index - 1, 0);
    case "PageDown":
      return Math.min(index + page, last);
    case "PageUp":
      return Math.max(index - page, 0);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** A combination as it is printed: "Ctrl K", "⌘ K". */
export function comboLabel(combo: string, mac: boolean): string {
  return combo
    .split("+")
    .map((part) => {
      if (part === "mod") return mac ? "⌘" : "Ctrl";
      if (part === "shift") return mac ? "⇧" : "Shift";
      return part.length === 1 ? part.toUpperCase() : part;
    })
    .join(" ");
}

/** The same for `aria-keyshortcuts`. */
export function ariaCombo(combo: string, mac: boolean): string {
  return combo.replace("mod", mac ? "Meta" : "Control").replace("shift", "Shift");
}
