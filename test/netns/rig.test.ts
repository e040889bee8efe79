import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { Namespace } from "../../src/cli/demo/namespace.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { directoryPrefix } from "../rig/control/process.ts";
import type { EchoesResult } from "../rig/echoes.ts";
import { EmulatedLink } from "../rig/emulated-link.ts";
import { Link } from "../rig/emulator/link.ts";
import type { Match } from "../rig/emulator/match.ts";
import { type Change, perfectWire } from "../rig/emulator/settings.ts";
import { networkState } from "./harness/network-state.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const [addressA, addressB] = ["198.18.0.1", "198.18.0.2"];
const seed = 20_261_123;
const mebibyte = 1024 ** 2;
const echoesScript = fileURLToPath(new URL("../rig/echoes.ts", import.meta.url));

async function echoes(from: Namespace, address: string, count: number, gapMillis = 2): Promise<EchoesResult> {
  const output = await from.run(process.execPath, echoesScript, address, String(count), String(gapMillis));
  return JSON.parse(output) as EchoesResult;
}

/** Which of the next `count` frames of a direction survive, by the core alone. */
function predictedSurvivors(settings: Change, framesBefore: number, count: number): number[] {
  const { a_to_b: direction } = new Link(seed);
  const survivors: number[] = [];
  const see = (number: number) => (): boolean => {
    if (number >= 0) survivors.push(number);
    return true;
  };
  for (let frame = 0; frame < framesBefore + count; frame += 1) {
    if (frame === framesBefore) direction.change(settings, 0);
    direction.accept(Buffer.alloc(64), 0);
    direction.advance(0, see(frame - framesBefore));
  }
  return survivors;
}

async function rigDirectories(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(directoryPrefix));
}

