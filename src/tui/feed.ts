import type { Clock, Timer } from "../shared/clock.ts";
import type { ControlClient } from "../shared/control/client.ts";
import type { LogLine } from "../shared/control/log-line.ts";
import type { ActionOutcome } from "../shared/control/protocol.ts";
import type { DaemonEvent, Moment } from "../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../shared/errors.ts";
import { actions, type Order, type RequestOptions } from "./model/actions.ts";
import type { Answer, Message, Risk } from "./model/message.ts";
import { fetchMoment } from "./moments.ts";

/** What the console needs of a connection to the daemon. */
export type Wire = Pick<ControlClient, "daemon" | "subscribe" | "onClose" | "close" | "call">;

/** What a feed tells its reader. */
export type FeedMessage = Extract<Message, { kind: "snapshot" | "link" }>;

export interface FeedOptions {
  /** Snapshots a second, at most. */
  readonly rateHz: number;
  readonly clock: Clock;
  readonly connect: () => Promise<Wire>;
  readonly send: (message: FeedMessage) => void;
}

/** Lines of the log that are asked for at a time. */
const logPage = 300;

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

  /** Has the daemon carry an order out, or say what that would do. A failure is an answer too. */
  async act({ action, targets, args }: Order, { dryRun, acceptRisk, revision }: RequestOptions): Promise<Answer> {
    const params = { dry_run: dryRun, accept_risk: acceptRisk, revision };
    const texts: string[] = [];
    let risk: Risk | undefined;
    try {
      for (const target of targets) {
        const { method, params: all } = actions[action].request(target, args, params);
        const { message, facts } = await this.#connected().call(method, all);
        texts.push(message);
        risk ??= riskOf(facts);
      }
      return { dryRun, ok: true, text: texts.join("; "), risk };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const done = texts.length === 0 ? "" : `; before that: ${texts.join("; ")}`;
      return { dryRun, ok: false, text: why + done, risk: undefined };
    }
  }

  /** A second of the daemon's history; undefined when nobody measured then, or nobody answers now. */
  async moment(at_ms: number): Promise<Moment | undefined> {
    try {
      return await fetchMoment(this.#connected(), at_ms);
    } catch {
      return undefined;
    }
  }

  /** All events that the daemon keeps; none when nobody answers. */
  async events(): Promise<readonly DaemonEvent[]> {
    try {
      return (await this.#connected().call("events", { since: 0 })).events;
    } catch {
      return [];
    }
  }

  /** The newest lines of the log after a number; none when nobody answers. */
  async logs(since: number): Promise<readonly LogLine[]> {
    try {
      return (await this.#connected().call("logs", { since, limit: logPage })).lines;
    } catch {
      return [];
    }
  }

  #connected(): Wire {
    if (this.#wire === undefined) throw new SssonectorError("control_lost", "no connection to the daemon");
    return this.#wire;
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

function riskOf(facts: ActionOutcome["facts"]): Risk | undefined {
  if (facts["cuts_own"] === true) return "cuts_own";
  return facts["last_healthy"] === true ? "last_healthy" : undefined;
}
