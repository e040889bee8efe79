import type { Io } from "../io.ts";

/** Prints what happens, each line with the seconds since the start. */
export class Report {
  readonly #io: Io;
  readonly #start: number;
  #held: string[] | undefined;

  constructor(io: Io) {
    this.#io = io;
    this.#start = io.clock.now();
  }

  seconds(): number {
    return (this.#io.clock.now() - this.#start) / 1000;
  }

  /** Keeps what is said until the release: something else has the terminal. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.#print(text);
  }

  say(text: string): void {
    this.#print(`${this.seconds().toFixed(1).padStart(6)} s  ${text}\n`);
  }

  summary(rows: readonly (readonly [what: string, value: string])[]): void {
    const width = Math.max(...rows.map(([what]) => what.length));
    this.#print(`\nSummary\n${rows.map(([what, value]) => `  ${what.padEnd(width)}  ${value}\n`).join("")}`);
  }

  #print(text: string): void {
    if (this.#held === undefined) this.#io.out(text);
    else this.#held.push(text);
  }
}

/** "268 MB" (powers of 1000, as links are measured). */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

/** "1.25 Gbit/s" */
export function bitRate(bytes: number, seconds: number): string {
  const mbit = seconds > 0 ? (bytes * 8) / 1e6 / seconds : 0;
  return mbit < 1000 ? `${mbit.toFixed(0)} Mbit/s` : `${(mbit / 1000).toFixed(2)} Gbit/s`;
}
