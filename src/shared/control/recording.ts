import { diff } from "./delta.ts";
import type { Update } from "./protocol.ts";
import type { Snapshot } from "./snapshot.ts";

/** One line of a recording, as JSON: an update as the daemon sends them. Lines of other kinds are skipped. */
export type RecordedUpdate = Update & { v: 1 };

/** A whole snapshot is written again after so many lines, so that a reader need not start at the beginning. */
const keyframeEvery = 60;

/** Turns snapshots into the lines of a recording. */
export class RecordingWriter {
  #last: Snapshot | undefined;
  #sinceKeyframe = 0;

  /** The line for the next snapshot, ended; undefined when nothing but the time changed. */
  line(snapshot: Snapshot): string | undefined {
    const update = this.#update(snapshot);
    if (update === undefined) return undefined;
    this.#last = snapshot;
    this.#sinceKeyframe = update.kind === "snapshot" ? 1 : this.#sinceKeyframe + 1;
    const recorded: RecordedUpdate = { v: 1, ...update };
    return `${JSON.stringify(recorded)}\n`;
  }

  #update(snapshot: Snapshot): Update | undefined {
    if (this.#last === undefined || this.#sinceKeyframe >= keyframeEvery) return { kind: "snapshot", snapshot };
    const delta = diff(this.#last, snapshot);
    return delta === undefined ? undefined : { kind: "delta", delta };
  }
}
