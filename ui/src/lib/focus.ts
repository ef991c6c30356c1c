// Where the focus goes: into a form that opens, and from row to row with the arrow keys.

import { listMove } from "./keys";

/** Attachment: the first field in it takes the focus when it appears. */
export function focusFirst(node: HTMLElement): void {
  node.querySelector<HTMLElement>("input, textarea, select")?.focus();
}

const PATIENCE_MILLIS = 1000;

/** Moves the focus from a list to the heading of what it opened, as soon as that is there. */
export function focusDetail(): void {
  const started = performance.now();
  const from = document.activeElement;
  const look = () => {
    const heading = document.querySelector<HTMLElement>("[data-detail]");
    if (heading) heading.focus();
    // Whoever went elsewhere meanwhile is not pulled back.
    else if (performance.now() - started < PATIENCE_MILLIS && document.activeElement === from)
      requestAnimationFrame(look);
  };
  look();
}

/** Moves the focus between the elements of a list that match, when an arrow key was pressed on one. */
export function arrowFocus(event: KeyboardEvent, selector: string): void {
  if (!(event.currentTarget instanceof HTMLElement) || !(event.target instanceof HTMLElement))
    return;
  const all = Array.from(event.currentTarget.querySelectorAll<HTMLElement>(selector));
  const at = all.indexOf(event.target);
  const to = at < 0 ? null : listMove(event.key, at, all.length);
  if (to === null) return;
  event.preventDefault();
  all[to]?.focus();
}
