import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Inbound } from "../../src/daemon/flow/inbound.ts";
import { Outbound } from "../../src/daemon/flow/outbound.ts";
import { frameType } from "../../src/daemon/link/frame.ts";
import { LandingPool, Receiver } from "../../src/daemon/link/receiver.ts";
import { fakeTun, fullOffload, noOffload } from "../fakes/tun.ts";
import { anyChunking, chunks } from "../link/frames.ts";
import { makePacket } from "../packet/reference.ts";
import { shapes, unitFor } from "../packet/shapes.ts";
import { Counted, deliveryOf, FakeLink, readBuffers, Sessions, shapersOf, spec } from "./parts.ts";

const addresses = ["10.8.0.1", "10.8.0.2", "fd00:8::1", "fd00:8::2"];

/** A unit as the kernel gives it, and as the other kernel must get it. */
const units = fc.oneof(
  shapes.map((shape) => {
    const { unit, headers } = unitFor(shape);
    const arrives = Buffer.from(unit);
    // The kernel's header length may cover payload; ours does not.
    arrives.writeUInt16LE(headers, 2);
    return { unit, arrives };
  }),
  shapes.map((shape) => {
    const unit = Buffer.concat([Buffer.alloc(10), makePacket(shape).packet]);
    return { unit, arrives: unit };
  }),
);

/** Carries units from one TUN over a stream in these pieces to another TUN. */
async function carry(
  given: readonly Buffer[],
  pieces: readonly number[],
  far = fullOffload,
): Promise<{
  arrived: readonly Buffer[];
  out: Counted;
  in: Counted;
}> {
  const [near, there] = [fakeTun(), fakeTun({ features: far })];
  const [out, counted] = [new Counted(), new Counted()];
  const sessions = new Sessions();
  const link = new FakeLink(1);
  const session = sessions.add(spec("peer", addresses, { mtu: 65_535, peer: far }), link);
  const { owner4, owner6 } = sessions;
  const outbound = new Outbound({
    device: near.device,
    destinations: { owner4, owner6, nobody: "no_session", exclusive: true, only: undefined },
    counters: out.values,
    buffers: readBuffers(near.device),
    shapers: shapersOf(out),
    now: () => 0,
    down: () => expect.fail("down"),
  });
  outbound.start();
  for (const unit of given) near.kernel.inject(unit);
  await near.kernel.whenDrained();

  const inbound = new Inbound({
    device: there.device,
    counters: counted.values,
    policy: {
      anySource: false,
      clientToClient: false,
      owner4: () => undefined,
      owner6: () => undefined,
    },
    shapers: shapersOf(counted),
    delivery: deliveryOf(counted, shapersOf(counted)),
    limits: new Map(),
    now: () => 0,
    down: () => expect.fail("down"),
    spoofed: () => expect.fail("spoofed"),
    refused: () => expect.fail("refused"),
    yieldProcessor: () => {},
  });
  const receiver = new Receiver(
    new LandingPool((size) => there.device.allocate(size), 512 * 1024),
    (type, memory, body, length) => {
      expect([frameType.packet, frameType.offload]).toContain(type);
      inbound.accept(session, type, memory, body, length);
    },
  );
  for (const chunk of chunks(link.stream, pieces)) expect(receiver.accept(chunk)).toBeUndefined();
  expect(receiver.partial).toBe(false);
  return { arrived: there.kernel.written, out, in: counted };
}

it("gives the far kernel exactly what the near one gave, in order, over any cut of the stream", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(units, { maxLength: 60 }), anyChunking, async (given, pieces) => {
      const {
        arrived,
        out,
        in: counted,
      } = await carry(
        given.map(({ unit }) => unit),
        pieces,
      );
      expect(arrived).toEqual(given.map(({ arrives }) => arrives));
      expect(out.totals.frames_accepted).toBe(given.length);
      expect(counted.totals.frames_injected).toBe(given.length);
      expect(out.totals.tx_bytes).toBe(counted.totals.rx_bytes);
      expect([out.drops, counted.drops]).toEqual([{}, {}]);
    }),
    { numRuns: 80 },
  );
});

it("gives a kernel without offload plain packets only, and as many as were accepted", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(units, { maxLength: 30 }), anyChunking, async (given, pieces) => {
      const {
        arrived,
        out,
        in: counted,
      } = await carry(
        given.map(({ unit }) => unit),
        pieces,
        noOffload,
      );
      expect(arrived.every((unit) => unit.subarray(0, 10).equals(Buffer.alloc(10)))).toBe(true);
      expect(arrived).toHaveLength(out.totals.frames_accepted);
      expect(counted.totals.frames_injected).toBe(out.totals.frames_accepted);
      expect([out.drops, counted.drops]).toEqual([{}, {}]);
    }),
    { numRuns: 40 },
  );
});
