import type { RawData, WebSocket } from "ws";
import type { Clock } from "../../shared/clock.ts";
import { type HelloParams, limits, type Role, type SshConnection, type Update } from "../../shared/control/protocol.ts";
import type { Attached } from "../../shared/control/snapshot.ts";
import { describeError } from "../../shared/errors.ts";
import { printable } from "../../shared/text.ts";
import type { ActionContext } from "./actions.ts";
import { ActionLimit } from "./action-limit.ts";
import { type Caller, dispatch } from "./methods.ts";
import { failure, parseRequest } from "./request.ts";
import { Subscription } from "./subscription.ts";

export interface PeerContext extends ActionContext {
  clock: Clock;
}

/** What the kernel says of the peer's process. */
export interface Grant {
  role: Role;
  /** User and process, as the audit names them. */
  who: string;
  user: string;
}

/**
 * One client. Requests are answered one at a time, the next when the last answer was taken, so a client that does not
 * read holds one answer and one update in memory, whatever it asks.
 */
export class ControlPeer implements Caller {
  readonly id: number;
  readonly who: string;
  readonly user: string;
  readonly role: Role;
  readonly limit: ActionLimit;
  hello: HelloParams | undefined;
  #socket: WebSocket;
  #context: PeerContext;
  #waiting: string[] = [];
  #serving: Promise<void> | undefined;
  #subscription: Subscription | undefined;
  #unlisten: () => void;
  #since: number;
  #last: string | null = null;

  constructor(id: number, socket: WebSocket, grant: Grant, context: PeerContext) {
    this.id = id;
    this.#socket = socket;
    this.who = grant.who;
    this.user = grant.user;
    this.#since = context.clock.wall();
    this.role = grant.role;
    this.#context = context;
    this.limit = new ActionLimit(limits.actionsPerSecond, context.clock.now());
    this.#unlisten = context.feed.listen(() => this.#subscription?.changed());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // A protocol error of the peer; `ws` closes the connection with the matching code.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed());
  }

  get ssh(): SshConnection | null | undefined {
    return this.hello?.ssh;
  }

  acted(what: string): void {
    this.#last = what;
  }

  /** How other subscribers see this one; undefined when it does not subscribe. */
  get attached(): Attached | undefined {
    if (this.#subscription === undefined) return undefined;
    const { id, who, role, hello } = this;
    const client = printable(hello?.client ?? "", limits.clientName);
    return { id, who, client, role, since_ms: this.#since, last: this.#last };
  }

  subscribe(rateHz: number): void {
    this.#subscription?.stop();
    const ready = (): boolean => this.#socket.bufferedAmount === 0 && this.#open();
    const send = (params: Update): void =>
      void this.#send(JSON.stringify({ jsonrpc: "2.0", method: "update", params }));
    const { clock, feed } = this.#context;
    this.#subscription = new Subscription({ clock, snapshot: () => feed.current(), ready, send }, rateHz);
    // Others learn of it after this one has its answer.
    setImmediate(() => feed.changed());
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
      const outcome = await dispatch(this, parsed.call, this.#context, this.#context.clock);
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
    this.#waiting.length = 0;
    if (this.#subscription === undefined) return;
    this.unsubscribe();
    this.#context.feed.changed();
  }
}
