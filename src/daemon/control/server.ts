import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Timer } from "../../shared/clock.ts";
import { limits } from "../../shared/control/protocol.ts";
import type { ControlState } from "../../shared/control/snapshot.ts";
import { SssonectorError } from "../../shared/errors.ts";
import { type AccessRules, type Accounts, type Credentials, describePeer, readAccounts, roleOf } from "./accounts.ts";
import { ActionBook } from "./action-book.ts";
import type { ControlBackend } from "./backend.ts";
import { SnapshotFeed } from "./feed.ts";
import { ControlPeer, type Grant } from "./peer.ts";
import { listenUnix } from "./socket.ts";
import { stillGood, tcpGate, type TcpRules } from "./tcp-gate.ts";
import type { ControlToken } from "./tokens.ts";

/** Milliseconds that clients get to take their last answer when the server closes. */
const closeGrace = 500;
/** Milliseconds between looks at the tokens of those who are connected. */
const tokenCheck = 1000;

export interface ControlCollaborators {
  backend: ControlBackend;
  clock: Clock;
  /** SO_PEERCRED of a connected descriptor; undefined when the kernel doesn't tell, which refuses the client. */
  credentials: (fd: number) => Credentials | undefined;
  /** The host's users and groups; default: /etc/passwd and /etc/group. */
  accounts?: () => Accounts;
  /** Somebody was refused over TCP. */
  refused?: (remote: string, reason: string) => void;
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
  #tcp: Server | undefined;
  /** Who came over TCP, and with which token. */
  #byToken = new Map<WebSocket, ControlToken>();
  #tokenTimer: Timer | undefined;

  constructor(collaborators: ControlCollaborators, settings: ControlSettings) {
    this.#collaborators = collaborators;
    this.#settings = settings;
    this.#book = new ActionBook(collaborators.clock);
    this.#feed = new SnapshotFeed(collaborators.backend, () => this.#state());
    this.#http = createHttp((request, socket, head) => this.#upgrade(request, socket, head));
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

  /**
   * Listens on a loopback address as well, for who has a token.
   * @throws SssonectorError control_tcp, control_tokens
   */
  async listenTcp({ host, port }: { host: string; port: number }, tokens: TcpRules["tokens"]): Promise<void> {
    tokens();
    const name = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const http = createHttp((request, socket, head) => this.#upgradeTcp(request, socket, head, { host: name, tokens }));
    try {
      http.listen({ host, port });
      await once(http, "listening");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SssonectorError("control_tcp", `control.tcp.listen ${name}: ${reason}`, { cause: error });
    }
    this.#tcp = http;
    this.#tokenTimer = this.#collaborators.clock.every(tokenCheck, () => this.#checkTokens(tokens));
  }

  #checkTokens(tokens: TcpRules["tokens"]): void {
    if (this.#byToken.size === 0) return;
    const good = stillGood(tokens);
    for (const [socket, token] of this.#byToken) {
      if (!good(token)) socket.close(1008, "the token is no longer in control.tcp.token_file");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tokenTimer?.cancel();
    this.#feed.close();
    this.#book.stop();
    const grace = Promise.withResolvers<void>();
    const timer = this.#collaborators.clock.after(closeGrace, () => grace.resolve());
    await Promise.race([Promise.all([...this.#peers].map((peer) => peer.idle())), grace.promise]);
    const gone = [...this.#sockets.clients].map((socket) => closed(socket));
    await Promise.race([Promise.all(gone), grace.promise]);
    timer.cancel();
    for (const socket of this.#sockets.clients) socket.terminate();
    // Also removes the socket file.
    await Promise.all([this.#http, ...(this.#tcp === undefined ? [] : [this.#tcp])].map(closeHttp));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const grant = this.#grant(request.socket);
    if (grant === undefined) {
      const { group } = this.#settings;
      return refuse(socket, 403, `only root, members of group ${group} and control.operators may use this socket`);
    }
    // A browser sends it, whatever page made it connect.
    if (request.headers.origin !== undefined) return refuse(socket, 403, "no web page may use this socket");
    this.#open(request, socket, head, grant);
  }

  #open(request: IncomingMessage, socket: Duplex, head: Buffer, grant: Grant, token?: ControlToken): void {
    const room = grant.role === "operator" ? limits.clients : limits.clients - limits.operatorClients;
    if (this.#sockets.clients.size >= room) {
      return refuse(socket, 503, `all ${room} control connections for a ${grant.role} are in use`);
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      if (token !== undefined) this.#byToken.set(client, token);
      this.#welcome(client, grant);
    });
  }

  #upgradeTcp(request: IncomingMessage, socket: Duplex, head: Buffer, rules: TcpRules): void {
    const gate = tcpGate(request, rules);
    if (gate.kind === "open") return this.#open(request, socket, head, gate.grant, gate.token);
    this.#collaborators.refused?.(`${request.socket.remoteAddress}:${request.socket.remotePort}`, gate.reason);
    refuse(socket, gate.status, gate.reason);
  }

  #welcome(socket: WebSocket, grant: Grant): void {
    const { backend, clock } = this.#collaborators;
    this.#lastPeer += 1;
    const peer = new ControlPeer(this.#lastPeer, socket, grant, { backend, clock, feed: this.#feed, book: this.#book });
    this.#peers.add(peer);
    socket.on("close", () => {
      this.#peers.delete(peer);
      this.#byToken.delete(socket);
    });
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

type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

function createHttp(upgrade: Upgrade): Server {
  const options = {
    headersTimeout: 5_000,
    requestTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 4_096,
  };
  const http = createServer(options, (_request, response) =>
    response.writeHead(426, { connection: "close", upgrade: "websocket" }).end(),
  );
  // Connections that have not asked for a WebSocket yet are bounded too.
  http.maxConnections = limits.clients * 2;
  return http.on("upgrade", upgrade);
}

function closeHttp(http: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  http.close(() => resolve());
  http.closeAllConnections();
  return promise;
}

function refuse(socket: Duplex, status: 401 | 403 | 503, reason: string): void {
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\n`;
  socket.on("error", () => socket.destroy());
  const text = `${head}Content-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`;
  // Node has let go of it: one that the peer never closes would keep its place, and the server from ending.
  socket.end(text, () => socket.destroy());
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