describeNetns("two namespaces over the link emulator", () => {
  let a: Namespace;
  let b: Namespace;
  let link: EmulatedLink;

  beforeAll(async () => {
    a = await Namespace.create(prefix, "rig-a");
    b = await Namespace.create(prefix, "rig-b");
    link = await EmulatedLink.join(
      { namespace: a, interface: "wire", address: `${addressA}/30` },
      { namespace: b, interface: "wire", address: `${addressB}/30` },
      { seed },
    );
  });

  afterAll(async () => {
    await link[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
    await a[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await link.set(perfectWire);
  });

  test("the round trip is the delay of both ways, and a change acts at once", async () => {
    expect((await ping(a, addressB, 20)).median_ms).toBeLessThan(5);
    await link.set({ delay_ms: 20 }, "a_to_b");
    await link.set({ delay_ms: 10 }, "b_to_a");
    const { median_ms } = await ping(a, addressB, 20);
    expect(median_ms).toBeGreaterThan(30);
    expect(median_ms).toBeLessThan(35);
    await link.set({ delay_ms: 0 });
    expect((await ping(a, addressB, 20)).median_ms).toBeLessThan(5);
  });

  test("500 pings lose what is configured, and just those that the seed says", async () => {
    const before = await link.report();
    await link.set({ loss: 0.1 }, "a_to_b");
    const { sent, replies } = await echoes(a, addressB, 500);
    expect(Math.abs(1 - replies.length / sent - 0.1)).toBeLessThan(0.02);
    expect(replies).toEqual(predictedSurvivors({ loss: 0.1 }, before.a_to_b.frames_in, sent));
    expect((await link.report()).a_to_b.dropped.loss).toBe(sent - replies.length);
  });

  test("frames are doubled, overtaken and damaged", async () => {
    await link.set({ duplicate: 1 }, "a_to_b");
    expect((await echoes(a, addressB, 50)).replies).toHaveLength(100);
    await link.set({ duplicate: 0, reorder: 0.2, reorder_ms: 20 }, "a_to_b");
    const { replies } = await echoes(a, addressB, 100);
    expect(replies).not.toEqual(replies.toSorted((x, y) => x - y));
    expect(new Set(replies).size).toBe(100);
    await link.set({ reorder: 0, corrupt: 1 }, "b_to_a");
    const damaged = await echoes(a, addressB, 50);
    expect(damaged.replies.length).toBeLessThan(10);
    expect((await link.report()).b_to_a.corrupted).toBe(50);
  });

  test("a rule drops the third SYN, and the connection is made by the one sent again", async () => {
    await using _service = await startService(b, addressB);
    const match: Match = { protocol: "tcp", flags: ["syn"], without: ["ack"] };
    await link.rule({ name: "syn", match, nth: 3, action: { kind: "drop" } }, "a_to_b");
    const url = serviceUrl(addressB, "/bytes?count=1000");
    for (const expected of [
      { matched: 1, hits: 0 },
      { matched: 2, hits: 0 },
      { matched: 4, hits: 1 },
    ]) {
      await transferResult(startTransfer(a, url));
      expect((await link.report()).a_to_b.rules["syn"]).toEqual(expected);
    }
    await link.removeRule("syn");
    expect((await link.report()).a_to_b.rules).toEqual({});
  });

  test("TCP is as fast as the rate says within 10 %, and a live change makes it faster", async () => {
    await using _service = await startService(b, addressB);
    for (const megabits of [10, 40]) {
      await link.set({ rate_bits: megabits * 1e6, delay_ms: 5, queue_bytes: 128 * 1024 }, "b_to_a");
      const url = serviceUrl(addressB, `/bytes?count=${(megabits / 10) * 3 * mebibyte}`);
      const { bytes, seconds, equal } = await transferResult(startTransfer(a, url));
      expect(equal).toBe(true);
      const wireShare = 1448 / 1514;
      const reached = (bytes * 8) / seconds / 1e6 / wireShare;
      expect(Math.abs(reached / megabits - 1)).toBeLessThan(0.1);
    }
    expect(await link.missed()).toBe(0);
  });

  test("IPv6 runs over it", async () => {
    await using c = await Namespace.create(prefix, "rig-c");
    await using d = await Namespace.create(prefix, "rig-d");
    await using _other = await EmulatedLink.join(
      { namespace: c, interface: "wire", address: "fd00:9::1/64" },
      { namespace: d, interface: "wire", address: "fd00:9::2/64" },
      { both: { delay_ms: 5 } },
    );
    const { received, median_ms } = await ping(c, "fd00:9::2", 5);
    expect(received).toBe(5);
    expect(median_ms).toBeGreaterThan(10);
  });

  test("every frame is accounted for at the end, and nothing is left behind", async () => {
    await using resources = new AsyncDisposableStack();
    const [c, d] = [
      resources.use(await Namespace.create(prefix, "rig-c")),
      resources.use(await Namespace.create(prefix, "rig-d")),
    ];
    const before = [await networkState(c), await networkState(d), await rigDirectories()];
    const ends = [
      { namespace: c, interface: "wire", address: "198.18.1.1/30" },
      { namespace: d, interface: "wire", address: "198.18.1.2/30" },
    ] as const;
    const other = await EmulatedLink.join(...ends, { both: { loss: 0.2, duplicate: 0.2, delay_ms: 1 } });
    await echoes(c, "198.18.1.2", 200, 1);
    const { a_to_b, b_to_a } = await other.end();
    for (const { frames_in, frames_out, duplicated, dropped, queued, flying } of [a_to_b, b_to_a]) {
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      expect(frames_in).toBeGreaterThan(100);
      expect(frames_in + duplicated).toBe(frames_out + lost + queued + flying);
    }
    expect([await networkState(c), await networkState(d), await rigDirectories()]).toEqual(before);
  });

  test("a lab's tunnel runs over it in place of its wire", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-rig");
    const end = { namespace: client.namespace, interface: "outer" };
    const slow = lab.use(await EmulatedLink.replaceVeth(end, lab.server.namespace, { both: { delay_ms: 15 } }));
    await lab.start(client);
    const { median_ms } = await ping(client.namespace, lab.inner, 10);
    expect(median_ms).toBeGreaterThan(30);
    expect(median_ms).toBeLessThan(45);
    expect((await slow.report()).a_to_b.frames_out).toBeGreaterThan(10);
  });
});
