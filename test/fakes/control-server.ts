import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Credentials, parseAccounts } from "../../src/daemon/control/accounts.ts";
import { type ControlServer, startControlServer } from "../../src/daemon/control/server.ts";
import { type Clock, systemClock } from "../../src/shared/clock.ts";
import { connectControl, type ControlClient } from "../../src/shared/control/client.ts";
import { FakeControlBackend } from "./control-backend.ts";

export const root: Credentials = { pid: 10, uid: 0, gid: 0 };
/** Member of the viewing group. */
export const ann: Credentials = { pid: 11, uid: 1000, gid: 1000 };
/** Operator through a group. */
export const bob: Credentials = { pid: 12, uid: 1001, gid: 1001 };
/** In no group that counts. */
export const eve: Credentials = { pid: 13, uid: 1002, gid: 1002 };

export const hostAccounts = parseAccounts(
  "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\neve:x:1002:1002::/:/bin/sh\n",
  "root:x:0:\nviewers:x:60001:ann,someone\nnetops:x:60002:bob\n",
);

/** A real control server on a real socket in a directory of its own, over a fake daemon. */
export interface ControlRig extends AsyncDisposable {
  backend: FakeControlBackend;
  server: ControlServer;
  directory: string;
  socketPath: string;
  /** Who the next connections come from. */
  as(credentials: Credentials | undefined): void;
  connect(): Promise<ControlClient>;
  /** Another server on the same socket, after the first one ended. */
  restart(): Promise<ControlServer>;
}

export async function controlRig(options: { clock?: Clock } = {}): Promise<ControlRig> {
  const directory = mkdtempSync(join(tmpdir(), "sssonector-control-"));
  const socketPath = join(directory, "edge-01.sock");
  const backend = new FakeControlBackend();
  let peer: Credentials | undefined = root;
  const start = (): Promise<ControlServer> =>
    startControlServer(
      { backend, clock: options.clock ?? systemClock, credentials: () => peer, accounts: () => hostAccounts },
      { socketPath, group: "viewers", operators: ["@netops"] },
    );
  const server = await start();
  return {
    backend,
    server,
    directory,
    socketPath,
    as: (credentials) => {
      peer = credentials;
    },
    restart: start,
    connect: () => connectControl({ socketPath, clientName: "test", timeoutMs: 5_000 }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
