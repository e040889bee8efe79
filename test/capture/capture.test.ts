import { beforeEach, describe, expect, it } from "vitest";
import { Capture } from "../../src/daemon/capture/capture.ts";
import { recordHeaderBytes } from "../../src/daemon/capture/pcap.ts";
import { type Chunk, Tap } from "../../src/daemon/capture/tap.ts";
import { FakeClock } from "../fakes/clock.ts";

const ann = { id: 1, who: "ann" };
const eve = { id: 2, who: "eve" };

function chunk(size: number): Chunk {
  return { records: new Uint8Array(size), packets: 1, dropped: 0 };
}

describe("a tap", () => {
  let chunks: Chunk[];
  beforeEach(() => {
    chunks = [];
  });
  const sum = (of: "packets" | "dropped"): number => chunks.reduce((total, chunk) => total + chunk[of], 0);
  const tap = (session?: string, bytesPerTurn = 1e6): Tap =>
    new Tap({ session, bytesPerTurn, emit: (chunk) => void chunks.push(chunk), wall: () => 1_700_000_000_123.456 });

  it("writes what passes as records of a pcap file", () => {
    const one = tap();
    one.packet("ab12", Buffer.from("..hello..."), 2, 5);
    one.flush();
    const [chunk] = chunks;
    const record = Buffer.from(chunk?.records ?? []);
    expect(record.readUInt32LE(0)).toBe(1_700_000_000);
    expect(record.readUInt32LE(4)).toBe(123_456);
    expect([record.readUInt32LE(8), record.readUInt32LE(12)]).toEqual([5, 5]);
    expect(record.toString("latin1", recordHeaderBytes)).toBe("hello");
    expect(chunk).toMatchObject({ packets: 1, dropped: 0 });
  });

  it("takes one session's when asked", () => {
    const one = tap("ab");
    for (const session of ["ab12", "cd34", "ab99"]) one.packet(session, Buffer.alloc(40), 0, 40);
    one.flush();
    expect(chunks.map(({ packets }) => packets)).toEqual([2]);
  });

  it("keeps to its bytes between two flushes, and counts what it leaves out", () => {
    const one = tap(undefined, 100_000);
    for (let n = 0; n < 100; n++) one.packet("a", Buffer.alloc(2000), 0, 2000);
    one.flush();
    expect([sum("packets"), sum("dropped")]).toEqual([49, 51]);
    one.packet("a", Buffer.alloc(2000), 0, 2000);
    one.flush();
    expect([sum("packets"), sum("dropped")]).toEqual([50, 51]);
  });

  it("begins another chunk before one is too long", () => {
    const one = tap();
    for (let n = 0; n < 6; n++) one.packet("a", Buffer.alloc(65_535), 0, 65_535);
    one.flush();
    expect(chunks.map(({ packets }) => packets)).toEqual([3, 3]);
  });
});

describe("the capture of a daemon", () => {
  let clock: FakeClock;
  let taps: unknown[];
  let capture: Capture;
  beforeEach(() => {
    clock = new FakeClock();
    taps = [];
    capture = new Capture({ clock, tap: (on) => void taps.push(on) });
  });

  it("begins with the first call and ends when its reader no longer comes", () => {
    expect(capture.isNew(ann)).toBe(true);
    expect(capture.read(ann, undefined)).toMatchObject({ kind: "records", packets: 0 });
    capture.arrived(chunk(4));
    capture.arrived(chunk(6));
    clock.advance(4000);
    expect(capture.isNew(ann)).toBe(false);
    expect(capture.read(ann, undefined)).toMatchObject({ packets: 2, dropped: 0, records: Buffer.alloc(10) });
    clock.advance(4000);
    expect(taps).toEqual([{ session: undefined }]);
    clock.advance(2000);
    expect(taps).toEqual([{ session: undefined }, undefined]);
    capture.arrived(chunk(10));
    expect(capture.read(eve, "ab")).toMatchObject({ packets: 0 });
    expect(taps.at(-1)).toEqual({ session: "ab" });
  });

  it("is one reader's at a time", () => {
    capture.read(ann, undefined);
    expect(capture.read(eve, undefined)).toEqual({ kind: "busy", who: "ann" });
  });

  it("holds so much for its reader and no more", () => {
    capture.read(ann, undefined);
    for (let n = 0; n < 40; n++) capture.arrived(chunk(1024 * 1024));
    expect(capture.read(ann, undefined)).toMatchObject({ packets: 32, dropped: 8 });
  });
});
