import type { Clock, Timer } from "../../shared/clock.ts";
import type { HelloResult, Method, MomentPage, Params, Result } from "../../shared/control/protocol.ts";
import type { Snapshot } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import type { Wire } from "../feed.ts";
import type { Recording } from "./recording.ts";

/** Milliseconds after a frame from which on nobody measured. */
const longestGap = 5_000;

/** A recording in a daemon's place: it is played as fast as it happened, and any second of it can be asked for. */
export class ReplayWire implements Wire {
  readonly daemon: HelloResult;
  readonly #recording: Recording;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(recording: Recording, clock: Clock) {
    this.#recording = recording;
    this.#clock = clock;
    const { name, version, pid } = recording.snapshotAt(0).status;
    this.daemon = { version: 1, role: "viewer", name, daemon_version: version, pid };
  }

  subscribe(_rateHz: number, onSnapshot: (snapshot: Snapshot) => void): Promise<void> {
    this.#play(0, onSnapshot);
    return Promise.resolve();
  }

  /** A recording does not go away. */
  onClose(): void {}

  close(): void {
    this.#timer?.cancel();
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (method === "moment") return this.#answer(this.#moment((params as Params<"moment">).at_ms));
    if (method === "events") return this.#answer({ events: [...this.#recording.events] });
    return Promise.reject(new SssonectorError("control_refused", "this is a recording"));
  }

  #answer<M extends Method>(result: unknown): Promise<Result<M>> {
    return Promise.resolve(result as Result<M>);
  }

  #play(frame: number, onSnapshot: (snapshot: Snapshot) => void): void {
    const snapshot = this.#recording.snapshotAt(frame);
    // All of it, since what is to come can be looked at as well.
    onSnapshot({ ...snapshot, history: [...this.#recording.history] });
    if (frame + 1 >= this.#recording.length) return;
    const wait = Math.max(0, this.#recording.timeOf(frame + 1) - this.#recording.timeOf(frame));
    this.#timer = this.#clock.after(wait, () => this.#play(frame + 1, onSnapshot));
  }

  #moment(at_ms: number): MomentPage {
    const recording = this.#recording;
    const frame = recording.frameAt(at_ms);
    const kept = { oldest_ms: recording.timeOf(0), newest_ms: recording.timeOf(recording.length - 1), next: null };
    if (frame < 0 || at_ms - recording.timeOf(frame) > longestGap) return { ...kept, moment: null };
    const { v: _v, control: _control, events: _events, history: _history, ...tables } = recording.snapshotAt(frame);
    return { ...kept, moment: { ...tables, omitted: 0 } };
  }
}
