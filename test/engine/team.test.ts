import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DataThreads } from "../../src/daemon/engine/data-threads.ts";
import { createRings, type Team } from "../../src/daemon/engine/team.ts";
import { type Bell, closeBell, openBell } from "../../src/daemon/handover/bell.ts";
import { noLimits } from "../../src/daemon/limit/rules.ts";
import { createBucketSlots } from "../../src/daemon/metrics/bucket-slots.ts";
import { packet } from "../flow/parts.ts";
import { unitFor } from "../packet/shapes.ts";
import { admit, type Certificates, End, makeCertificates, type Place } from "./ends.ts";

const ann: Place = { session: "aa".repeat(16), addresses: ["10.8.0.2"] };
const bob: Place = { session: "bb".repeat(16), addresses: ["10.8.0.3"] };

let certificates: Certificates;
let bells: Bell[];
let server: [End, End];
let clients: End[];

beforeAll(async () => {
  certificates = await makeCertificates("ann", "bob");
});

/** Two data threads of one server, both on this thread; each has a port of its own, so that a test can choose. */
beforeEach(async () => {
  clients = [];
  bells = [openBell(), openBell()];
  const shared: Omit<Team, "index"> = {
    count: 2,
    rings: createRings(2),
    bells,
    openLinks: new Int32Array(new SharedArrayBuffer(4)),
    mostLinks: 3,
    bucketSlots: [createBucketSlots(10), createBucketSlots(10)],
  };
  const all: DataThreads = new DataThreads({
    count: 2,
    linkCapacity: 10,
    bucketCapacity: 10,
    post: (thread, command) => server[thread as 0 | 1].send(command),
    emit: () => undefined,
  });
  const thread = (index: 0 | 1): End =>
    new End("server", certificates.server, {
      clientToClient: true,
      team: { ...shared, index },
      heard: (event) => {
        if (event.type !== "listening") all.arrived(index, event);
      },
    });
  server = [thread(0), thread(1)];
  whole = all;
  await Promise.all(server.map((end) => end.listen()));
});
let whole: DataThreads;

afterEach(async () => {
  for (const end of [...clients, ...server]) end.send({ type: "stop", reason: "stopping" });
  await Promise.all([...clients, ...server].map((end) => end.next("stopped")));
  for (const bell of bells) closeBell(bell);
});

function client(name: string): End {
  const end = new End("client", certificates.client(name));
  clients.push(end);
  return end;
}

/** A link of the client to one of the threads; what both threads are told is what the whole engine is told. */
async function link(end: End, number: number, thread: 0 | 1, place: Place, linkIndex = 0): Promise<number> {
  const on = server[thread];
  end.dial(number, on.port, { linkIndex });
  const event = await on.next("hello");
  admit({ send: (command: Parameters<End["send"]>[0]) => whole.send(command) } as End, event, place);
  await end.next("welcome");
  return event.link;
}

const plain = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.alloc(10), bytes]);

const texts = (all: readonly Buffer[]): string[] => all.map((one) => one.toString("latin1")).toSorted();

function balance(): void {
  const all = [...server, ...clients];
  const sum = (name: "frames_accepted" | "frames_injected"): number =>
    all.reduce((total, { counted }) => total + counted.totals[name], 0);
  expect(sum("frames_accepted")).toBe(sum("frames_injected"));
  expect(all.map(({ counted }) => counted.drops)).toEqual(all.map(() => ({})));
}

describe("two data threads of one server", () => {
  test("bring a packet to its link wherever it surfaces, whole and in order", async () => {
    const end = client("ann");
    await link(end, 1, 0, ann);
    const down = Array.from({ length: 400 }, (_, n) => packet("192.0.2.1", "10.8.0.2", (n * 37) % 1400));
    for (const bytes of down) server[1].kernel.injectPacket(bytes);
    expect(await end.kernel.whenWritten(400)).toEqual(down.map(plain));
    balance();
  });

  test("bring a unit with offload to its link wherever it surfaces", async () => {
    const end = client("ann");
    await link(end, 1, 0, ann);
    const shape = { version: 4, protocol: "tcp", options: 0, tcpOptions: 12, flags: 24, sequence: 9, id: 3 } as const;
    const { unit, headers } = unitFor({ ...shape, size: 1400, payload: Buffer.alloc(60_000, "x") });
    unit.writeUInt16LE(headers, 2);
    server[1].kernel.inject(unit);
    expect(await end.kernel.whenWritten(1)).toEqual([unit]);
    balance();
  });

  test("carry packets from a client of one to a client of the other", async () => {
    const [from, to] = [client("ann"), client("bob")];
    await link(from, 1, 0, ann);
    await link(to, 1, 1, bob);
    const sent = Array.from({ length: 200 }, (_, n) => packet("10.8.0.2", "10.8.0.3", (n * 41) % 1400));
    for (const bytes of sent) from.kernel.injectPacket(bytes);
    expect(await to.kernel.whenWritten(200)).toEqual(sent.map(plain));
    balance();
  });

  test("lose nothing when a session moves from a link on one to a link on the other", async () => {
    const end = client("ann");
    await link(end, 1, 0, ann);
    await link(end, 2, 1, ann, 1);
    const sent = Array.from({ length: 600 }, (_, n) => packet("192.0.2.1", "10.8.0.2", 100 + (n % 1000)));
    for (const [n, bytes] of sent.entries()) {
      if (n === 200) end.send({ type: "retire", link: 1, afterMs: 0 });
      server[(n % 2) as 0 | 1].kernel.injectPacket(bytes);
      if (n % 50 === 0) await new Promise(setImmediate);
    }
    expect(texts(await end.kernel.whenWritten(600))).toEqual(texts(sent.map(plain)));
    balance();
  });

  test("hand over what waits for a link that is left", async () => {
    const end = client("ann");
    await link(end, 1, 0, ann);
    // One packet an hour passes on this thread.
    const session = { unit: "packets", perSecond: 1 / 3600, burst: 1 } as const;
    server[0].send({ type: "limits", rules: { ...noLimits, session } });
    const sent = Array.from({ length: 20 }, (_, n) => packet("192.0.2.1", "10.8.0.2", 100 + n));
    for (const bytes of sent) server[0].kernel.injectPacket(bytes);
    await end.kernel.whenWritten(1);
    await link(end, 2, 1, ann, 1);
    end.send({ type: "retire", link: 1, afterMs: 0 });
    expect(await end.kernel.whenWritten(20)).toEqual(sent.map(plain));
    balance();
  });

  test("have as many links together as there may be", async () => {
    const [one, other] = [client("ann"), client("bob")];
    await link(one, 1, 0, ann);
    await link(one, 2, 1, ann, 1);
    await link(other, 1, 1, bob);
    other.dial(2, server[0].port);
    expect(await server[0].next("refused")).toMatchObject({ reason: "server_full" });
    one.send({ type: "close", link: 1, reason: "normal", text: "" });
    await server[0].next("closed");
    await link(other, 3, 0, bob, 1);
  });

  test("end the link of a session that was taken over on the other", async () => {
    const end = client("ann");
    const first = await link(end, 1, 0, ann);
    await link(end, 2, 1, { ...ann, supersede: true }, 1);
    expect(await server[0].next("closed")).toMatchObject({ link: first, reason: "superseded" });
  });
});
