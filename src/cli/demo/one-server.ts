import { setTimeout as delay } from "node:timers/promises";
import { addressesRow, bulk, outcome, watchStream } from "./acts.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { Lab } from "./lab.ts";
import { megabytes, type Report } from "./report.ts";
import type { Story } from "./story.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "./traffic.ts";
import type { TransferResult } from "./transfer.ts";

const streamMbps = 200;
/** Time for stopping the daemons and the summary. */
const closingSeconds = 3;
const shortestStreamSeconds = 8;

async function killAndRestart(lab: Lab, client: DaemonProcess, report: Report): Promise<void> {
  const { pid } = lab.server.process;
  await lab.server.end("SIGKILL");
  report.say(`kill -9 ${pid}: the server ${lab.server.name} is gone in the middle of the stream`);
  await delay(500, undefined, { ref: false });
  lab.server.start();
  report.say(`the server starts again as process ${lab.server.process.pid}`);
  await lab.server.ready();
  await client.ready();
  const [connection] = await client.connections();
  const { inner } = await client.status();
  report.say(`the client has its link again: connection ${connection?.id ?? "?"}, inner ${inner.join(", ")}`);
}

async function streamThroughKill(
  lab: Lab,
  client: DaemonProcess,
  seconds: number,
  report: Report,
): Promise<TransferResult> {
  const url = serviceUrl(lab.inner, `/stream?seconds=${seconds}&mbps=${streamMbps}`);
  const stream = lab.use(startTransfer(client.namespace, url));
  report.say(`one TCP connection streams ${streamMbps} Mbit/s for ${seconds} s`);
  const watched = watchStream(stream, report);
  await delay((seconds * 1000) / 3, undefined, { ref: false });
  await killAndRestart(lab, client, report);
  await watched;
  const result = await transferResult(stream);
  report.say(`stream ended: ${outcome(result)}`);
  return result;
}

async function tell(
  lab: Lab,
  client: DaemonProcess,
  durationSeconds: number,
  report: Report,
  up: () => void,
): Promise<boolean> {
  await lab.start(client);
  up();
  const before = await client.status();
  report.say(`tunnel up: ${before.name} has ${before.inner.join(", ")} on ${before.interface}, MTU ${before.mtu}`);
  lab.use(await startService(lab.server.namespace, lab.inner));
  const transfers = await bulk(lab, client.namespace, lab.inner, report);
  const left = Math.floor(durationSeconds - report.seconds() - closingSeconds);
  const stream = await streamThroughKill(lab, client, Math.max(shortestStreamSeconds, left), report);
  const after = await client.status();
  const server = await lab.server.status();
  const whole = [...transfers, stream].filter(({ equal }) => equal).length;
  report.summary([
    ["transfers with equal checksums", `${whole} of 3`],
    ["longest gap of the streaming TCP connection", `${stream.longest_gap_ms} ms (server killed and restarted)`],
    addressesRow(before.inner, after.inner),
    ["client moved", `${megabytes(after.rx_bytes)} in, ${megabytes(after.tx_bytes)} out`],
    ["dropped by the client", JSON.stringify(after.dropped)],
    ["dropped by the restarted server", JSON.stringify(server.dropped)],
  ]);
  return whole === 3 && before.inner.join() === after.inner.join();
}

/** A server is killed under a transfer and started again. */
export async function oneServer(prefix: string, report: Report): Promise<Story> {
  const lab = await Lab.create(prefix);
  report.say(`certificate authority made, server certificate issued, in ${lab.directory}`);
  const client = await lab.client("laptop-ann");
  report.say(`namespaces ${lab.server.namespace.name} and ${client.namespace.name}, joined by a veth pair`);
  return {
    stage: lab,
    client,
    tell: async (durationSeconds, up) => await tell(lab, client, durationSeconds, report, up),
  };
}
