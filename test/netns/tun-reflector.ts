import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { checkOffload } from "../../src/daemon/packet/offload.ts";
import { linkToVnet, vnetToLink } from "../../src/daemon/packet/vnet.ts";
import { maxUnitLength, type OffloadFeatures, type TunDevice } from "../../src/daemon/tun/device.ts";
import { attachTun } from "../../src/daemon/tun/linux.ts";

export interface Reflected {
  /** What was wrong with units, as faults. */
  readonly faults: readonly string[];
  /** Length of the longest unit. */
  readonly longest: number;
}

/**
 * Sends every IPv4 unit back with source and destination swapped, so that what the host sends to 10.99.0.2 comes back
 * to it from there. Units go through the link's form and its checks on the way.
 */
export function reflect(device: TunDevice): () => Reflected {
  const buffer = device.allocate(maxUnitLength);
  const faults: string[] = [];
  let longest = 0;
  const turnBack = (length: number): void => {
    longest = Math.max(longest, length);
    swapAddresses(buffer.bytes, 10);
    if (!vnetToLink(buffer.bytes, 0, length - 10)) faults.push("unknown");
    const fault = checkOffload(buffer.bytes, 0, length - 10);
    if (fault !== undefined) faults.push(fault);
    linkToVnet(buffer.bytes, 0);
    if (device.write(buffer, 0, length) !== length) faults.push("write");
  };
  device.startReading({
    landing: () => buffer.bytes,
    landed(first) {
      for (let length = first; length >= 0; length = device.read(buffer, 0, maxUnitLength)) turnBack(length);
    },
  });
  return () => ({ faults, longest });
}

function swapAddresses(bytes: Buffer, packet: number): void {
  const source = Buffer.from(bytes.subarray(packet + 12, packet + 16));
  bytes.copy(bytes, packet + 12, packet + 16, packet + 20);
  source.copy(bytes, packet + 16);
}

interface Attachment {
  readonly fd: number;
  readonly name: string;
  readonly features: OffloadFeatures;
  readonly stop: MessagePort;
}

// As a data thread: it attaches to a descriptor that the main thread opened, and when told to stop says what it saw.
if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { fd, name, features, stop } = workerData as Attachment;
  const device = attachTun(fd, name, features);
  const result = reflect(device);
  stop.once("message", () => {
    device.close();
    port.postMessage(result());
    stop.close();
  });
}
