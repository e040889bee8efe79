import type { ControlBackend } from "./backend.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";

/** One snapshot for all subscribers, taken when somebody needs it and kept until the daemon's state changes. */
export class SnapshotFeed {
  #backend: ControlBackend;
  #listeners = new Set<() => void>();
  #snapshot: Snapshot | undefined;
  #stop: () => void;

  constructor(backend: ControlBackend) {
    this.#backend = backend;
    this.#stop = backend.subscribe(() => {
      this.#snapshot = undefined;
      for (const listener of this.#listeners) listener();
    });
  }

  current(): Snapshot {
    this.#snapshot ??= this.#backend.snapshot();
    return this.#snapshot;
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
