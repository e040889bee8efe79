import { connect, type Socket } from "node:net";
import type { Millis } from "../../shared/clock.ts";

/** Where to connect to. */
export interface Target {
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
}

export type ConnectOutcome =
  | {
      readonly kind: "connected";
      /** Paused since before it was connected: nothing of what the endpoint says first is read or lost. */
      readonly socket: Socket;
      readonly took: Millis;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly took: Millis };

/** Probes of an idle connection begin after this. */
export const keepAliveDelay: Millis = 60_000;

/** `local_limit` and `no_route` are this host's own faults and say nothing about the endpoint. */
const reasons: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "connection_refused"],
  ["ECONNRESET", "connection_reset"],
  ["EHOSTUNREACH", "unreachable"],
  ["ETIMEDOUT", "connect_timeout"],
  ["ENETUNREACH", "no_route"],
  ["EMFILE", "local_limit"],
  ["ENFILE", "local_limit"],
  ["ENOBUFS", "local_limit"],
  ["EADDRNOTAVAIL", "local_limit"],
]);

/** Whether a failed connect is this host's own fault. */
export function isLocalFault(reason: string): boolean {
  return reason === "local_limit" || reason === "no_route" || reason === "unresolved";
}

/** One attempt; `done` is called once, unless the returned function gave the attempt up. */
export function connectTo(
  target: Target,
  options: { readonly timeout: Millis; readonly keepAlive: boolean },
  done: (outcome: ConnectOutcome) => void,
): () => void {
  const begun = performance.now();
  const socket = connect({
    host: target.host,
    port: target.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: options.keepAlive,
    keepAliveInitialDelay: keepAliveDelay,
  });
  socket.pause();
  const took = (): Millis => performance.now() - begun;
  const settle = (outcome: ConnectOutcome): void => {
    socket.setTimeout(0).removeAllListeners();
    // A socket that nobody listens to must not end the thread.
    socket.on("error", () => {});
    done(outcome);
  };
  const fail = (reason: string): void => {
    settle({ kind: "failed", reason, took: took() });
    socket.destroy();
  };
  socket.setTimeout(options.timeout, () => fail("connect_timeout"));
  socket.once("error", (error: NodeJS.ErrnoException) => fail(reasons.get(error.code ?? "") ?? "connect_failed"));
  socket.once("connect", () => settle({ kind: "connected", socket, took: took() }));
  return () => {
    socket.removeAllListeners().on("error", () => {});
    socket.destroy();
  };
}
