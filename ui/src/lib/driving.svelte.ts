// A run that goes on by itself. It belongs to the window, not to the screen that started it.

import { type ApiError, api, toApiError } from "./api";
import { app } from "./app.svelte";
import type { RunView } from "./bindings";

/** What Keyward is at now. */
export interface Drive {
  entry: string;
  /** The run after its last step, once there was one. */
  view: RunView | null;
  stopping: boolean;
}

class Driving {
  now = $state<Drive | null>(null);
  /** Why the last one stopped, by entry. */
  errors = $state.raw<Record<string, ApiError>>({});

  /** Lets Keyward go on with a run. */
  async drive(entry: string): Promise<RunView | null> {
    const view = await this.#work(entry, () => api().rotationDrive({ name: entry }));
    // Whoever is at the run sees it there.
    if (app.screen === "rotation" && app.rotation.selected === entry) return view;
    if (!view) this.#complain(entry);
    else if (view.state === "done") app.say(`\`${entry}\` is rotated. The old key is dead.`);
    else app.say(`The rotation of \`${entry}\` goes on with you: ${view.next?.title ?? ""}.`);
    return view;
  }

  /** Revokes the current value of an entry first, and opens its run. */
  async revoke(entry: string): Promise<void> {
    const view = await this.#work(entry, () => api().revoke({ name: entry }));
    if (view) app.openRotation(entry);
    else this.#complain(entry);
  }

  /** The same for a finding of our own. */
  async revokeFinding(fingerprint: string, entry: string): Promise<void> {
    const done = await this.#work(entry, async () => ({
      view: await api().revokeFinding({ fingerprint }),
    }));
    if (!done) this.#complain(entry);
    else if (done.view) app.openRotation(entry);
    else app.say(`The old version is revoked. \`${entry}\` has another value, which stays.`);
  }

  async stop(): Promise<void> {
    if (!this.now) return;
    this.now.stopping = true;
    await api()
      .cancelDrive()
      .catch((thrown: unknown) => app.complain(thrown));
  }

  forget(entry: string): void {
    const { [entry]: _, ...rest } = this.errors;
    this.errors = rest;
  }

  /** Keeps up with the steps while the window lives. Answers with its end. */
  start(): () => void {
    const progress = api().onRotationProgress((view) => {
      if (this.now?.entry === view.entry) this.now.view = view;
    });
    return () => void progress.then((end) => end());
  }

  async #work<T>(entry: string, work: () => Promise<T>): Promise<T | null> {
    if (this.now) return null;
    this.forget(entry);
    this.now = { entry, view: null, stopping: false };
    try {
      return await work();
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.code === "CANCELLED" && this.now.stopping)
        app.say("Stopped. The run stands where it is.");
      this.errors = { ...this.errors, [entry]: error };
      return null;
    } finally {
      this.now = null;
      await app.refresh();
    }
  }

  /** Says what went wrong where no run is shown. */
  #complain(entry: string): void {
    const error = this.errors[entry];
    if (error) app.complain(error);
    this.forget(entry);
  }
}

export const driving = new Driving();
