import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { Clock, Millis, Timer } from "../../shared/clock.ts";
import { Admission, type AdmissionRules, sourceKey } from "./admission.ts";
import { HandshakeBudget, type LoopLook } from "./handshake-budget.ts";
import type { Arrival } from "./arrival.ts";
import { descriptorOf } from "../sys/socket.ts";
import { Pacing } from "./pacing.ts";
import type { Authentication } from "./peer.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface AcceptorHandlers {
  /**
   * TLS is done and the peer's identity known, `took` after it was accepted; the connection has said nothing yet. `number` is
   * the one that it had from then on.
   */
  secured(socket: TLSSocket, identity: string, remote: string, took: Millis, number: number): void;
  refused(remote: string, reason: string, text: string): void;
}

interface Accepted {
  readonly number: number;
  readonly at: Millis;
}

/** Connections that wait for their handshake; more are closed. */
const mostWaiting = 4096;
const handshakeDeadline: Millis = 5000;

/**
 * Accepts connections and carries out their TLS handshakes, no more at a time than the rules allow, and in less than half of
 * the loop's time while sessions are active; the excess waits unread. Every refusal is reported once, with its reason.
 */
export class Acceptor {
  readonly #listener: Server;
  readonly #tls: TlsServer;
  readonly #handlers: AcceptorHandlers;
  readonly #authentication: Authentication;
  readonly #admission: Admission;
  readonly #budget: HandshakeBudget;
  readonly #clock: Clock;
  readonly #keepAlive: boolean;
  readonly #waiting = new WaitingRoom<Socket>(mostWaiting);
  /** Handshakes under way by `address:port`. */
  readonly #begun = new Map<string, Socket>();
  readonly #accepted = new WeakMap<Socket, Accepted>();
  readonly #number: () => number;
  readonly #pacing = new Pacing();
  /** Runs when the next handshake has its time. */
  #later: Timer | undefined;

  constructor(parts: {
    tls: TlsOptions;
    rules: AdmissionRules;
    keepAlive: boolean;
    /** Numbers a connection. */
    number: () => number;
    handlers: AcceptorHandlers;
    authentication: Authentication;
    clock: Clock;
    /** Replaces the 5 s within which a handshake has to end. */
    handshakeTimeout?: Millis;
  }) {
    this.#handlers = parts.handlers;
    this.#authentication = parts.authentication;
    this.#admission = new Admission(parts.rules);
    this.#clock = parts.clock;
    this.#budget = new HandshakeBudget(parts.clock.now());
    this.#keepAlive = parts.keepAlive;
    this.#number = parts.number;
    const handshakeTimeout = parts.handshakeTimeout ?? handshakeDeadline;
    this.#tls = createTlsServer({ ...parts.tls, handshakeTimeout }, (socket) => this.#secured(socket));
    this.#tls.on("tlsClientError", (error, socket) => this.#failed(error, socket));
    this.#listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#connected(socket));
  }

