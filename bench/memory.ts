import { setTimeout as delay } from "node:timers/promises";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { LoadProcess } from "./load/load-process.ts";
import { usage } from "./usage.ts";

/** Private memory (RssAnon), in KiB. */
export interface MemoryResult {
  idle_server_kib: number;
  idle_client_kib: number;
  /** Growth of the server per session with one link, between a fifth of `sessions` and all of them. */
  per_session_kib: number | null;
  sessions: number;
}

const settleMillis = 5000;

async function rssAnon({ process }: DaemonProcess): Promise<number> {
  await delay(settleMillis);
  return usage(process.pid).rss_anon_kib;
}

/**
 * Memory of an idle session: one process holds them open over the real protocol, all of one identity, so that the machine
 * does not have to carry as many client daemons.
 */
async function perSession(lab: Lab, sessions: number): Promise<number> {
  await lab.authority.issue("client", "load-0");
  const { namespace, endpoint } = await lab.wire("load");
  const load = lab.use(new LoadProcess(namespace, [endpoint, lab.inner, lab.authority.directory, "1"]));
  const few = Math.floor(sessions / 5);
  const hold = async (count: number): Promise<void> => void (await load.ask({ open: count, at_once: 10 }));
  await hold(few);
  const before = await rssAnon(lab.server);
  await hold(sessions - few);
  const after = await rssAnon(lab.server);
  const held = (await lab.server.status()).sessions;
  if (held < sessions) throw new Error(`only ${held} of ${sessions} sessions were held`);
  return Math.round((after - before) / (sessions - few));
}

export async function measureMemory(sessions: number): Promise<MemoryResult> {
  await using lab = await Lab.create("sssbench");
  const client = await lab.client("client");
  lab.server.start();
  await lab.server.ready();
  const idleServer = await rssAnon(lab.server);
  client.start();
  await client.ready();
  const idleClient = await rssAnon(client);
  await client.end("SIGTERM");
  const each = sessions === 0 ? null : await perSession(lab, sessions);
  return { idle_server_kib: idleServer, idle_client_kib: idleClient, per_session_kib: each, sessions };
}
