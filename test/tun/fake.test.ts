import { expect, test } from "vitest";
import { wouldBlock } from "../../src/daemon/tun/device.ts";
import { tunCompliance } from "../compliance/tun.ts";
import { fakeTun, fullOffload, noOffload } from "../fakes/tun.ts";
import { makePacket } from "../packet/reference.ts";

const shape = { version: 4, protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 1 } as const;

tunCompliance("the in-memory TUN", async () => {
  const { device, kernel } = fakeTun();
  let received = 0;
  return {
    device,
    async send(payload) {
      kernel.injectPacket(makePacket({ ...shape, payload }).packet);
    },
    async receive() {
      const units = await kernel.whenWritten(++received);
      return units[received - 1]?.subarray(10 + 28) ?? Buffer.alloc(0);
    },
    async setDown() {
      kernel.setUp(false);
    },
    async close() {
      device.close();
    },
  };
});

test("the in-memory TUN can be full, and tells when all was read", async () => {
  const { device, kernel } = fakeTun();
  const buffer = device.allocate(100);
  kernel.setFull(true);
  expect(device.write(buffer, 0, 60)).toBe(wouldBlock);
  kernel.inject(Buffer.alloc(30));
  expect(kernel.waiting).toBe(1);
  const drained = kernel.whenDrained();
  device.startReading({ landing: () => buffer.bytes, landed: () => {} });
  await drained;
  expect(kernel.waiting).toBe(0);
  device.close();
});

test("the in-memory TUN has full offload unless told otherwise", () => {
  expect(fakeTun().device.features).toEqual(fullOffload);
  expect(fakeTun({ features: noOffload }).device.features.checksum).toBe(false);
});
