// Waiting for the program: what was last known, whether it takes long, and what went wrong.

import { type ApiError, toApiError } from "./api";

const SLOW_AFTER = 300;

/** Something that is fetched and shown. Only the newest answer counts. */
export class Load<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** True once nothing is known and the wait has been noticeable: time for a skeleton. */
  slow = $state(false);
  #turn = 0;

  async run(fetch: () => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    const timer = setTimeout(() => {
      if (turn === this.#turn && this.value === null) this.slow = true;
    }, SLOW_AFTER);
    try {
      const value = await fetch();
      if (turn !== this.#turn) return;
      this.value = value;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = toApiError(thrown);
    } finally {
      clearTimeout(timer);
      if (turn === this.#turn) this.slow = false;
    }
  }

  /** Forgets the answer, and any that is still on its way. */
  clear(): void {
    this.#turn += 1;
    this.value = null;
    this.error = null;
    this.slow = false;
  }
}

/** Something that is done once at a press of a button. */
export class Task {
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);

  /** Runs it unless it is running; answers null when it failed, and keeps the error. */
  async run<T>(work: () => Promise<T>): Promise<{ value: T } | null> {
    if (this.busy) return null;
    this.busy = true;
    this.error = null;
    try {
      return { value: await work() };
    } catch (thrown) {
      this.error = toApiError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
