import type { Clock, Timer } from "../shared/clock.ts";
import type { ControlClient } from "../shared/control/client.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import type { KickAnswer, Message } from "./model/message.ts";

/** What the console needs of a connection to the daemon. */
export type Wire = Pick<ControlClient, "daemon" | "subscribe" | "onClose" | "close"> & {
  call(method: "kick", params: { target: string; dry_run: boolean }): Promise<{ message: string }>;
};

/** What a feed tells its reader. */
export type FeedMessage = Extract<Message, { kind: "snapshot" | "link" }>;

export interface FeedOptions {
  /** Snapshots a second, at most. */
  readonly rateHz: number;
  readonly clock: Clock;
  readonly connect: () => Promise<Wire>;
  readonly send: (message: FeedMessage) => void;
}

/** Milliseconds before a lost daemon is looked for again: doubled after each failure, up to the longest. */
const firstRetry = 500;
const longestRetry = 5000;

/** The stream of snapshots. When the daemon goes it says so and looks for it again until it is closed. */
export class Feed {
  #options: FeedOptions;
  #wire: Wire | undefined;
  #retry: Timer | undefined;
  #delay = firstRetry;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /**
   * Connects for the first time.
   * @throws SssonectorError when there is no daemon: a wrong socket is better said at once than waited for
   */
  async start(): Promise<void> {
    await this.#open();
  }

  /** Kicks a connection or session, or asks the daemon what that would do. A failure is an answer too. */
  async kick(target: string, dryRun: boolean): Promise<KickAnswer> {
    try {
      if (this.#wire === undefined) throw new SssonectorError("control_lost", "no connection to the daemon");
      const { message } = await this.#wire.call("kick", { target, dry_run: dryRun });
      return { dryRun, ok: true, text: message };
    } catch (error) {
      return { dryRun, ok: false, text: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
    this.#wire?.close();
    this.#wire = undefined;
  }

  async #open(): Promise<void> {
    const { connect, send, clock, rateHz } = this.#options;
    const wire = await connect();
    if (this.#closed) return wire.close();
    this.#wire = wire;
    this.#delay = firstRetry;
    send({ kind: "link", link: { kind: "up", role: wire.daemon.role }, now: clock.now() });
    wire.onClose((reason) => this.#lost(reason));
    try {
      await wire.subscribe(rateHz, (snapshot) => {
        if (this.#wire === wire) send({ kind: "snapshot", snapshot, now: clock.now() });
      });
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  #lost(reason: unknown): void {
    this.#wire = undefined;
    if (this.#closed) return;
    const { send, clock } = this.#options;
    send({ kind: "link", link: { kind: "down", problem: describeError(reason) }, now: clock.now() });
    this.#retry?.cancel();
    this.#retry = clock.after(this.#delay, () => void this.#again());
    this.#delay = Math.min(longestRetry, this.#delay * 2);
  }

  async #again(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#lost(error);
    }
  }
}
