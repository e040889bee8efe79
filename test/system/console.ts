import { setTimeout as delay } from "node:timers/promises";
import type { Terminal } from "./tmux.ts";

/** The dialog's text has to be on the screen for a moment before Enter counts. */
const reading = 600;

/** Presses the key of an act, reads the dry run, chooses the button and presses it. */
export async function actInConsole(terminal: Terminal, key: string, says: RegExp, button: RegExp): Promise<void> {
  terminal.type(key);
  await terminal.until(says);
  terminal.type("Tab");
  await terminal.until(button);
  await delay(reading);
  terminal.type("Enter");
}

/** Selects the row of this name on the tab that is shown. */
export async function select(terminal: Terminal, name: string): Promise<void> {
  const selected = new RegExp(`^▌ .*${name} `, "m");
  for (let at = 0; at < 8 && !selected.test(terminal.text); at += 1) {
    terminal.type("Down");
    await delay(300);
  }
  await terminal.until(selected);
}
