import { readFileSync } from "node:fs";
import { bind } from "../../../../src/daemon/sys/libc.ts";
import { allocateMemory } from "../../../../src/daemon/sys/memory.ts";
import { poll, type Poller } from "../../../../src/daemon/sys/poll.ts";
import { AF_PACKET, ETH_P_ALL_BE, rawSocket, receive } from "./raw.ts";

/** Hands every packet that passes an interface, both ways, to `take`; the bytes are borrowed until it returns. */
export function capture(interfaceName: string, take: (packet: Buffer) => void): Poller {
  const fd = rawSocket(AF_PACKET, ETH_P_ALL_BE);
  // struct sockaddr_ll of packet(7).
  const address = allocateMemory(20);
  address.bytes.writeUInt16LE(AF_PACKET, 0);
  address.bytes.writeUInt16LE(ETH_P_ALL_BE, 2);
  address.bytes.writeInt32LE(Number(readFileSync(`/sys/class/net/${interfaceName}/ifindex`, "utf8")), 4);
  if (bind(fd, address.address, 20) < 0) throw new Error(`cannot bind to ${interfaceName}`);
  const poller = poll(fd, () => {
    for (let packet = receive(fd); packet !== undefined; packet = receive(fd)) take(packet);
  });
  poller.start();
  return poller;
}
