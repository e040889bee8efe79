import type { ControlBackend } from "./backend.ts";
import type { ControlState, Snapshot } from "../../shared/control/snapshot.ts";

/** One snapshot for all subscribers, taken when somebody needs it and kept until the daemon's state changes. */
export class SnapshotFeed {
  #backend: ControlBackend;
  #control: () => ControlState;
  #listeners = new Set<() => void>();
  #snapshot: Snapshot | undefined;
  #stop: () => void;

  constructor(backend: ControlBackend, control: () => ControlState) {
    this.#backend = backend;
    this.#control = control;
    this.#stop = backend.subscribe(() => this.changed());
  }

  current(): Snapshot {
    this.#snapshot ??= this.fresh();
    return this.#snapshot;
  }

  /** Taken now, whoever has one already. */
  fresh(): Snapshot {
    return { ...this.#backend.snapshot(), control: this.#control() };
  }

  /** What was taken is old: the next one who needs a snapshot takes it anew. */
  changed(): void {
    this.#snapshot = undefined;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` at each change; returns what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
  }
}
