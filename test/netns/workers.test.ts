import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import type { Bucket } from "../../src/shared/control/snapshot.ts";
import { shortestTimeSlice } from "../../src/daemon/sys/scheduling.ts";
import { accountOf } from "./harness/accounts.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const patience = { timeout: 20_000, interval: 200 };

async function innerOf(client: DaemonProcess, family: 4 | 6): Promise<string> {
  const { inner } = await client.status();
  return inner.find((address) => address.includes(":") === (family === 6)) ?? expect.fail(inner.join(" "));
}

describeNetns("a server with two data threads", () => {
  let lab: Lab;
  let clients: DaemonProcess[];

  beforeAll(async () => {
    lab = await Lab.create(prefix, { core: { workers: 2 }, access: { client_to_client: true } });
    clients = [];
    for (const name of ["ann", "ben"]) clients.push(await lab.client(name));
    clients.push(await lab.client("cat", { pool: { initial_size: 4 } }));
    await lab.start(...clients);
    lab.use(await startService(lab.server.namespace, lab.inner));
  }, 120_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** Thread of the client's one link, which the link's number says. */
  async function threadOf(client: DaemonProcess): Promise<number> {
    const link = async (): Promise<string | undefined> =>
      (await lab.server.connections()).find(({ identity, state }) => identity === client.name && state === "active")
        ?.id;
    await expect.poll(link, patience).toBeDefined();
    return Number((await link())?.slice(1)) % 2;
  }

  /** The first two clients on different threads: where a connection lands follows from its port, so it is made anew. */
  async function apart(): Promise<void> {
    const [ann, ben] = clients as [DaemonProcess, DaemonProcess];
    while ((await threadOf(ann)) === (await threadOf(ben))) {
      const link = (await lab.server.connections()).find(({ identity }) => identity === ben.name)?.id ?? "";
      await lab.server.ctl("kick", link, "--yes");
      const gone = async (): Promise<boolean> => (await lab.server.connections()).every(({ id }) => id !== link);
      await expect.poll(gone, patience).toBe(true);
    }
  }

  test("both threads have the shortest time slices", async () => {
    const threads = `/proc/${lab.server.process.pid}/task`;
    const slices: (string | undefined)[] = [];
    for (const thread of await readdir(threads)) {
      if (!(await readFile(`${threads}/${thread}/comm`, "utf8")).startsWith("data")) continue;
      slices.push(/^se\.slice\s*:\s*(\d+)/m.exec(await readFile(`${threads}/${thread}/sched`, "utf8"))?.[1]);
    }
    if (slices.includes(undefined)) console.warn("the kernel does not say how long time slices are");
    else expect(slices.map(Number)).toEqual([shortestTimeSlice, shortestTimeSlice]);
  });

  async function download(client: DaemonProcess, bytes: number): Promise<number> {
    const begun = performance.now();
    const result = await transferResult(
      startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${bytes}`)),
    );
    expect(result).toMatchObject({ bytes, equal: true });
    return (performance.now() - begun) / 1000;
  }

  async function books(): Promise<void> {
    await expect.poll(async () => (await accountOf([lab.server, ...clients])).lost, patience).toBe(0);
  }

  test("shows them with their loops, and links on both", async () => {
    const { resources } = await lab.server.status();
    expect(Object.keys(resources.loop_delay_ms).toSorted()).toEqual(["data-1", "data-2", "main"]);
    await apart();
  });

  test("reaches every client and is reached, whichever queue a packet surfaces on", async () => {
    for (const client of clients) {
      for (const family of [4, 6] as const) {
        const inner = await innerOf(client, family);
        expect(await ping(lab.server.namespace, inner, 3)).toMatchObject({ received: 3 });
        expect(await ping(client.namespace, family === 4 ? lab.inner : lab.inner6, 3)).toMatchObject({ received: 3 });
      }
    }
    await Promise.all(clients.map(async (client) => await download(client, 10_000_000)));
    await Promise.all(
      clients.map(async ({ namespace }) => {
        const upload = startTransfer(namespace, serviceUrl(lab.inner, "/upload"), 10_000_000);
        expect(await transferResult(upload)).toMatchObject({ equal: true });
      }),
    );
    await books();
  });

  test("carries traffic between clients on different threads, and accounts for every frame", async () => {
    const [ann, ben] = clients as [DaemonProcess, DaemonProcess];
    const there = await innerOf(ben, 4);
    lab.use(await startService(ben.namespace, there));
    expect(await ping(ann.namespace, there, 5, 1200)).toMatchObject({ received: 5 });
    const result = await transferResult(startTransfer(ann.namespace, serviceUrl(there, "/bytes?count=5000000")));
    expect(result).toMatchObject({ equal: true });
    const upload = startTransfer(ann.namespace, serviceUrl(there, "/upload"), 5_000_000);
    expect(await transferResult(upload)).toMatchObject({ equal: true });
    await books();
  });

  test("one limit over both holds what they pass together", async () => {
    const bucket = async (): Promise<Bucket | undefined> => {
      const { stdout } = await lab.server.ctl("--json", "buckets");
      return (JSON.parse(stdout) as { buckets: Bucket[] }).buckets.find(({ name }) => name === "global/down");
    };
    expect((await lab.server.ctl("set-rate", "global/down", "20mbit", "--burst", "100KB")).code).toBe(0);
    const [ann, ben] = clients as [DaemonProcess, DaemonProcess];
    const transfers = [ann, ben].map(({ namespace }) =>
      lab.use(startTransfer(namespace, serviceUrl(lab.inner, `/bytes?count=${1024 ** 3}`))),
    );
    await Promise.all(transfers.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
    const sent = async (): Promise<number[]> => {
      const rows = await lab.server.connections();
      return [ann, ben].map(({ name }) => rows.find(({ identity }) => identity === name)?.tx_bytes ?? 0);
    };
    const begun = performance.now();
    const passed = (await lab.server.status()).tx_bytes;
    const before = await sent();
    await delay(3000);
    const after = await sent();
    const together = (await lab.server.status()).tx_bytes - passed;
    const seconds = (performance.now() - begun) / 1000;
    const mbits = after.map((bytes, index) => ((bytes - (before[index] ?? 0)) * 8) / seconds / 1e6);
    console.log(`two sessions on two threads at 20 Mbit/s: ${mbits.map((one) => one.toFixed(2)).join(" + ")} Mbit/s`);
    expect((together * 8) / seconds / 1e6).toBeLessThan(22);
    for (const transfer of transfers) await transfer.end("SIGTERM");
    expect(await bucket()).toMatchObject({ rate: 2_500_000, pinned: true });
    await lab.server.ctl("undo");
  });

  test("loses nothing while links are replaced by others, which may be on another thread", async () => {
    const cat = clients[2] as DaemonProcess;
    const links = async (): Promise<string[]> =>
      (await cat.connections()).filter(({ state }) => state === "active").map(({ id }) => id);
    await expect.poll(async () => (await links()).length, patience).toBe(4);
    const before = await links();
    const { dropped } = await accountOf([lab.server, ...clients]);
    const query = "/stream?seconds=2&mbps=20";
    const down = Array.from({ length: 6 }, () => lab.use(startTransfer(cat.namespace, serviceUrl(lab.inner, query))));
    await Promise.all(down.map(async (transfer) => await transfer.line(/"bytes":[1-9]/)));
    expect((await lab.server.ctl("rotate", "--yes")).code).toBe(0);
    for (const transfer of down) expect((await transferResult(transfer)).equal).toBe(true);
    const kept = async (): Promise<string[]> => (await links()).filter((id) => before.includes(id));
    await expect.poll(kept, patience).toEqual([]);
    await books();
    expect((await accountOf([lab.server, ...clients])).dropped).toEqual(dropped);
  });

  test("a kick, a reload and a drain reach both", async () => {
    const [ann, ben] = clients as [DaemonProcess, DaemonProcess];
    const [session] = (await lab.server.sessions()).filter(({ identity }) => identity === "ann");
    expect((await lab.server.ctl("kick", session?.id ?? "", "--yes")).code).toBe(0);
    const since = async (): Promise<number> =>
      (await lab.server.sessions()).find(({ identity, links }) => identity === "ann" && links > 0)?.since_seconds ??
      1000;
    await expect.poll(since, patience).toBeLessThan(session?.since_seconds ?? 0);
    await lab.server.reconfigure({ access: { client_to_client: false } });
    expect((await lab.server.ctl("reload")).code).toBe(0);
    const blocked = async (): Promise<number> => (await ping(ann.namespace, await innerOf(ben, 4), 1)).received;
    await expect.poll(blocked, patience).toBe(0);
    await books();
    expect((await lab.server.ctl("drain", "--deadline", "1s", "--yes")).code).toBe(0);
    await expect.poll(async () => (await lab.server.connections()).length, patience).toBe(0);
    expect((await lab.server.end("SIGTERM")).code).toBe(0);
  });
});
