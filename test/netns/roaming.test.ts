import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const newAddress = "203.0.113.77";

describeNetns("a client that roams", () => {
  test("keeps its session and inner address when its outer address changes", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    await lab.start(client);
    const [session] = await client.sessions();
    const [link] = await client.connections();
    const server = link?.remote.split(":")[0] ?? "";
    const shown = await client.namespace.ip("-json", "addr", "show", "dev", "outer");
    const [{ addr_info: addresses }] = JSON.parse(shown) as [
      { addr_info: { family: string; local: string; prefixlen: number }[] },
    ];
    const old = addresses.find(({ family }) => family === "inet");
    await lab.server.namespace.ip("route", "add", `${newAddress}/32`, "dev", "wire1");

    const begun = Date.now();
    await client.namespace.ip("addr", "del", `${old?.local}/${old?.prefixlen}`, "dev", "outer");
    await client.namespace.ip("addr", "add", `${newAddress}/32`, "dev", "outer");
    await client.namespace.ip("route", "add", `${server}/32`, "dev", "outer", "src", newAddress);
    await expect
      .poll(async () => (await client.connections()).find(({ state }) => state === "active")?.id, { timeout: 10_000 })
      .not.toBe(link?.id);
    await client.ready();

    const up = (await client.events(begun)).find(({ code }) => code === "link_up");
    console.log(`outer address changed: linked again after ${(up?.time_ms ?? Number.NaN) - begun} ms`);
    expect(await client.sessions()).toMatchObject([{ id: session?.id, inner: session?.inner }]);
    expect(await ping(client.namespace, lab.inner, 3)).toMatchObject({ received: 3 });
    expect((await lab.server.connections()).some(({ remote }) => remote.startsWith(`${newAddress}:`))).toBe(true);
    // 1 s by design, and what a loaded machine takes to start three programs `ip`.
    expect((up?.time_ms ?? Number.NaN) - begun).toBeLessThan(3000);
  });
});
