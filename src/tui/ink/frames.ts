import type { WriteStream } from "node:tty";
import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import type { Paint, Theme } from "../draw/paint.ts";
import { isStale, type State } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { screen } from "../screens/screen.ts";

export interface FramesParts {
  readonly store: Store;
  readonly paints: Readonly<Record<Theme, Paint>>;
  readonly stdout: WriteStream;
  readonly clock: Clock;
  /** Frames a second, at most. */
  readonly fps: number;
  /** A screen could not be drawn. */
  readonly failed: (error: unknown) => void;
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
/** Terminals that know it show a frame at once (synchronized output); others skip it. */
const [begin, end] = ["\u001b[?2026h", "\u001b[?2026l"];
const clear = "\u001b[2J";
const home = "\u001b[1;1H";

/** Milliseconds after a resize in which Ink has put away what it does about it. */
const afterResize: Millis = 20;

/** The state as painted lines, one a row of the terminal. */
export function paintedLines(state: State, paints: FramesParts["paints"]): string[] {
  const { title, above, table, below } = screen(state);
  const paint = paints[state.theme];
  const stale = isStale(state) && state.snapshot !== undefined;
  return [paint(title, false), ...[...above, ...table, ...below].map((line) => paint(line, stale))];
}

/**
 * Draws the store's state: of each frame only the lines that differ from the one before. Ink has the terminal and the
 * keys, and draws nothing itself: a frame costs it ten times as much.
 */
export class Frames implements Disposable {
  readonly #parts: FramesParts;
  #shown: readonly string[] = [];
  #size = "";
  #drawing = false;
  #due: Millis = 0;
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: FramesParts) {
    this.#parts = parts;
  }

  /** From now on the terminal shows the state. */
  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#drawing = true;
    this.#unsubscribe = this.#parts.store.subscribe(() => this.#soon());
    this.#parts.stdout.write(hideCursor);
    this.#draw();
  }

  /** The terminal is somebody else's for a while. */
  pause(): void {
    this.#drawing = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parts.stdout.write(showCursor);
  }

  /** It is ours again: nothing of what it showed is left. */
  resume(): void {
    this.#drawing = true;
    this.#size = "";
    this.#parts.stdout.write(hideCursor);
    this.#draw();
  }

  [Symbol.dispose](): void {
    this.#unsubscribe?.();
    this.pause();
  }

  #soon(): void {
    if (!this.#drawing || this.#timer !== undefined) return;
    const { clock, store } = this.#parts;
    const resized = this.#size !== sizeOf(store.state);
    const wait = Math.max(resized ? afterResize : 0, this.#due - clock.now());
    if (wait <= 0) return this.#draw();
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const { store, paints, stdout, clock, fps, failed } = this.#parts;
    // The frame that says there is nothing yet does not hold up the first one that has something.
    if (store.state.snapshot !== undefined) this.#due = clock.now() + 1000 / fps;
    try {
      const lines = paintedLines(store.state, paints);
      const fresh = this.#size !== sizeOf(store.state);
      const changed = lines.map((text, row) =>
        !fresh && text === this.#shown[row] ? "" : `\u001b[${row + 1};1H${text}`,
      );
      const text = changed.join("");
      this.#shown = lines;
      this.#size = sizeOf(store.state);
      if (text !== "") stdout.write(`${begin}${fresh ? clear : ""}${text}${home}${end}`);
    } catch (error) {
      failed(error);
    }
  }
}

function sizeOf({ columns, rows }: State): string {
  return `${columns}x${rows}`;
}
