import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import type { Millis } from "../../shared/clock.ts";
import { Admission, type AdmissionRules } from "./admission.ts";
import type { Authentication } from "./peer.ts";

export interface AcceptorHandlers {
  /** TLS is done and the peer's identity known; the connection has said nothing yet. */
  secured(socket: TLSSocket, identity: string, remote: string): void;
  refused(remote: string, reason: string, text: string): void;
}

/** Connections that wait for their handshake; more are closed. */
const mostWaiting = 4096;
const handshakeTimeout: Millis = 5000;

/**
 * Accepts connections and carries out their TLS handshakes, no more at a time than the rules allow; the excess waits
 * unread. Every refusal is reported once, with its reason.
 */
export class Acceptor {
  readonly #listener: Server;
  readonly #tls: TlsServer;
  readonly #handlers: AcceptorHandlers;
  readonly #authentication: Authentication;
  readonly #admission: Admission;
  readonly #now: () => Millis;
  readonly #keepAlive: boolean;
  #waiting: Socket[] = [];
  /** Handshakes under way by `address:port`. */
  readonly #begun = new Map<string, Socket>();

  constructor(parts: {
    tls: TlsOptions;
    rules: AdmissionRules;
    keepAlive: boolean;
    handlers: AcceptorHandlers;
    authentication: Authentication;
    now: () => Millis;
  }) {
    this.#handlers = parts.handlers;
    this.#authentication = parts.authentication;
    this.#admission = new Admission(parts.rules);
    this.#now = parts.now;
    this.#keepAlive = parts.keepAlive;
    this.#tls = createTlsServer({ ...parts.tls, handshakeTimeout }, (socket) => this.#secured(socket));
    this.#tls.on("tlsClientError", (error, socket) => this.#failed(error, socket));
    this.#listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#connected(socket));
  }

  /** Resolves with the port; rejects with the error of listen(2). */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen({ host, port, backlog: 1024 }, () => {
        this.#listener.off("error", reject);
        this.#listener.on("error", () => {});
        const address = this.#listener.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** New connections get these certificates. */
  renew(tls: TlsOptions): void {
    this.#tls.setSecureContext(tls);
  }

  /** Begins handshakes that had to wait; a few times a second. */
  tick(): void {
    this.#admission.sweep(this.#now());
    this.#begin();
  }

  close(): void {
    this.#listener.close();
    for (const socket of [...this.#waiting, ...this.#begun.values()]) socket.destroy();
    this.#waiting = [];
  }

  #connected(socket: Socket): void {
    socket.on("error", () => {});
    if (this.#waiting.length >= mostWaiting) {
      this.#handlers.refused(remoteOf(socket), "backlog_full", "too many connections wait for their handshake");
      socket.destroy();
      return;
    }
    if (this.#keepAlive) socket.setKeepAlive(true, 60_000);
    this.#waiting.push(socket);
    this.#begin();
  }

  #begin(): void {
    const now = this.#now();
    this.#waiting = this.#waiting.filter((socket) => {
      if (socket.destroyed || socket.remoteAddress === undefined) return false;
      if (!this.#admission.begin(socket.remoteAddress, now)) return true;
      this.#handshake(socket, socket.remoteAddress);
      return false;
    });
  }

  #handshake(socket: Socket, address: string): void {
    const key = remoteOf(socket);
    this.#begun.set(key, socket);
    socket.once("close", () => {
      if (this.#begun.delete(key)) this.#admission.end(address, this.#now(), false);
      this.#begin();
    });
    this.#tls.emit("connection", socket);
  }

  #secured(socket: TLSSocket): void {
    const remote = remoteOf(socket);
    const peer = this.#authentication.peer(socket);
    if (this.#begun.delete(remote)) {
      this.#admission.end(socket.remoteAddress ?? "", this.#now(), peer.kind === "identity");
    }
    // The error of a connection that closes before it has an owner.
    socket.on("error", () => {});
    if (peer.kind === "identity") this.#handlers.secured(socket, peer.name, remote);
    else this.#refuse(socket, remote, peer.reason);
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

function remoteOf(socket: Socket): string {
  const address = socket.remoteAddress ?? "unknown";
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain.includes(":") ? `[${plain}]:${socket.remotePort}` : `${plain}:${socket.remotePort}`;
}
