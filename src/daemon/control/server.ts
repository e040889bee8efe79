import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../shared/clock.ts";
import { limits } from "../../shared/control/protocol.ts";
import type { ControlState } from "../../shared/control/snapshot.ts";
import { type AccessRules, type Accounts, type Credentials, describePeer, readAccounts, roleOf } from "./accounts.ts";
import { ActionBook } from "./action-book.ts";
import type { ControlBackend } from "./backend.ts";
import { SnapshotFeed } from "./feed.ts";
import { ControlPeer, type Grant } from "./peer.ts";
import { listenUnix } from "./socket.ts";

/** Milliseconds that clients get to take their last answer when the server closes. */
const closeGrace = 500;

export interface ControlCollaborators {
  backend: ControlBackend;
  clock: Clock;
  /** SO_PEERCRED of a connected descriptor; undefined when the kernel doesn't tell, which refuses the client. */
  credentials: (fd: number) => Credentials | undefined;
  /** The host's users and groups; default: /etc/passwd and /etc/group. */
  accounts?: () => Accounts;
}

export interface ControlSettings extends AccessRules {
  /** Path of the unix socket. */
  socketPath: string;
}

/**
 * Opens the control channel.
 * @throws SssonectorError control_busy, control_socket
 */
export async function startControlServer(
  collaborators: ControlCollaborators,
  settings: ControlSettings,
): Promise<ControlServer> {
  const server = new ControlServer(collaborators, settings);
  await server.listen();
  return server;
}

/** The control channel: WebSocket on a unix socket. Disposing it says goodbye to clients and removes the socket. */
export class ControlServer implements AsyncDisposable {
  #collaborators: ControlCollaborators;
  #settings: ControlSettings;
  #feed: SnapshotFeed;
  #book: ActionBook;
  #lastPeer = 0;
  #peers = new Set<ControlPeer>();
  #sockets = new WebSocketServer({ noServer: true, maxPayload: limits.messageBytes, perMessageDeflate: false });
  #http: Server;

  constructor(collaborators: ControlCollaborators, settings: ControlSettings) {
    this.#collaborators = collaborators;
    this.#settings = settings;
    this.#book = new ActionBook(collaborators.clock);
    this.#feed = new SnapshotFeed(collaborators.backend, () => this.#state());
    const http = {
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 4_096,
    };
    this.#http = createServer(http, (_request, response) =>
      response.writeHead(426, { connection: "close", upgrade: "websocket" }).end(),
    );
    // Connections that have not asked for a WebSocket yet are bounded too.
    this.#http.maxConnections = limits.clients * 2;
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async listen(): Promise<void> {
    const gid = this.#accounts().groupId(this.#settings.group);
    try {
      await listenUnix(this.#http, this.#settings.socketPath, gid);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed.close();
    this.#book.stop();
    const grace = Promise.withResolvers<void>();
    const timer = this.#collaborators.clock.after(closeGrace, () => grace.resolve());
    await Promise.race([Promise.all([...this.#peers].map((peer) => peer.idle())), grace.promise]);
    const gone = [...this.#sockets.clients].map((socket) => closed(socket));
    await Promise.race([Promise.all(gone), grace.promise]);
    timer.cancel();
    for (const socket of this.#sockets.clients) socket.terminate();
    const { promise, resolve } = Promise.withResolvers<void>();
    // Also removes the socket file.
    this.#http.close(() => resolve());
    this.#http.closeAllConnections();
    await promise;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const grant = this.#grant(request.socket);
    if (grant === undefined) {
      const { group } = this.#settings;
      return refuse(socket, 403, `only root, members of group ${group} and control.operators may use this socket`);
    }
    // A browser sends it, whatever page made it connect.
    if (request.headers.origin !== undefined) return refuse(socket, 403, "no web page may use this socket");
    const room = grant.role === "operator" ? limits.clients : limits.clients - limits.operatorClients;
    if (this.#sockets.clients.size >= room) {
      return refuse(socket, 503, `all ${room} control connections for a ${grant.role} are in use`);
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => this.#welcome(client, grant));
  }

  #welcome(socket: WebSocket, grant: Grant): void {
    const { backend, clock } = this.#collaborators;
    this.#lastPeer += 1;
    const peer = new ControlPeer(this.#lastPeer, socket, grant, { backend, clock, feed: this.#feed, book: this.#book });
    this.#peers.add(peer);
    socket.on("close", () => this.#peers.delete(peer));
  }

  #grant(socket: Socket): Grant | undefined {
    const fd = descriptorOf(socket);
    const peer = fd === undefined ? undefined : this.#collaborators.credentials(fd);
    if (peer === undefined) return undefined;
    const accounts = this.#accounts();
    const role = roleOf(peer, this.#settings, accounts);
    return role === undefined
      ? undefined
      : { role, who: describePeer(peer, accounts), user: accounts.userName(peer.uid) ?? `uid ${peer.uid}` };
  }

  #state(): ControlState {
    const attached = [...this.#peers].map((peer) => peer.attached).filter((one) => one !== undefined);
    return { revision: this.#book.revision, attached, unconfirmed: this.#book.unconfirmed };
  }

  #accounts(): Accounts {
    return (this.#collaborators.accounts ?? readAccounts)();
  }
}

function refuse(socket: Duplex, status: 403 | 503, reason: string): void {
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.on("error", () => socket.destroy());
  socket.end(`${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`);
}

function closed(socket: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("close", () => resolve());
  socket.close(1001, "the daemon stops");
  return promise;
}

/** The descriptor under a socket, which Node keeps to itself. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: number } | null };
  return handle?.fd;
}
