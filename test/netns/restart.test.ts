import { readdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { bytesSoFar, serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { networkState } from "./harness/network-state.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const routed = "10.20.0.0/16";

async function runFiles(daemon: DaemonProcess): Promise<string[]> {
  return await readdir(path.join(daemon.directory, "run"));
}

describeNetns("kill -9 and restart", () => {
  test("of the server: a TCP transfer goes on, with the same inner address", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    await lab.start(client);
    lab.use(await startService(lab.server.namespace, lab.inner));
    const before = (await client.status()).inner;
    const url = serviceUrl(lab.inner, "/stream?seconds=10&mbps=100");
    const stream = lab.use(startTransfer(client.namespace, url));
    await stream.line(/"bytes":[1-9]/);
    await lab.server.end("SIGKILL");
    const bytesAtKill = bytesSoFar(stream);
    lab.server.start();
    await lab.server.ready();
    await client.ready();
    const result = await transferResult(stream);
    console.log(`gap of the TCP connection over kill -9 of the server: ${result.longest_gap_ms} ms`);
    expect(result.equal).toBe(true);
    expect(result.bytes).toBeGreaterThan(bytesAtKill + 10_000_000);
    expect((await client.status()).inner).toEqual(before);
    expect(before).toContain(result.local_address);
  });

  test("of the client: the inner address stays", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    const other = await lab.client("laptop-bob");
    await lab.start(client, other);
    const before = (await client.status()).inner;
    await client.end("SIGKILL");
    client.start();
    await client.ready();
    expect((await client.status()).inner).toEqual(before);
    expect(await ping(client.namespace, lab.inner)).toMatchObject({ received: 5 });
  });
});

describeNetns("what a daemon leaves behind", () => {
  test("nothing after TERM, on either end", async () => {
    await using lab = await Lab.create(prefix, { network: { routes: [routed] } });
    const client = await lab.client("laptop-ann", { network: { accept_routes: "all" } });
    const ends = [lab.server, client];
    const before = await Promise.all(ends.map(({ namespace }) => networkState(namespace)));
    await lab.start(client);
    expect(await client.namespace.ip("route")).toContain(routed);
    expect(await ping(client.namespace, lab.inner)).toMatchObject({ received: 5 });
    for (const daemon of ends.toReversed()) expect(await daemon.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await Promise.all(ends.map(({ namespace }) => networkState(namespace)))).toEqual(before);
    expect(await Promise.all(ends.map(runFiles))).toEqual([[], []]);
  });

  test("nothing after KILL, a next start and TERM", async () => {
    await using lab = await Lab.create(prefix, { network: { routes: [routed] } });
    const client = await lab.client("laptop-ann", { network: { accept_routes: "all" } });
    const ends = [lab.server, client];
    const before = await Promise.all(ends.map(({ namespace }) => networkState(namespace)));
    await lab.start(client);
    for (const daemon of ends.toReversed()) await daemon.end("SIGKILL");
    await lab.start(client);
    expect(await ping(client.namespace, lab.inner)).toMatchObject({ received: 5 });
    for (const daemon of ends.toReversed()) expect(await daemon.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(await Promise.all(ends.map(({ namespace }) => networkState(namespace)))).toEqual(before);
    expect(await Promise.all(ends.map(runFiles))).toEqual([[], []]);
  });

  test("nothing after KILL and a next start that wants other routes", async () => {
    await using lab = await Lab.create(prefix, { network: { routes: [routed] } });
    const client = await lab.client("laptop-ann", { network: { accept_routes: "all" } });
    const before = await networkState(client.namespace);
    await lab.start(client);
    await client.end("SIGKILL");
    await client.reconfigure({ network: { accept_routes: "none" } });
    client.start();
    await client.ready();
    expect(await client.namespace.ip("route")).not.toContain(routed);
    await client.end("SIGTERM");
    expect(await networkState(client.namespace)).toEqual(before);
  });
});
