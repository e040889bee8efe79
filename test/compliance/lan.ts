import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { arpAnnouncement } from "../../src/daemon/forward/arp.ts";
import type { LanPort } from "../../src/daemon/forward/lan-port.ts";
import { neighbourAnnouncement, solicitedNodeMac } from "../../src/daemon/forward/neighbour.ts";
import { bytes, neighbourQuestion } from "../forward/questions.ts";

/** Two ports on one Ethernet. */
export interface LanRig {
  readonly one: LanPort;
  readonly other: LanPort;
  /** Takes the interface of `other` down, or up again. */
  setUp(up: boolean): Promise<void>;
  close(): Promise<void>;
}

/** What every LanPort keeps to. */
export function lanCompliance(name: string, make: () => Promise<LanRig>): void {
  describe(`${name} keeps to LanPort`, () => {
    let rig: LanRig;
    let heard: Buffer[];

    /** The frames that the other port receives in all, once there are `count`. */
    async function received(count: number): Promise<string[]> {
      await expect.poll(() => heard.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
      return heard.map((frame) => frame.toString("hex"));
    }

    beforeEach(async () => {
      rig = await make();
      heard = [];
      rig.other.onReadable(() => heard.push(...rig.other.receive()));
    });
    afterEach(async () => await rig.close());

    test("what one sends the other receives, whole and in order", async () => {
      const frames = ["10.8.1.1", "10.8.1.2", "10.8.1.3"].map((text) => arpAnnouncement(rig.one.mac, bytes(text)));
      for (const frame of frames) expect(rig.one.send(frame, 4)).toBe(true);
      expect(await received(3)).toEqual(frames.map((frame) => frame.toString("hex")));
      const announcement = neighbourAnnouncement(rig.one.mac, bytes("fd00:8::5"));
      expect(rig.one.send(announcement, 6)).toBe(true);
      expect((await received(4)).at(-1)).toBe(announcement.toString("hex"));
    });

    test("a port doesn't receive what it sends itself", async () => {
      rig.other.send(arpAnnouncement(rig.other.mac, bytes("10.8.1.1")), 4);
      const frame = arpAnnouncement(rig.one.mac, bytes("10.8.1.2"));
      rig.one.send(frame, 4);
      expect(await received(1)).toEqual([frame.toString("hex")]);
      expect(rig.one.receive()).toHaveLength(1);
      expect(rig.one.receive()).toEqual([]);
    });

    test("questions to a group are received where it was joined", async () => {
      const question = neighbourQuestion("fd00:8::5");
      rig.other.join(solicitedNodeMac(bytes("fd00:8::5")));
      rig.other.join(solicitedNodeMac(bytes("fd00:9::5")));
      rig.other.leave(solicitedNodeMac(bytes("fd00:9::5")));
      rig.one.send(question, 6);
      expect(await received(1)).toEqual([question.toString("hex")]);
    });

    test("frames that mean nothing here are never received", async () => {
      const odd = arpAnnouncement(rig.one.mac, bytes("10.8.1.1"));
      odd.writeUInt16BE(0x0800, 12);
      rig.one.send(odd, 4);
      const echo = neighbourAnnouncement(rig.one.mac, bytes("fd00:8::5"));
      echo[54] = 128;
      rig.one.send(echo, 6);
      const frame = arpAnnouncement(rig.one.mac, bytes("10.8.1.2"));
      const last = neighbourAnnouncement(rig.one.mac, bytes("fd00:8::6"));
      rig.one.send(frame, 4);
      rig.one.send(last, 6);
      expect((await received(2)).toSorted()).toEqual([frame, last].map((one) => one.toString("hex")).toSorted());
    });

    test("an interface that is down sends nothing, and works again when it is up", async () => {
      expect(rig.other.isUp()).toBe(true);
      await rig.setUp(false);
      expect(rig.other.isUp()).toBe(false);
      expect(rig.other.send(arpAnnouncement(rig.other.mac, bytes("10.8.1.1")), 4)).toBe(false);
      await rig.setUp(true);
      await expect.poll(() => rig.other.isUp(), { timeout: 5000, interval: 5 }).toBe(true);
      const frame = arpAnnouncement(rig.one.mac, bytes("10.8.1.2"));
      await expect.poll(() => rig.one.send(frame, 4), { interval: 5 }).toBe(true);
      expect(await received(1)).toContain(frame.toString("hex"));
      expect(rig.other.send(arpAnnouncement(rig.other.mac, bytes("10.8.1.1")), 4)).toBe(true);
    });
  });
}
