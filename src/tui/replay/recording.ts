import { readFileSync } from "node:fs";
import { apply } from "../../shared/control/delta.ts";
import type { RecordedUpdate } from "../../shared/control/recording.ts";
import type { DaemonEvent, HistoryPoint, Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";

interface Frame {
  readonly time_ms: number;
  readonly line: string;
  /** A whole snapshot, from which the frames after it can be made. */
  readonly whole: boolean;
}

/** A file of `ctl record`, or a bundle of the console: the snapshots of a daemon over time. */
export class Recording {
  readonly #frames: readonly Frame[];
  /** Everything that happened in it, oldest first. */
  readonly events: readonly DaemonEvent[];
  readonly history: readonly HistoryPoint[];
  #at = -1;
  #snapshot: Snapshot | undefined;

  /** @throws SssonectorError recording: there is no snapshot in it */
  constructor(text: string) {
    const events = new Map<number, DaemonEvent>();
    const history = new Map<number, HistoryPoint>();
    const frames: Frame[] = [];
    for (const line of text.split("\n")) {
      const update = readLine(line);
      if (update === undefined || (frames.length === 0 && update.kind === "delta")) continue;
      const whole = update.kind === "snapshot";
      const { time_ms } = whole ? update.snapshot : update.delta;
      frames.push({ time_ms, line, whole });
      for (const event of whole ? update.snapshot.events : (update.delta.events?.added ?? [])) {
        events.set(event.seq, event);
      }
      for (const point of whole ? update.snapshot.history : (update.delta.history?.added ?? [])) {
        history.set(point.time_ms, point);
      }
    }
    if (frames.length === 0) throw new SssonectorError("recording", "no snapshot in it: not a file of `ctl record`");
    this.#frames = frames;
    this.events = [...events.values()].toSorted((a, b) => a.seq - b.seq);
    this.history = [...history.values()].toSorted((a, b) => a.time_ms - b.time_ms);
  }

  /** @throws SssonectorError recording: it can't be read, or is none */
  static load(path: string): Recording {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SssonectorError("recording", `can't read the recording: ${why}`, { cause: error });
    }
    return new Recording(text);
  }

  get length(): number {
    return this.#frames.length;
  }

  timeOf(frame: number): number {
    return this.#frames[frame]?.time_ms ?? 0;
  }

  /** The newest frame at or before a time; -1 when there is none. */
  frameAt(time_ms: number): number {
    return this.#frames.findLastIndex((frame) => frame.time_ms <= time_ms);
  }

  /** What the console showed at a frame. */
  snapshotAt(frame: number): Snapshot {
    const wholeAt = this.#frames.slice(0, frame + 1).findLastIndex(({ whole }) => whole);
    const useful = this.#at >= wholeAt && this.#at <= frame;
    let snapshot = useful ? this.#snapshot : undefined;
    for (let at = useful ? this.#at + 1 : wholeAt; at <= frame; at += 1) {
      const update = readLine(this.#frames[at]?.line ?? "");
      if (update?.kind === "snapshot") snapshot = update.snapshot;
      else if (update !== undefined && snapshot !== undefined) snapshot = apply(snapshot, update.delta);
    }
    if (snapshot === undefined) throw new SssonectorError("internal", `no frame ${frame} in the recording`);
    this.#at = frame;
    this.#snapshot = snapshot;
    return snapshot;
  }
}

/** The update on a line; undefined when there is none, as where the recording was cut off. */
function readLine(line: string): RecordedUpdate | undefined {
  try {
    const { kind, ...rest } = JSON.parse(line) as Partial<RecordedUpdate>;
    const known = (kind === "snapshot" && "snapshot" in rest) || (kind === "delta" && "delta" in rest);
    return known ? ({ kind, ...rest } as RecordedUpdate) : undefined;
  } catch {
    return undefined;
  }
}
