// The lock: a passphrase kept in memory, with the waits of the real one.

import { ApiError } from "../api";
import type { LockStatus } from "../bindings";
import type { FakeVault } from "./vault";

export function lockCommands(v: FakeVault) {
  let passphrase: string | null = v.options.lock ? "correct horse" : null;
  let locked = v.options.lock;
  let since = passphrase ? v.at() : null;
  let failed = 0;
  let until = 0;

  const status = (): LockStatus => ({
    version: 1,
    passphrase: passphrase !== null,
    locked,
    since,
    unlocked_for: null,
    wait: Math.max(0, Math.ceil((until - performance.now()) / 1000)),
    behind: 0,
  });

  function attempt(words: string): void {
    const { wait } = status();
    if (wait > 0) {
      throw new ApiError(
        "UNLOCK_WAIT",
        `Another try has to wait ${wait} seconds. Nothing was changed.`,
        "The wait ends by itself, after half a minute at the longest.",
      );
    }
    if (words === passphrase) {
      failed = 0;
      return;
    }
    failed += 1;
    const delay = Math.min(2 ** (failed - 1), 30);
    until = performance.now() + delay * 1000;
    v.record("unlock-failed", "vault", `wrong passphrase, ${failed} in a row`);
    throw new ApiError(
      "VAULT_WRONG_PASSPHRASE",
      "The passphrase is wrong. The vault stays as it was.",
      `Try again in ${delay} second${delay === 1 ? "" : "s"}.`,
    );
  }

  return {
    lockStatus: async () => {
      await v.turn();
      return status();
    },
    lock: async () => {
      await v.turn();
      if (passphrase !== null && !locked) v.record("lock", "vault", "the window");
      locked = passphrase !== null;
      return status();
    },
    unlock: async (args: { passphrase: string }) => {
      await v.turn();
      attempt(args.passphrase);
      locked = false;
      v.record("unlock", "vault", "for the window");
      return status();
    },
    passphraseSet: async (args: { passphrase: string }) => {
      await v.turn();
      passphrase = args.passphrase;
      since = v.at();
      v.record("passphrase-set", "vault");
      return status();
    },
    passphraseChange: async (args: { passphrase: string; next: string }) => {
      await v.turn();
      attempt(args.passphrase);
      passphrase = args.next;
      since = v.at();
      v.record("passphrase-change", "vault");
      return status();
    },
    passphraseRemove: async (args: { passphrase: string }) => {
      await v.turn();
      attempt(args.passphrase);
      passphrase = null;
      since = null;
      v.record("passphrase-remove", "vault");
      return status();
    },
    active: async () => {},
    // Nothing but the person locks the fake.
    onLocked: async () => () => {},
  };
}
