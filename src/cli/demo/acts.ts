import { setTimeout as delay } from "node:timers/promises";
import type { Namespace } from "./namespace.ts";
import { bitRate, megabytes, type Report } from "./report.ts";
import type { Running } from "./running.ts";
import { bytesSoFar, serviceUrl, startTransfer, transferResult } from "./traffic.ts";
import type { TransferResult } from "./transfer.ts";

const bulkBytes = 256 * 1024 * 1024;

/** What holds a story's processes. */
export interface Stage {
  use<T extends AsyncDisposable>(resource: T): T;
}

export function outcome(result: TransferResult): string {
  return `${megabytes(result.bytes)} at ${bitRate(result.bytes, result.seconds)}, SHA-256 ${result.equal ? "equal" : "DIFFERS"} (${result.sha256_received.slice(0, 16)}…)`;
}

/** As much as the tunnel carries, from the service and then to it. */
export async function bulk(stage: Stage, from: Namespace, address: string, report: Report): Promise<TransferResult[]> {
  const down = stage.use(startTransfer(from, serviceUrl(address, `/bytes?count=${bulkBytes}`)));
  const downResult = await transferResult(down);
  report.say(`download from the service: ${outcome(downResult)}`);
  const up = stage.use(startTransfer(from, serviceUrl(address, "/upload"), bulkBytes));
  const upResult = await transferResult(up);
  report.say(`upload to the service:     ${outcome(upResult)}`);
  return [downResult, upResult];
}

/** Prints the stream's progress once a second until it ends. */
export async function watchStream(stream: Running, report: Report): Promise<void> {
  let before = 0;
  for (;;) {
    const ended = await Promise.race([stream.exited.then(() => true), delay(1000, false, { ref: false })]);
    if (ended) return;
    const bytes = bytesSoFar(stream);
    report.say(`stream: ${megabytes(bytes)} in all, ${bitRate(bytes - before, 1)} in the last second`);
    before = bytes;
  }
}

/** Row of a summary: the addresses of the session at both times. */
export function addressesRow(before: readonly string[], after: readonly string[]): [what: string, value: string] {
  const verdict = before.join() === after.join() ? "same" : "CHANGED";
  return ["inner addresses before and after", `${before.join(", ")} | ${after.join(", ")} (${verdict})`];
}
