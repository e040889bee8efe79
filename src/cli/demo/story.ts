import { setTimeout as delay } from "node:timers/promises";
import type { DaemonProcess } from "./daemon-process.ts";
import type { Lab } from "./lab.ts";
import { bitRate, megabytes, type Report } from "./report.ts";
import type { Running } from "./running.ts";
import { bytesSoFar, serviceUrl, startService, startTransfer, transferResult } from "./traffic.ts";
import type { TransferResult } from "./transfer.ts";

const bulkBytes = 256 * 1024 * 1024;
const streamMbps = 200;
/** Time for stopping the daemons and the summary. */
const closingSeconds = 3;
const shortestStreamSeconds = 8;

function outcome(result: TransferResult): string {
  return `${megabytes(result.bytes)} at ${bitRate(result.bytes, result.seconds)}, SHA-256 ${result.equal ? "equal" : "DIFFERS"} (${result.sha256_received.slice(0, 16)}…)`;
}

async function bulk(lab: Lab, client: DaemonProcess, report: Report): Promise<TransferResult[]> {
  const { namespace } = client;
  const down = lab.use(startTransfer(namespace, serviceUrl(lab.inner, `/bytes?count=${bulkBytes}`)));
  const downResult = await transferResult(down);
  report.say(`download from the service: ${outcome(downResult)}`);
  const up = lab.use(startTransfer(namespace, serviceUrl(lab.inner, "/upload"), bulkBytes));
  const upResult = await transferResult(up);
  report.say(`upload to the service:     ${outcome(upResult)}`);
  return [downResult, upResult];
}

async function innerAddress(client: DaemonProcess): Promise<string> {
  return (await client.status()).inner.join(", ");
}

/** Prints the stream's progress once a second until it ends. */
async function watchStream(stream: Running, report: Report): Promise<void> {
  let before = 0;
  for (;;) {
    const ended = await Promise.race([stream.exited.then(() => true), delay(1000, false, { ref: false })]);
    if (ended) return;
    const bytes = bytesSoFar(stream);
    report.say(`stream: ${megabytes(bytes)} in all, ${bitRate(bytes - before, 1)} in the last second`);
    before = bytes;
  }
}

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
  report.say(`the client has its link again: connection ${connection?.id ?? "?"}, inner ${await innerAddress(client)}`);
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

/** Everything between two made namespaces: bring-up, traffic, the kill, the numbers. True when all of it held. */
export async function tell(lab: Lab, durationSeconds: number, report: Report): Promise<boolean> {
  report.say(`certificate authority made, server certificate issued, in ${lab.directory}`);
  const client = await lab.client("laptop-ann");
  report.say(`namespaces ${lab.server.namespace.name} and ${client.namespace.name}, joined by a veth pair`);
  await lab.start(client);
  const before = await client.status();
  report.say(`tunnel up: ${before.name} has ${before.inner.join(", ")} on ${before.interface}, MTU ${before.mtu}`);
  report.say(`watch it in another terminal: sssonector top --socket ${client.socket}`);
  lab.use(await startService(lab.server.namespace, lab.inner));
  const transfers = await bulk(lab, client, report);
  const left = Math.floor(durationSeconds - report.seconds() - closingSeconds);
  const stream = await streamThroughKill(lab, client, Math.max(shortestStreamSeconds, left), report);
  const after = await client.status();
  const server = await lab.server.status();
  const same = before.inner.join() === after.inner.join();
  report.summary([
    ["transfers with equal checksums", `${[...transfers, stream].filter(({ equal }) => equal).length} of 3`],
    ["longest gap of the streaming TCP connection", `${stream.longest_gap_ms} ms (server killed and restarted)`],
    [
      "inner address before and after",
      `${before.inner.join(", ")} | ${after.inner.join(", ")}${same ? " (same)" : " (CHANGED)"}`,
    ],
    ["client moved", `${megabytes(after.rx_bytes)} in, ${megabytes(after.tx_bytes)} out`],
    ["dropped by the client", JSON.stringify(after.dropped)],
    ["dropped by the restarted server", JSON.stringify(server.dropped)],
  ]);
  return same && [...transfers, stream].every(({ equal }) => equal);
}
