import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpaceSaving } from "../../src/daemon/metrics/space-saving.ts";
import { TrafficSampler } from "../../src/daemon/metrics/traffic-sampler.ts";

describe("space-saving", () => {
  it("has whatever carries more than its part of the whole, in bounded memory", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 200 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 2000 }),
        (stream) => {
          const capacity = 16;
          const sketch = new SpaceSaving<number>(capacity);
          const truth = new Map<number, number>();
          let whole = 0;
          for (const [key, bytes] of stream) {
            sketch.add(key, bytes, 0);
            truth.set(key, (truth.get(key) ?? 0) + bytes);
            whole += bytes;
          }
          const found = sketch.take();
          expect(found.length).toBeLessThanOrEqual(capacity);
          const keys = new Set(found.map(({ key }) => key));
          for (const [key, bytes] of truth) if (bytes > whole / capacity) expect(keys).toContain(key);
          for (const { key, rx } of found) expect(rx).toBeLessThanOrEqual(truth.get(key) ?? 0);
          expect(sketch.take()).toEqual([]);
        },
      ),
    );
  });
});

/** An IPv4 header from `10.8.0.<from>` to `10.20.0.<to>`. */
function packet4(from: number, to: number): Buffer {
  const bytes = Buffer.alloc(40);
  bytes[0] = 0x45;
  bytes.set([10, 8, 0, from], 12);
  bytes.set([10, 20, 0, to], 16);
  return bytes;
}

describe("the sampler", () => {
  it("of a server tells where clients' packets go, of a client what is behind the tunnel", () => {
    for (const mode of ["server", "client"] as const) {
      const sampler = new TrafficSampler(mode);
      const [there, back] = mode === "server" ? (["received", "sent"] as const) : (["sent", "received"] as const);
      sampler[there](packet4(1, 5), 0, 1000);
      const answer = packet4(1, 5);
      answer.copyWithin(0, 0);
      answer.set([10, 20, 0, 5, 10, 8, 0, 1], 12);
      sampler[back](answer, 0, 500);
      const [rx, tx] = mode === "server" ? [1000, 500] : [500, 1000];
      expect(sampler.take()).toEqual([{ address: "10.20.0.5", rx, tx }]);
    }
  });

  it("reads IPv6", () => {
    const bytes = Buffer.alloc(40);
    bytes[0] = 0x60;
    bytes.set([0xfd, 0, 0, 8], 8);
    bytes.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff], 24);
    const sampler = new TrafficSampler("server");
    sampler.received(bytes, 0, 100);
    expect(sampler.take()).toEqual([{ address: "2001:db8::ff", rx: 100, tx: 0 }]);
  });

  it("is right within a few percent at a rate where it looks at a small part of the packets", () => {
    const sampler = new TrafficSampler("server");
    const packets = Array.from({ length: 10 }, (_, at) => packet4(1, at));
    let random = 1;
    const next = (below: number): number => {
      random = (random * 48_271) % 2_147_483_647;
      return random % below;
    };
    const truth = new Float64Array(10);
    const second = (): void => {
      truth.fill(0);
      for (let n = 0; n < 100_000; n++) {
        // Half of the packets go to 0, the rest to all alike.
        const to = n % 2 === 0 ? 0 : next(10);
        const size = 60 + next(1400);
        truth[to]! += size;
        sampler.received(packets[to] ?? Buffer.alloc(0), 0, size);
      }
    };
    second();
    sampler.take();
    second();
    const found = sampler.take();
    const whole = truth.reduce((sum, bytes) => sum + bytes, 0);
    expect(found[0]?.address).toBe("10.20.0.0");
    expect(Math.abs((found[0]?.rx ?? 0) - truth[0]!) / whole).toBeLessThan(0.08);
    expect(found.reduce((sum, { rx }) => sum + rx, 0) / whole).toBeCloseTo(1, 1);
  });
});
