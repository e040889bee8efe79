/**
 * A plaintext tunnel, the baseline of the method: `plain-relay.ts INTERFACE listen|connect HOST:PORT`. It carries what its TUN
 * gives, with segmentation offload, over one TCP connection, and has neither TLS nor sessions nor anything that looks at a
 * packet. Prints "ready" once both ends are joined.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { readInto } from "../../src/daemon/sys/read-into.ts";
import { attachTun } from "../../src/daemon/tun/linux.ts";
import { maxUnitLength, type TunBuffer } from "../../src/daemon/tun/device.ts";
import { openTun } from "../../src/daemon/tun/open.ts";

const lengthBytes = 4;
const readBufferBytes = 512 * 1024;
const readBuffers = 4;

const [name = "", role = "", endpoint = ""] = process.argv.slice(2);
const [host = "", port = ""] = endpoint.split(":");
const tun = openTun({ name, queues: 1 });
const device = attachTun(tun.fds[0] ?? -1, name, tun.features);

/** TUN → socket: everything that waits there in one write, while one of the buffers is free. */
function carryOut(socket: Socket): void {
  const free = Array.from({ length: readBuffers }, () => device.allocate(readBufferBytes));
  /** Where the next unit lands; undefined while all are being written. */
  let next = free.pop();
  const reader = {
    landing: () => next!.bytes.subarray(lengthBytes),
    landed(length: number) {
      const buffer = next!;
      socket.write(buffer.bytes.subarray(0, fill(buffer, length)), () => {
        free.push(buffer);
        if (next !== undefined) return;
        next = free.pop();
        device.startReading(reader);
      });
      next = free.pop();
      if (next === undefined) device.stopReading();
    },
  };
  device.startReading(reader);
}

/** Units with their lengths in front, the first of which is there, until the TUN is empty or the buffer full; returns the end of the last. */
function fill({ bytes, address }: TunBuffer, first: number): number {
  let end = 0;
  for (let read = first; read >= 0; read = device.read({ bytes, address }, end + lengthBytes, maxUnitLength)) {
    bytes.writeUInt32BE(read, end);
    end += lengthBytes + read;
    if (end + lengthBytes + maxUnitLength > bytes.length) break;
  }
  return end;
}

/** Socket → TUN: units where they landed; what is left of one goes to the front. */
function carryIn(socket: Socket): void {
  const landing = device.allocate(1024 * 1024);
  const { bytes } = landing;
  let held = 0;
  readInto(
    socket,
    () => bytes.subarray(held),
    (length) => {
      held += length;
      let start = 0;
      while (held - start >= lengthBytes) {
        const unit = bytes.readUInt32BE(start);
        if (held - start - lengthBytes < unit) break;
        device.write(landing, start + lengthBytes, unit);
        start += lengthBytes + unit;
      }
      if (start === 0) return true;
      bytes.copyWithin(0, start, held);
      held -= start;
      return true;
    },
  );
}

async function joined(): Promise<Socket> {
  if (role === "connect") {
    const socket = connect({ host, port: Number(port), noDelay: true });
    await once(socket, "connect");
    return socket;
  }
  const server = createServer({ noDelay: true }).listen(Number(port), host);
  await once(server, "listening");
  console.log("listening");
  const [socket] = (await once(server, "connection")) as [Socket];
  return socket;
}

const socket = await joined();
socket.once("close", () => process.exit(0));
carryOut(socket);
carryIn(socket);
console.log("ready");
