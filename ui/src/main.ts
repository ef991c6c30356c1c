// Starts the window: over the desktop shell when there is one, else over the fake.

import { mount } from "svelte";
import App from "./App.svelte";
import { setApi } from "./lib/api";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";

async function start(): Promise<void> {
  if ("__TAURI_INTERNALS__" in window) {
    setApi((await import("./lib/tauri")).tauriApi);
  } else {
    const fake = await import("./lib/fake");
    setApi(fake.fakeApi(fake.optionsOf(location.search)));
  }
  const target = document.getElementById("app");
  if (target) mount(App, { target });
}

void start();
