import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../shared/clock.ts";
import { type HelloParams, limits, type Role, type Update } from "../../shared/control/protocol.ts";
import { describeError } from "../../shared/errors.ts";
import { ActionLimit } from "./action-limit.ts";
import type { ControlBackend } from "./backend.ts";
import type { SnapshotFeed } from "./feed.ts";
import { type Caller, dispatch } from "./methods.ts";
import { failure, parseRequest } from "./request.ts";
import { Subscription } from "./subscription.ts";

export interface PeerContext {
  backend: ControlBackend;
  feed: SnapshotFeed;
  clock: Clock;
}

/**
 * One client. Requests are answered one at a time, the next when the last answer was taken, so a client that does not
 * read holds one answer and one update in memory, whatever it asks.
 */
export class ControlPeer implements Caller {
  readonly who: string;
  readonly role: Role;
  readonly limit: ActionLimit;
  hello: HelloParams | undefined;
  #socket: WebSocket;
  #context: PeerContext;
  #waiting: string[] = [];
  #serving: Promise<void> | undefined;
  #subscription: Subscription | undefined;
  #unlisten: () => void;

  constructor(socket: WebSocket, grant: { who: string; role: Role }, context: PeerContext) {
    this.#socket = socket;
    this.who = grant.who;
    this.role = grant.role;
    this.#context = context;
    this.limit = new ActionLimit(limits.actionsPerSecond, context.clock.now());
    this.#unlisten = context.feed.listen(() => this.#subscription?.changed());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // A protocol error of the peer; `ws` closes the connection with the matching code.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed());
  }

  subscribe(rateHz: number): void {
    this.#subscription?.stop();
    const ready = (): boolean => this.#socket.bufferedAmount === 0 && this.#open();
    const send = (params: Update): void =>
      void this.#send(JSON.stringify({ jsonrpc: "2.0", method: "update", params }));
    const { clock, feed } = this.#context;
    this.#subscription = new Subscription({ clock, snapshot: () => feed.current(), ready, send }, rateHz);
  }

  unsubscribe(): void {
    this.#subscription?.stop();
    this.#subscription = undefined;
  }

  /** Resolves when no request is being answered. */
  async idle(): Promise<void> {
    await this.#serving;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.#open()) return;
    if (isBinary || !Buffer.isBuffer(data)) return this.#socket.close(1003, "text messages only");
    if (this.#waiting.length >= limits.pendingRequests) return this.#socket.close(1008, "too many requests pending");
    this.#waiting.push(data.toString());
    this.#serving ??= Promise.resolve().then(() => this.#serve());
  }

  async #serve(): Promise<void> {
    for (let text = this.#waiting.shift(); text !== undefined && this.#open(); text = this.#waiting.shift()) {
      await this.#send(await this.#answer(text));
      this.#subscription?.pump();
    }
    this.#serving = undefined;
  }

  async #answer(text: string): Promise<string> {
    const parsed = parseRequest(text);
    if (parsed.kind === "bad") return JSON.stringify(parsed.answer);
    const { id } = parsed.call;
    try {
      const outcome = await dispatch(this, parsed.call, this.#context.backend, this.#context.clock);
      return JSON.stringify({ jsonrpc: "2.0", id, ...outcome });
    } catch (error) {
      return JSON.stringify({ jsonrpc: "2.0", id, ...failure("internal", describeError(error)) });
    }
  }

  /** Resolves when the socket has taken the message, or will never. */
  #send(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.send(text, () => {
      resolve();
      this.#subscription?.pump();
    });
    return promise;
  }

  #open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  #closed(): void {
    this.#unlisten();
    this.unsubscribe();
    this.#waiting.length = 0;
  }
}
