import type { Clock, Timer } from "../../shared/clock.ts";
import type { Unconfirmed } from "../../shared/control/snapshot.ts";
import type { Call } from "./request.ts";

/** Something that was done. */
export interface Done {
  readonly revision: number;
  /** What it was done to, as in `backend eu-1`. */
  readonly object: string;
  /** The action with its arguments. */
  readonly what: string;
  readonly who: string;
  /** The user, whichever program of theirs did it. */
  readonly user: string;
  /** The connection that it came over. */
  readonly peer: number;
  readonly at_ms: number;
  /** What takes it back; undefined when nothing can. */
  readonly inverse: Call | undefined;
}

/** Objects whose last change is remembered, and changes that can be undone. */
const objectsKept = 1_024;
const undoable = 64;

/** What was done to what and by whom: revisions, conflicts, undo, and changes that wait for their confirmation. */
export class ActionBook {
  readonly #clock: Clock;
  readonly #last = new Map<string, Done>();
  readonly #waiting = new Map<number, { done: Done; reverts_at_ms: number; timer: Timer }>();
  #stack: Done[] = [];
  #revision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Who changed the object after `seen` over another connection than `peer`, in words; undefined: nobody did. */
  conflict(object: string, seen: number | undefined, peer: number): string | undefined {
    const last = this.#last.get(object);
    if (seen === undefined || last === undefined || last.revision <= seen || last.peer === peer) return undefined;
    const ago = Math.max(0, Math.round((this.#clock.wall() - last.at_ms) / 1000));
    return `${last.who} changed ${object} ${ago} s ago (${last.what}); look again`;
  }

  add(done: Omit<Done, "revision" | "at_ms">): Done {
    this.#revision += 1;
    const entry: Done = { ...done, revision: this.#revision, at_ms: this.#clock.wall() };
    this.#last.delete(done.object);
    this.#last.set(done.object, entry);
    if (this.#last.size > objectsKept) this.#last.delete(this.#last.keys().next().value ?? "");
    if (entry.inverse !== undefined) this.#stack = [...this.#stack, entry].slice(-undoable);
    return entry;
  }

  /** The user's newest change that can be taken back. */
  undoableBy(user: string): Done | undefined {
    return this.#stack.findLast((done) => done.user === user);
  }

  /** Whether nothing else was done to the change's object since. */
  isNewest({ object, revision }: Done): boolean {
    return this.#last.get(object)?.revision === revision;
  }

  /** The change was taken back, or is to stay. */
  settle({ revision }: Done): void {
    this.#stack = this.#stack.filter((done) => done.revision !== revision);
    this.#waiting.get(revision)?.timer.cancel();
    this.#waiting.delete(revision);
  }

  /** Calls `revert` after `ms` unless the change is confirmed or settled before. */
  await(done: Done, ms: number, revert: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#waiting.delete(done.revision);
      revert();
    });
    this.#waiting.set(done.revision, { done, timer, reverts_at_ms: done.at_ms + ms });
  }

  /** The user's changes that wait for their confirmation. */
  waitingOf(user: string): readonly Done[] {
    return [...this.#waiting.values()].map(({ done }) => done).filter((done) => done.user === user);
  }

  /** The changes stay; they can still be undone. */
  confirm(changes: readonly Done[]): void {
    for (const { revision } of changes) {
      this.#waiting.get(revision)?.timer.cancel();
      this.#waiting.delete(revision);
    }
  }

  get unconfirmed(): Unconfirmed[] {
    return [...this.#waiting.values()].map(({ done: { revision, who, what }, reverts_at_ms }) => {
      return { revision, who, what, reverts_at_ms };
    });
  }

  /** No change reverts any more: a stopping daemon's changes end with it. */
  stop(): void {
    for (const { timer } of this.#waiting.values()) timer.cancel();
  }
}
