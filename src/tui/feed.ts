import type { Clock, Timer } from "../shared/clock.ts";
import type { ControlClient } from "../shared/control/client.ts";
import type { ActionOutcome } from "../shared/control/protocol.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { type ActionName, actions, type Request, type RequestOptions } from "./model/actions.ts";
import type { Answer, Message } from "./model/message.ts";

/** What the console needs of a connection to the daemon. */
export type Wire = Pick<ControlClient, "daemon" | "subscribe" | "onClose" | "close"> & {
  call(method: Request["method"], params: Request["params"]): Promise<Pick<ActionOutcome, "message" | "facts">>;
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

  /** Has the daemon act on a row, or say what that would do. A failure is an answer too. */
  async act(action: ActionName, target: string, options: RequestOptions): Promise<Answer> {
    const { dryRun } = options;
    try {
      if (this.#wire === undefined) throw new SssonectorError("control_lost", "no connection to the daemon");
      const { method, params } = actions[action].request(target, options);
      const { message, facts } = await this.#wire.call(method, params);
      return { dryRun, ok: true, text: message, lastHealthy: facts["last_healthy"] === true };
    } catch (error) {
      return { dryRun, ok: false, text: error instanceof Error ? error.message : String(error), lastHealthy: false };
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
