// Every action of the window with its name and key. Palette, shortcuts and buttons read this list.

import { api } from "./api";
import { app, type ScreenId } from "./app.svelte";
import { driving } from "./driving.svelte";
import type { IconName } from "./icons";
import { compareUrgency } from "./urgency";
import { type Mode, webhooks } from "./webhooks.svelte";

export interface Action {
  id: string;
  name: string;
  icon: IconName;
  /** A combination as in `keys.ts`. */
  key?: string;
  /** The key holds on this screen only; without it, everywhere. */
  screen?: ScreenId;
  run: () => void;
}

/** The screens in the order of the sidebar; their keys are 1 to 9. */
export const SCREENS: { id: ScreenId; name: string; icon: IconName }[] = [
  { id: "home", name: "Home", icon: "house" },
  { id: "secrets", name: "Secrets", icon: "key-round" },
  { id: "rotation", name: "Rotation", icon: "refresh-cw" },
  { id: "leaks", name: "Leaks", icon: "scan-search" },
  { id: "webhooks", name: "Webhooks", icon: "webhook" },
  { id: "backups", name: "Backups", icon: "archive" },
  { id: "audit", name: "Audit", icon: "scroll-text" },
  { id: "issued", name: "Issued keys", icon: "key-square" },
  { id: "settings", name: "Settings", icon: "settings" },
];

function selectedSecret(then: (name: string) => void): void {
  if (app.secrets.selected) then(app.secrets.selected);
}

function newSecret(): void {
  app.secrets.pane = "new";
  app.go("secrets");
}

function rotateNext(): void {
  const urgent = [...(app.entries.value?.entries ?? [])].sort(compareUrgency)[0];
  if (urgent) app.openRotation(urgent.name);
  else app.go("rotation");
}

function openWebhooks(mode: Mode): void {
  webhooks.mode = mode;
  app.go("webhooks");
}

async function saveCalendar(): Promise<void> {
  try {
    const path = await api().pickSave({ title: "Save the calendar", name: "keyward.ics" });
    if (path) app.say(`Saved \`${(await api().saveCalendar({ path })).path}\`.`);
  } catch (thrown) {
    app.complain(thrown);
  }
}

const HERE: Action[] = [
  {
    id: "lock",
    name: "Lock",
    icon: "lock",
    key: "mod+l",
    run: () => void app.lockNow(),
  },
  {
    id: "palette",
    name: "Search everything",
    icon: "search",
    key: "mod+k",
    run: () => (app.palette = true),
  },
  {
    id: "home-new-secret",
    name: "New secret",
    icon: "plus",
    key: "n",
    screen: "home",
    run: newSecret,
  },
  {
    id: "new-secret",
    name: "New secret",
    icon: "plus",
    key: "n",
    screen: "secrets",
    run: newSecret,
  },
  {
    id: "import",
    name: "Import secrets from a file",
    icon: "download",
    key: "i",
    screen: "secrets",
    run: () => {
      app.secrets.pane = "import";
      app.go("secrets");
    },
  },
  {
    id: "copy-secret",
    name: "Copy the open secret",
    icon: "copy",
    key: "c",
    screen: "secrets",
    run: () => selectedSecret((name) => void app.copy(name)),
  },
  {
    id: "edit-secret",
    name: "Edit the open secret",
    icon: "pencil",
    key: "e",
    screen: "secrets",
    run: () => selectedSecret(() => (app.secrets.pane = "edit")),
  },
  {
    id: "rotate-secret",
    name: "Rotate the open secret",
    icon: "refresh-cw",
    key: "r",
    screen: "secrets",
    run: () => selectedSecret((name) => app.openRotation(name)),
  },
  {
    id: "revoke-secret",
    name: "Revoke the open secret now",
    icon: "triangle-alert",
    screen: "secrets",
    run: () => selectedSecret((name) => void driving.revoke(name)),
  },
  {
    id: "rotate-next",
    name: "Rotate what is most urgent",
    icon: "refresh-cw",
    key: "n",
    screen: "rotation",
    run: rotateNext,
  },
  {
    id: "save-calendar",
    name: "Save due dates as a calendar",
    icon: "calendar-days",
    run: () => void saveCalendar(),
  },
  {
    id: "scan",
    name: "Scan the open repository",
    icon: "scan-search",
    key: "n",
    screen: "leaks",
    run: () => void app.trigger("leaks", "scan"),
  },
  {
    id: "add-repository",
    name: "Add a repository",
    icon: "plus",
    key: "a",
    screen: "leaks",
    run: () => {
      app.leaks.adding = true;
      app.go("leaks");
    },
  },
  {
    id: "webhook-task",
    name: "Verify, sign, send or answer",
    icon: "webhook",
    key: "n",
    screen: "webhooks",
    run: () => void app.trigger("webhooks", "webhook-task"),
  },
  {
    id: "verify-webhook",
    name: "Verify a webhook",
    icon: "webhook",
    run: () => openWebhooks("verify"),
  },
  {
    id: "sign-webhook",
    name: "Sign a webhook sample",
    icon: "webhook",
    run: () => openWebhooks("sign"),
  },
  {
    id: "send-webhook",
    name: "Send a webhook to an endpoint",
    icon: "webhook",
    run: () => openWebhooks("send"),
  },
  {
    id: "answer-handshake",
    name: "Answer a webhook handshake",
    icon: "webhook",
    run: () => openWebhooks("handshake"),
  },
  {
    id: "back-up",
    name: "Back up now",
    icon: "archive",
    key: "n",
    screen: "backups",
    run: () => {
      app.backups.pane = "create";
      app.go("backups");
    },
  },
  {
    id: "rehearse",
    name: "Rehearse a restore",
    icon: "rotate-ccw",
    key: "r",
    screen: "backups",
    run: () => {
      app.backups.pane = "restore";
      app.go("backups");
    },
  },
  {
    id: "verify-chain",
    name: "Verify the audit chain",
    icon: "shield-check",
    key: "n",
    screen: "audit",
    run: () => void app.trigger("audit", "verify-chain"),
  },
  {
    id: "issue-key",
    name: "Issue a key",
    icon: "plus",
    key: "n",
    screen: "issued",
    run: () => {
      app.issued.pane = "create";
      app.go("issued");
    },
  },
  {
    id: "verify-key",
    name: "Verify an issued key",
    icon: "shield-check",
    key: "v",
    screen: "issued",
    run: () => {
      app.issued.pane = "verify";
      app.go("issued");
    },
  },
  {
    id: "check-health",
    name: "Check health",
    icon: "shield-check",
    key: "n",
    screen: "settings",
    run: () => void app.trigger("settings", "check-health"),
  },
];

/** All actions; switching screens among them. */
export const ACTIONS: Action[] = [
  ...HERE,
  ...SCREENS.map((screen, index): Action => ({
    id: `go-${screen.id}`,
    name: `Go to ${screen.name}`,
    icon: screen.icon,
    key: String(index + 1),
    run: () => app.go(screen.id),
  })),
];

/** The action of an id; buttons name theirs by it. */
export function action(id: string): Action {
  const found = ACTIONS.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`no action ${id}`);
  return found;
}
