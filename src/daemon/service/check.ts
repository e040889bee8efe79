import { request } from "node:http";
import type { Millis } from "../../shared/clock.ts";
import { connectTo, type Target } from "./connect.ts";

export interface CheckSettings {
  readonly type: "tcp" | "http";
  readonly path: string;
  readonly status: number;
}

/** `reason` undefined: the endpoint is well. */
export type CheckDone = (reason: string | undefined) => void;

/** Checks an endpoint once; `done` is called once, unless the returned function gave the check up. */
export function check(
  target: Target & { readonly name: string },
  settings: CheckSettings,
  timeout: Millis,
  done: CheckDone,
): () => void {
  return settings.type === "tcp" ? checkTcp(target, timeout, done) : checkHttp(target, settings, timeout, done);
}

function checkTcp(target: Target, timeout: Millis, done: CheckDone): () => void {
  return connectTo(target, { timeout, keepAlive: false }, (outcome) => {
    if (outcome.kind === "failed") return done(outcome.reason);
    outcome.socket.destroy();
    done(undefined);
  });
}

/** One GET on a connection of its own; only the status counts. */
function checkHttp(
  target: Target & { readonly name: string },
  { path, status }: CheckSettings,
  timeout: Millis,
  done: CheckDone,
): () => void {
  const get = request({ host: target.host, port: target.port, path, agent: false, headers: { host: target.name } });
  let over = false;
  const finish = (reason: string | undefined): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    get.destroy();
    done(reason);
  };
  // The whole answer has this long, however slowly it trickles.
  const timer = setTimeout(() => finish("check_timeout"), timeout);
  get.once("response", ({ statusCode }) =>
    finish(statusCode === status ? undefined : `status_${statusCode ?? "none"}`),
  );
  get.on("error", (error: NodeJS.ErrnoException) => {
    finish(error.code === "ECONNREFUSED" ? "connection_refused" : "no_http_answer");
  });
  get.end();
  return () => {
    over = true;
    clearTimeout(timer);
    get.destroy();
  };
}
