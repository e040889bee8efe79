import { connect } from "node:net";
import { type RawData, WebSocket } from "ws";
import { describeError, SssonectorError } from "../errors.ts";
import type { ControlAddress } from "./address.ts";
import { apply } from "./delta.ts";
import { errorCodeOf } from "./exit.ts";
import { errno, permissionDenied } from "./locate.ts";
import {
  type HelloResult,
  type Method,
  type Params,
  protocolVersions,
  type Result,
  type RpcMessage,
  type SshConnection,
} from "./protocol.ts";
import type { Snapshot } from "./snapshot.ts";

/** Bytes of one message from the daemon: a snapshot of ten thousand connections fits. */
const answerBytes = 32 * 1024 * 1024;

export type ControlOptions = ControlAddress & {
  /** Told to the daemon for its log. */
  clientName: string;
  /** Milliseconds for connecting, and for each answer. */
  timeoutMs: number;
  /** The ssh connection that the user works through, see ownSsh. */
  ssh?: SshConnection | null | undefined;
};

/** Milliseconds that the daemon gets to say goodbye. */
const closeGrace = 200;

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: SssonectorError) => void;
  timer: NodeJS.Timeout;
}

/**
 * Connects and says hello.
 * @throws SssonectorError control_unreachable, control_denied, control_refused, control_timeout, control_protocol
 */
export async function connectControl(options: ControlOptions): Promise<ControlClient> {
  const socket = await open(options);
  const client = new ControlClient(socket, options);
  try {
    await client.hello();
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** One connection to a daemon. */
export class ControlClient {
  #socket: WebSocket;
  #options: ControlOptions;
  #pending = new Map<number, Pending>();
  #lastId = 0;
  #daemon: HelloResult | undefined;
  #snapshot: Snapshot | undefined;
  #onSnapshot: ((snapshot: Snapshot) => void) | undefined;
  #closed: SssonectorError | undefined;
  #onClose: ((reason: SssonectorError) => void)[] = [];

  constructor(socket: WebSocket, options: ControlOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("message", (data) => this.#receive(data));
    socket.on("error", (error) => this.#end(describeError(error)));
    socket.on("close", (code, reason) => this.#end(`code ${code}${reason.length > 0 ? ` ${String(reason)}` : ""}`));
  }

  /** What the daemon said at hello. */
  get daemon(): HelloResult {
    if (this.#daemon === undefined) throw new SssonectorError("internal", "control client used before hello");
    return this.#daemon;
  }

  async hello(): Promise<void> {
    const versions = [...protocolVersions];
    const { clientName: client, ssh } = this.#options;
    this.#daemon = await this.call("hello", { versions, client, ssh });
  }

  /**
   * Calls a method and waits for its answer.
   * @throws SssonectorError control_*: the daemon's error, control_timeout, or control_lost
   */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(id, method), this.#options.timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
    });
    this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return answer as Promise<Result<M>>;
  }

  /** From now on calls `onSnapshot` with each newer snapshot, the first one at once, at most `rateHz` times a second. */
  async subscribe(rateHz: number, onSnapshot: (snapshot: Snapshot) => void): Promise<void> {
    this.#onSnapshot = onSnapshot;
    await this.call("subscribe", { rate_hz: rateHz });
  }

  /** Calls `listener` once when the connection has ended, whoever ended it; at once when it already has. */
  onClose(listener: (reason: SssonectorError) => void): void {
    if (this.#closed === undefined) this.#onClose.push(listener);
    else listener(this.#closed);
  }

  /** Ends the connection; calls that wait are rejected with control_lost. */
  close(): void {
    this.#socket.close(1000);
    // A daemon that hangs does not hold up the end of this program.
    setTimeout(() => this.#socket.terminate(), closeGrace).unref();
    this.#end("closed by this side");
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(data: RawData): void {
    let message: RpcMessage;
    try {
      message = JSON.parse(Buffer.isBuffer(data) ? data.toString() : "") as RpcMessage;
    } catch {
      this.#socket.close(1002);
      return;
    }
    if ("method" in message) return this.#update(message.params);
    const pending = this.#take(Number(message.id));
    if (pending === undefined) return;
    if ("result" in message) pending.resolve(message.result);
    else pending.reject(new SssonectorError(errorCodeOf(message.error.data.kind), message.error.message));
  }

  #update(update: Extract<RpcMessage, { method: "update" }>["params"]): void {
    if (update.kind === "snapshot") this.#snapshot = update.snapshot;
    else if (this.#snapshot !== undefined) this.#snapshot = apply(this.#snapshot, update.delta);
    if (this.#snapshot !== undefined) this.#onSnapshot?.(this.#snapshot);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }

  #expire(id: number, method: string): void {
    const message = `no answer to ${method} within ${this.#options.timeoutMs} ms`;
    this.#take(id)?.reject(new SssonectorError("control_timeout", message));
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = new SssonectorError("control_lost", `control connection closed (${reason})`);
    for (const id of this.#pending.keys()) this.#take(id)?.reject(this.#closed);
    for (const listener of this.#onClose) listener(this.#closed);
  }
}

function open(options: ControlOptions): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const common = { handshakeTimeout: options.timeoutMs, maxPayload: answerBytes, perMessageDeflate: false };
  const socket =
    "url" in options
      ? new WebSocket(options.url, { ...common, headers: { authorization: `Bearer ${options.token}` } })
      : new WebSocket("ws://control.invalid/", {
          ...common,
          createConnection: (() => connect(options.socketPath)) as typeof connect,
        });
  socket.once("open", () => resolve(socket));
  socket.once("error", (error) => reject(connectError("url" in options ? options.url : options.socketPath, error)));
  socket.once("unexpected-response", (request, response) => {
    let body = "";
    response.on("data", (chunk) => (body += String(chunk)));
    response.on("end", () => reject(handshakeRefused(response.statusCode ?? 0, body.trim())));
    response.on("close", () => request.destroy());
  });
  return promise;
}

function handshakeRefused(status: number, body: string): SssonectorError {
  if (status === 401) {
    return new SssonectorError("control_denied", body, { next: "give a token of the daemon's control.tcp.token_file" });
  }
  if (status === 403) return new SssonectorError("control_denied", body);
  if (status === 503) return new SssonectorError("control_refused", body);
  return new SssonectorError("control_protocol", `the control socket answered HTTP ${status}`);
}

function connectError(path: string, error: Error): SssonectorError {
  const code = errno(error);
  if (code === "EACCES" || code === "EPERM") return permissionDenied(path, error);
  if (code === "ENOENT") return unreachable(`no control socket at ${path}`, error);
  if (code === "ECONNREFUSED") return unreachable(`nobody answers on ${path}: its daemon is gone`, error);
  if (error.message.includes("handshake has timed out")) {
    return new SssonectorError("control_timeout", `no answer on ${path}`, { cause: error });
  }
  return unreachable(`can't connect to ${path}: ${error.message}`, error);
}

function unreachable(message: string, cause: Error): SssonectorError {
  return new SssonectorError("control_unreachable", message, { cause });
}
