// What the machine calls its keys.

/** Whether commands are typed with Cmd. */
export const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
