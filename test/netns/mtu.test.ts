import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const headers = { icmp: 28, icmp6: 48 };
const bytes = 32 * 1024 * 1024;

describeNetns("inner MTU", () => {
  test.each([1280, 1500, 9000])("%i: set on both ends, filled, and no more", async (mtu) => {
    await using lab = await Lab.create(prefix, { network: { mtu } });
    const client = await lab.client("laptop-ann", { network: { mtu } });
    await lab.start(client);
    for (const { namespace } of [client, lab.server]) {
      expect(await namespace.ip("link", "show", "tun0")).toContain(`mtu ${mtu} `);
    }
    expect((await client.status()).mtu).toBe(mtu);
    expect(await ping(client.namespace, lab.inner, 3, mtu - headers.icmp)).toMatchObject({ received: 3 });
    expect(await ping(client.namespace, lab.inner6, 3, mtu - headers.icmp6)).toMatchObject({ received: 3 });
    expect(await ping(client.namespace, lab.inner, 3, mtu + 1000)).toMatchObject({ received: 3 });
    lab.use(await startService(lab.server.namespace, lab.inner));
    const down = startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${bytes}`));
    expect(await transferResult(lab.use(down))).toMatchObject({ bytes, equal: true });
    const up = startTransfer(client.namespace, serviceUrl(lab.inner, "/upload"), bytes);
    expect(await transferResult(lab.use(up))).toMatchObject({ bytes, equal: true });
  });

  test("of the session is the smaller one, and larger packets get an answer that TCP heeds", async () => {
    await using lab = await Lab.create(prefix, { network: { mtu: 9000 } });
    const client = await lab.client("laptop-ann", { network: { mtu: 1400 } });
    await lab.start(client);
    expect((await client.status()).mtu).toBe(1400);
    lab.use(await startService(lab.server.namespace, lab.inner));
    const down = startTransfer(client.namespace, serviceUrl(lab.inner, `/bytes?count=${bytes}`));
    expect(await transferResult(lab.use(down))).toMatchObject({ bytes, equal: true });
    const clientAddress = (await client.status()).inner.find((address) => !address.includes(":")) ?? "";
    // The first is answered "fragmentation needed"; the kernel cuts the others to size.
    expect(await ping(lab.server.namespace, clientAddress, 3, 5000)).toMatchObject({ received: 2 });
    expect((await lab.server.status()).dropped["too_big"]).toBeGreaterThan(0);
  });
});