  /**
   * Resolves with the port; rejects with the error of listen(2). "first" and "beside" share the port with other
   * listeners of this process; "first" makes sure that nobody else has it.
   */
  async listen(host: string, port: number, how: "alone" | "first" | "beside" = "alone"): Promise<number> {
    if (how === "first") await tryPort(host, port);
    const bound = await listening(this.#listener, { host, port, backlog: 1024, reusePort: how !== "alone" });
    this.#listener.on("error", () => {});
    this.#pacing.putOff(descriptorOf(this.#listener));
    return bound;
  }

  /** New connections get these certificates. */
  renew(tls: TlsOptions): void {
    this.#tls.setSecureContext(tls);
  }

  /** How many handshakes may be under way. */
  limit(rules: AdmissionRules): void {
    this.#admission.use(rules);
    this.#begin();
  }

  /** Begins handshakes that had to wait; a few times a second. */
  tick(look: LoopLook): void {
    const now = this.#clock.now();
    this.#budget.look(look, now);
    this.#admission.sweep(now);
    this.#begin();
  }

  close(): void {
    this.#listener.close();
    this.#later?.cancel();
    for (const socket of [...this.#waiting.clear(), ...this.#begun.values()]) socket.destroy();
  }

  /** Connections whose handshake is under way, or waits. */
  get pending(): number {
    return this.#begun.size + this.#waiting.size;
  }

  /** At most so many of them. */
  arrivals(most: number): Arrival[] {
    const now = this.#clock.now();
    const found: Arrival[] = [];
    for (const socket of this.#sockets()) {
      if (found.length >= most) break;
      const accepted = this.#accepted.get(socket);
      if (accepted === undefined || socket.destroyed) continue;
      const state = socket.bytesRead > 0 ? "authenticating" : "accepting";
      found.push({ link: accepted.number, remote: remoteOf(socket), identity: "", state, age: now - accepted.at });
    }
    return found;
  }

  /** Closes a connection whose handshake is not done. */
  cut(number: number): void {
    for (const socket of this.#sockets()) if (this.#accepted.get(socket)?.number === number) socket.destroy();
  }

  *#sockets(): Generator<Socket> {
    yield* this.#begun.values();
    yield* this.#waiting;
  }

  #connected(socket: Socket): void {
    socket.on("error", () => {});
    if (socket.remoteAddress === undefined) return void socket.destroy();
    this.#pacing.connected(descriptorOf(socket));
    this.#accepted.set(socket, { number: this.#number(), at: this.#clock.now() });
    if (this.#keepAlive) socket.setKeepAlive(true, 60_000);
    const surplus = this.#waiting.add(sourceKey(socket.remoteAddress), socket);
    if (surplus !== undefined) {
      this.#handlers.refused(remoteOf(surplus), "backlog_full", "too many connections wait for their handshake");
      surplus.destroy();
    }
    this.#begin();
  }

  #begin(): void {
    if (this.#admission.full || this.#waiting.size === 0 || this.#later !== undefined) return;
    const now = this.#clock.now();
    this.#waiting.offer(
      (socket) => this.#beginOne(socket, now),
      (source) => this.#admission.turns(source, now),
    );
  }

  /** False when it has to wait on. */
  #beginOne(socket: Socket, now: Millis): boolean {
    // One that has left is taken out.
    if (socket.destroyed || socket.remoteAddress === undefined) return true;
    const wait = this.#budget.wait(now);
    if (wait > 0) return this.#beginIn(wait);
    if (!this.#admission.begin(socket.remoteAddress, now)) return false;
    this.#budget.take();
    this.#handshake(socket, socket.remoteAddress);
    return true;
  }

  /** Live sessions have the loop until then. */
  #beginIn(wait: Millis): false {
    this.#later ??= this.#clock.after(wait, () => {
      this.#later = undefined;
      this.#begin();
    });
    return false;
  }

  #handshake(socket: Socket, address: string): void {
    const key = remoteOf(socket);
    this.#begun.set(key, socket);
    socket.once("close", () => {
      if (this.#begun.delete(key)) {
        this.#admission.end(address, this.#clock.now(), false);
        this.#budget.end(socket.bytesRead > 0 ? "broken" : "silent");
      }
      this.#begin();
    });
    this.#tls.emit("connection", socket);
  }

  #secured(socket: TLSSocket): void {
    const remote = remoteOf(socket);
    const peer = this.#authentication.peer(socket);
    const raw = this.#begun.get(remote);
    const now = this.#clock.now();
    const accepted = raw && this.#accepted.get(raw);
    if (this.#begun.delete(remote)) {
      this.#budget.end("whole");
      this.#admission.end(socket.remoteAddress ?? "", now, peer.kind === "identity");
    }
    // The error of a connection that closes before it has an owner.
    socket.on("error", () => {});
    if (peer.kind === "refused") this.#refuse(socket, remote, peer.reason);
    // One that was cut while its handshake came to its end is no longer among those that began it.
    else if (accepted === undefined) socket.destroy();
    else this.#handlers.secured(socket, peer.name, remote, now - accepted.at, accepted.number);
    this.#begin();
  }

  #refuse(socket: TLSSocket, remote: string, reason: string): void {
    this.#handlers.refused(remote, reason, "");
    socket.destroy();
  }

  #failed(error: Error, socket: TLSSocket): void {
    const remote = remoteOf(socket);
    const reason = this.#authentication.reasonOf(error, socket.authorizationError);
    this.#handlers.refused(remote, reason, error.message);
    socket.destroy();
  }
}

/** Whoever shares a port by SO_REUSEPORT would not be told that others have it. */
async function tryPort(host: string, port: number): Promise<void> {
  const trial = createServer();
  await listening(trial, { host, port });
  await new Promise<void>((resolve) => void trial.close(() => resolve()));
}

function listening(server: Server, options: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : (options.port ?? 0));
    });
  });
}

function remoteOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "unknown";
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain.includes(":") ? `[${plain}]:${socket.remotePort}` : `${plain}:${socket.remotePort}`;
}
