import { setTimeout as delay } from "node:timers/promises";
import { addressesRow, bulk, outcome, watchStream } from "./acts.ts";
import { Cluster, service, service6 } from "./cluster.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { framesLost, type FrameBooks, settledBooks } from "./frame-books.ts";
import type { Report } from "./report.ts";
import type { Running } from "./running.ts";
import type { Story } from "./story.ts";
import { serviceUrl, startTransfer, transferResult } from "./traffic.ts";
import type { TransferResult } from "./transfer.ts";

const streamMbps = 100;
/** Time for starting the killed server, stopping the daemons and the summary. */
const betweenSeconds = 5;
const shortestStreamSeconds = 6;

interface Killed {
  stream: TransferResult;
  movedMillis: number;
}

interface Drained {
  streams: TransferResult[];
  movedMillis: number;
  drainedMillis: number;
  frames: number;
  lost: number;
}

function stream(cluster: Cluster, address: string, seconds: number): Running {
  const url = serviceUrl(address, `/stream?seconds=${seconds}&mbps=${streamMbps}`);
  return cluster.use(startTransfer(cluster.client.namespace, url));
}

/** Waits until the client's session is on `server`; milliseconds since `since`, by the client's own event. */
async function movedAfter(cluster: Cluster, server: DaemonProcess, since: number): Promise<number> {
  for (;;) {
    const events = await cluster.client.events(since);
    const up = events.find(({ code, facts }) => code === "link_up" && facts["backend"] === server.name);
    if (up !== undefined) return up.time_ms - since;
    await delay(100, undefined, { ref: false });
  }
}

async function waitFor(client: DaemonProcess, condition: string): Promise<void> {
  const { code, stderr } = await client.ctl("wait", "--for", condition, "--timeout", "30s");
  if (code !== 0) throw new Error(stderr);
}

async function killTheOneInUse(cluster: Cluster, seconds: number, report: Report): Promise<Killed> {
  const { used, spare } = await cluster.places();
  report.say(`act one: a TCP connection to the service streams ${streamMbps} Mbit/s for ${seconds} s by ${used.name}`);
  const running = stream(cluster, service, seconds);
  const watched = watchStream(running, report);
  await delay((seconds * 1000) / 3, undefined, { ref: false });
  const { pid } = used.process;
  const since = Date.now();
  await used.end("SIGKILL");
  report.say(`kill -9 ${pid}: the server ${used.name} is gone in the middle of the stream`);
  const movedMillis = await movedAfter(cluster, spare, since);
  report.say(`the session is on ${spare.name}, ${movedMillis} ms after the kill`);
  used.start();
  report.say(`${used.name} starts again as process ${used.process.pid}`);
  await used.ready();
  await watched;
  const result = await transferResult(running);
  report.say(`stream ended: ${outcome(result)}`);
  return { stream: result, movedMillis };
}

async function drainTheOther(cluster: Cluster, seconds: number, report: Report): Promise<Drained> {
  const { used, spare } = await cluster.places();
  await waitFor(cluster.client, `up=${spare.name}`);
  report.say(`act two: the client finds ${spare.name} up again; two connections stream, over IPv4 and IPv6`);
  const daemons = [cluster.client, ...cluster.servers];
  const before: FrameBooks = await settledBooks(daemons);
  const running = [stream(cluster, service, seconds), stream(cluster, service6, seconds)];
  await delay((seconds * 1000) / 3, undefined, { ref: false });
  const since = Date.now();
  const { code, stdout, stderr } = await cluster.client.ctl("drain", used.name, "--yes");
  if (code !== 0) throw new Error(`ctl drain ${used.name}: exit ${String(code)}\n${stderr}`);
  report.say(`ctl ${stdout.trim()}`);
  const movedMillis = await movedAfter(cluster, spare, since);
  await waitFor(cluster.client, `drained=${used.name}`);
  const drainedMillis = Date.now() - since;
  report.say(`the session is on ${spare.name}, ${movedMillis} ms after the command; drained after ${drainedMillis} ms`);
  const streams = await Promise.all(running.map(transferResult));
  for (const result of streams) report.say(`stream ended: ${outcome(result)}`);
  const after = await settledBooks(daemons);
  return {
    streams,
    movedMillis,
    drainedMillis,
    frames: after.accepted - before.accepted,
    lost: framesLost(before, after),
  };
}

async function tell(cluster: Cluster, durationSeconds: number, report: Report, up: () => void): Promise<boolean> {
  const { client } = cluster;
  await cluster.start();
  up();
  const before = await client.status();
  report.say(`tunnel up: ${before.name} has ${before.inner.join(", ")} on ${before.interface}, MTU ${before.mtu}`);
  const transfers = await bulk(cluster, client.namespace, service, report);
  const left = Math.floor((durationSeconds - report.seconds() - betweenSeconds) / 2);
  const seconds = Math.max(shortestStreamSeconds, left);
  const killed = await killTheOneInUse(cluster, seconds, report);
  const drained = await drainTheOther(cluster, seconds, report);
  const after = await client.status();
  const all = [...transfers, killed.stream, ...drained.streams];
  const whole = all.filter(({ equal }) => equal).length;
  const gap = Math.max(...drained.streams.map(({ longest_gap_ms }) => longest_gap_ms));
  report.summary([
    ["transfers with equal checksums", `${whole} of ${all.length}`],
    ["server killed: session on the other after", `${killed.movedMillis} ms`],
    ["server killed: longest gap of the TCP connection", `${killed.stream.longest_gap_ms} ms`],
    ["server drained: session on the other after", `${drained.movedMillis} ms`],
    ["server drained: nothing left on it after", `${drained.drainedMillis} ms`],
    ["server drained: longest gap of a TCP connection", `${gap} ms`],
    ["server drained: frames lost", `${drained.lost} of ${drained.frames}`],
    addressesRow(before.inner, after.inner),
    ["dropped by the client", JSON.stringify(after.dropped)],
  ]);
  return whole === all.length && drained.lost === 0 && before.inner.join() === after.inner.join();
}

/** Two servers on a LAN with a service: the one in use is killed under a transfer, then the other is drained. */
export async function twoServers(prefix: string, report: Report): Promise<Story> {
  const cluster = await Cluster.create(prefix, "proxy_arp");
  report.say("certificate authority, cluster secret and certificates made");
  const names = cluster.servers.map(({ name }) => name).join(" and ");
  report.say(`servers ${names} and a service on one LAN, a client with a wire to each, all in namespaces`);
  return {
    stage: cluster,
    client: cluster.client,
    tell: async (durationSeconds, up) => await tell(cluster, durationSeconds, report, up),
  };
}
