import type { Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Millis } from "../../shared/clock.ts";
import { descriptorOf, unconnectedSocket } from "../sys/socket.ts";
import { Pacing } from "./pacing.ts";
import type { Authentication } from "./peer.ts";

export interface DialTarget {
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
  /** Identity that the server's certificate must have. */
  readonly identity: string;
  /** Name that is sent (SNI) and checked as well; neither without. */
  readonly serverName: string | undefined;
}

export type DialOutcome =
  | {
      readonly kind: "secured";
      readonly socket: TLSSocket;
      readonly remote: string;
      /** Our own outer address. */
      readonly local: string;
      /** From the TCP connection to the server's identity. */
      readonly authenticateMs: Millis;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly text: string };

/** Errors of connect(2) before TLS begins. `no_route` and `local_limit` are this host's own and say nothing of the server. */
const connectReasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection_refused"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "no_route"],
  ["EMFILE", "local_limit"],
  ["ENFILE", "local_limit"],
  ["ENOBUFS", "local_limit"],
  ["EADDRNOTAVAIL", "local_limit"],
]);

/**
 * Connects, carries out the TLS handshake and checks the server's identity. The outcome "secured" does not mean that
 * the server accepts us: in TLS 1.3 it judges our certificate later, so only WELCOME makes a link.
 */
export function dial(
  target: DialTarget,
  parts: {
    tls: ConnectionOptions;
    timeout: Millis;
    keepAlive: boolean;
    authentication: Authentication;
    /** TCP is connected, TLS begins. */
    connected?: (() => void) | undefined;
    /** Gives the attempt up. */
    signal: AbortSignal;
  },
): Promise<DialOutcome> {
  return new Promise((resolve) => {
    const pacing = new Pacing();
    /** The TCP connection, and TLS over it once it stands. */
    const sockets: Socket[] = [];
    const finish = (outcome: DialOutcome): void => {
      clearTimeout(timer);
      parts.signal.removeEventListener("abort", onAbort);
      for (const socket of sockets) {
        socket.off("error", onError);
        // The error of a connection that fails before it has an owner, or that is given up here.
        socket.on("error", () => {});
      }
      if (outcome.kind === "failed") sockets.at(-1)?.destroy();
      resolve(outcome);
    };
    const fail = (reason: string, text: string): void => finish({ kind: "failed", reason, text });
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(connectReasons.get(error.code ?? "") ?? parts.authentication.reasonOf(error), error.message);
    const onAbort = (): void => fail("stopping", "this end is stopping");
    parts.signal.addEventListener("abort", onAbort);
    const timer = setTimeout(() => fail("timeout", `no TLS connection within ${parts.timeout} ms`), parts.timeout);

    const connected = (tcp: Socket): void => {
      const since = performance.now();
      pacing.connected(descriptorOf(tcp));
      parts.connected?.();
      const tls = connect({ ...parts.tls, host: target.host, socket: tcp });
      tls.on("error", onError);
      sockets.push(tls);
      tls.once("secureConnect", () => {
        const peer = parts.authentication.peer(tls);
        if (peer.kind === "refused") return fail(peer.reason, "the server's certificate or protocol is refused");
        if (peer.name !== target.identity) {
          return fail("identity_mismatch", `the server is ${peer.name}, expected ${target.identity}`);
        }
        finish({
          kind: "secured",
          socket: tls,
          remote: `${target.host}:${target.port}`,
          local: tls.localAddress ?? "",
          authenticateMs: performance.now() - since,
        });
      });
    };

    try {
      const tcp = unconnectedSocket(target.host, { noDelay: true, keepAlive: parts.keepAlive });
      pacing.putOff(descriptorOf(tcp));
      sockets.push(tcp);
      tcp.on("error", onError);
      tcp.connect({ host: target.host, port: target.port }, () => connected(tcp));
    } catch (error) {
      onError(error as NodeJS.ErrnoException);
    }
  });
}
