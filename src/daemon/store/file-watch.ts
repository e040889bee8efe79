import { statSync } from "node:fs";
import type { Clock, Millis, Timer } from "../../shared/clock.ts";

const lookEvery: Millis = 1000;

/** Inode, size and times of a file behind whatever symbolic links; empty when it is not there. */
function signatureOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}

/**
 * Tells when files changed and then kept still for a second, so that a set that is being written is looked at when it is
 * whole. It looks at them by name once a second: a rename, a directory of links that is swapped, and a network file
 * system are seen like any other write, which inotify does not do.
 */
export class FileWatch {
  readonly #paths: () => readonly string[];
  readonly #changed: () => void;
  readonly #signature: (path: string) => string;
  readonly #timer: Timer;
  #known: string;
  #last: string;

  constructor(parts: {
    clock: Clock;
    /** Asked at each look. */
    paths: () => readonly string[];
    changed: () => void;
    signature?: (path: string) => string;
  }) {
    this.#paths = parts.paths;
    this.#changed = parts.changed;
    this.#signature = parts.signature ?? signatureOf;
    this.#known = this.#look();
    this.#last = this.#known;
    this.#timer = parts.clock.every(lookEvery, () => this.#tick());
  }

  /** What is there now has been read by other means. */
  seen(): void {
    this.#known = this.#look();
    this.#last = this.#known;
  }

  close(): void {
    this.#timer.cancel();
  }

  #tick(): void {
    const now = this.#look();
    const settled = now === this.#last;
    this.#last = now;
    if (!settled || now === this.#known) return;
    this.#known = now;
    this.#changed();
  }

  #look(): string {
    return this.#paths()
      .map((path) => `${path} ${this.#signatureIfAny(path)}`)
      .join("\n");
  }

  #signatureIfAny(path: string): string {
    try {
      return this.#signature(path);
    } catch (error) {
      // A directory that can't be entered, or a file of a server that does not answer: as good as another content.
      return error instanceof Error ? error.message : "";
    }
  }
}
