import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { asciiGlyphs, unicodeGlyphs } from "../../src/tui/draw/glyphs.ts";
import type { Line } from "../../src/tui/draw/line.ts";
import type { Key } from "../../src/tui/keys/split.ts";
import type { Effect, Message } from "../../src/tui/model/message.ts";
import { initialState, type Setup, type State } from "../../src/tui/model/state.ts";
import { update } from "../../src/tui/model/update.ts";
import { screen } from "../../src/tui/screens/screen.ts";
import { aSnapshot } from "../fakes/snapshot.ts";

export const unicodeSetup: Setup = {
  glyphs: unicodeGlyphs,
  readOnly: false,
  ctl: "sssonector ctl",
  recording: undefined,
  ssh: null,
  keys: {},
};
export const asciiSetup: Setup = { ...unicodeSetup, glyphs: asciiGlyphs };

export function textOf(line: Line): string {
  return line.map((part) => part.text).join("");
}

/** The lines of the whole screen as text. */
export function drawn(state: State): string[] {
  const { title, above, table, below } = screen(state);
  return [title, ...above, ...table, ...below].map(textOf);
}

const named = new Set([
  "up",
  "down",
  "left",
  "right",
  "tab",
  "enter",
  "escape",
  "backspace",
  "home",
  "end",
  "pagedown",
]);

export function keyOf(name: string): Key {
  return named.has(name) || name.includes("+") ? { name } : { name, text: name };
}

interface DriverOptions {
  columns?: number;
  rows?: number;
  setup?: Setup;
  role?: "viewer" | "operator";
}

/** A console without Ink: messages in, state and effects out, time by hand. */
export class Driver {
  state: State;
  effects: Effect[] = [];
  now = 10_000;

  constructor({ columns = 100, rows = 30, setup = unicodeSetup, role = "operator" }: DriverOptions = {}) {
    this.state = initialState(setup, columns, rows);
    this.send({ kind: "link", link: { kind: "up", role }, now: this.now });
  }

  send(message: Message): this {
    const { state, effects } = update(this.state, message);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  snapshot(snapshot: Snapshot = aSnapshot()): this {
    return this.send({ kind: "snapshot", snapshot, now: this.now });
  }

  wait(ms: number): this {
    this.now += ms;
    return this.send({ kind: "tick", now: this.now });
  }

  /** Keys one by one, each in an event of its own, with a human's pause after it. */
  press(...names: string[]): this {
    for (const name of names) {
      this.now += 500;
      this.send({ kind: "keys", keys: [keyOf(name)], now: this.now });
    }
    return this;
  }

  /** Keys in one input event. */
  burst(...names: string[]): this {
    return this.send({ kind: "keys", keys: names.map(keyOf), now: this.now });
  }

  /** The daemon's answer to the open dialog. */
  answer(dryRun: boolean, text: string, { ok = true, lastHealthy = false } = {}): this {
    const risk = lastHealthy ? "last_healthy" : undefined;
    const token = this.state.dialogs;
    return this.send({ kind: "answer", token, answer: { dryRun, ok, text, risk }, now: this.now });
  }

  /** What the daemon was told to do, dry runs left out. */
  get acts(): Extract<Effect, { kind: "act" }>[] {
    return this.effects.filter((effect) => effect.kind === "act").filter((effect) => !effect.dryRun);
  }

  get lines(): string[] {
    return drawn(this.state);
  }

  get text(): string {
    return this.lines.join("\n");
  }
}
