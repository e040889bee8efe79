import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkPacket } from "../../src/daemon/packet/ip.ts";
import {
  deviceDown,
  maxUnitLength,
  refused,
  type TunBuffer,
  type TunDevice,
  wouldBlock,
} from "../../src/daemon/tun/device.ts";
import { makePacket, makeUnit, sumWords } from "../packet/reference.ts";

/** A TUN and the host behind it, which is 10.99.0.1 and takes UDP on port 443; 10.99.0.2 leads to the device. */
export interface TunRig {
  readonly device: TunDevice;
  /** The host sends a UDP datagram to 10.99.0.2. */
  send(payload: Buffer): Promise<void>;
  /** Payload of the next UDP datagram that reaches the host. */
  receive(): Promise<Buffer>;
  setDown(): Promise<void>;
  close(): Promise<void>;
}

const tail = (buffer: TunBuffer, offset: number, length: number, count: number): string =>
  buffer.bytes.toString("latin1", offset + length - count, offset + length);

/** A UDP datagram to the host, from 10.99.0.2 to its port 443. */
export function unitWith(payload: Buffer): Buffer {
  const shape = { version: 4, protocol: "udp", options: 0, tcpOptions: 0, flags: 0, sequence: 0, id: 1 } as const;
  const { packet } = makePacket({ ...shape, payload });
  packet.set([10, 99, 0, 2, 10, 99, 0, 1], 12);
  // No UDP checksum; the IP header anew.
  packet.fill(0, 26, 28);
  packet.fill(0, 10, 12);
  new DataView(packet.buffer).setUint16(10, 0xffff - sumWords(packet.slice(0, 20)));
  return makeUnit(packet, {});
}

/** What every TunDevice keeps to. */
export function tunCompliance(name: string, make: () => Promise<TunRig>): void {
  describe(`${name} keeps to TunDevice`, () => {
    let rig: TunRig;
    let buffer: TunBuffer;

    beforeEach(async () => {
      rig = await make();
      buffer = rig.device.allocate(2 * maxUnitLength);
    });
    afterEach(() => rig.close());

    /** Starts reading; each unit lands at `at`, and `seen` gets its length. */
    const startReading = (seen: (length: number) => void, at = 0): void => {
      rig.device.startReading({ landing: () => buffer.bytes.subarray(at), landed: seen });
    };

    /** Resolves with the length of the next unit, which lies at `at`; nothing is read after it. */
    const arrival = (at = 0): Promise<number> => {
      const { promise, resolve } = Promise.withResolvers<number>();
      startReading((length) => {
        rig.device.stopReading();
        resolve(length);
      }, at);
      return promise;
    };

    test("read answers wouldBlock when there is nothing", () => {
      expect(rig.device.read(buffer, 0, maxUnitLength)).toBe(wouldBlock);
    });

    test("a unit of header and packet lands in the given place, and no further", async () => {
      buffer.bytes.fill(0xee);
      await rig.send(Buffer.from("hello"));
      const length = await arrival(100);
      expect(length).toBe(10 + 20 + 8 + 5);
      expect(checkPacket(buffer.bytes, 110, length - 10)).toBeUndefined();
      expect(tail(buffer, 100, length, 5)).toBe("hello");
      expect([buffer.bytes[99], buffer.bytes[100 + length]]).toEqual([0xee, 0xee]);
      expect(rig.device.read(buffer, 0, maxUnitLength)).toBe(wouldBlock);
    });

    test("read gives what waits behind it, in order until wouldBlock, to the given place and no further", async () => {
      for (let index = 0; index < 50; index++) await rig.send(Buffer.from(`unit-${index + 10}`));
      const seen: string[] = [];
      while (seen.length < 50) {
        seen.push(tail(buffer, 0, await arrival(), 7));
        for (;;) {
          buffer.bytes.fill(0xee);
          const length = rig.device.read(buffer, 100, maxUnitLength);
          if (length < 0) break;
          seen.push(tail(buffer, 100, length, 7));
          expect([buffer.bytes[99], buffer.bytes[100 + length]]).toEqual([0xee, 0xee]);
        }
      }
      expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => `unit-${index + 10}`));
    });

    test("goes on by itself while units are left, each where the reader wants it", async () => {
      for (const text of ["one", "two", "six"]) await rig.send(Buffer.from(text));
      const { promise, resolve } = Promise.withResolvers<void>();
      const seen: string[] = [];
      let at = 0;
      rig.device.startReading({
        landing: () => buffer.bytes.subarray(at),
        landed(length) {
          seen.push(tail(buffer, at, length, 3));
          at += 500;
          if (seen.length === 3) resolve();
        },
      });
      await promise;
      rig.device.stopReading();
      expect(seen).toEqual(["one", "two", "six"]);
    });

    test("a reader that stops and starts within one call goes on", async () => {
      const seen: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const again = (length: number): void => {
        rig.device.stopReading();
        seen.push(tail(buffer, 0, length, 3));
        startReading(again);
        if (seen.length === 2) resolve();
      };
      startReading(again);
      await rig.send(Buffer.from("one"));
      await rig.send(Buffer.from("two"));
      await promise;
      rig.device.stopReading();
      expect(seen).toEqual(["one", "two"]);
    });

    test("is silent while stopped, and tells what came meanwhile after a new start", async () => {
      let calls = 0;
      startReading(() => void calls++);
      rig.device.stopReading();
      await rig.send(Buffer.from("meanwhile"));
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(calls).toBe(0);
      expect(await arrival()).toBe(10 + 28 + 9);
    });

    test("writes a unit from the given place", async () => {
      const unit = unitWith(Buffer.from("to the host"));
      unit.copy(buffer.bytes, 33);
      expect(rig.device.write(buffer, 33, unit.length)).toBe(unit.length);
      expect((await rig.receive()).toString()).toBe("to the host");
    });

    test("refuses rubbish and works on", async () => {
      buffer.bytes.fill(0);
      expect(rig.device.write(buffer, 0, 5)).toBe(refused);
      expect(rig.device.write(buffer, 0, 60)).toBe(refused);
      const unit = unitWith(Buffer.from("good"));
      unit.copy(buffer.bytes);
      expect(rig.device.write(buffer, 0, unit.length)).toBe(unit.length);
      expect((await rig.receive()).toString()).toBe("good");
    });

    test("answers deviceDown to writes when the interface is down", async () => {
      await rig.setDown();
      const unit = unitWith(Buffer.from("nobody"));
      unit.copy(buffer.bytes);
      expect(rig.device.write(buffer, 0, unit.length)).toBe(deviceDown);
    });

    test("answers deviceDown after close, does not call any more, and can be closed twice", async () => {
      let calls = 0;
      startReading(() => void calls++);
      rig.device.close();
      rig.device.close();
      await rig.send(Buffer.from("late"));
      await new Promise(setImmediate);
      expect(calls).toBe(0);
      expect(rig.device.read(buffer, 0, maxUnitLength)).toBe(deviceDown);
      expect(rig.device.write(buffer, 0, 60)).toBe(deviceDown);
    });
  });
}
