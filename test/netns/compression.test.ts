import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

/** Ten datagrams of text. */
const sendText = `const socket = require("node:dgram").createSocket("udp4");
const text = Buffer.alloc(1200, "GET /index.html HTTP/1.1 ");
let left = 10;
for (let at = 10; at > 0; at -= 1) socket.send(text, 9, process.argv[1], () => (left -= 1) || socket.close());`;

describeNetns("compression", () => {
  test("makes less of what shrinks, where both ends have it on, and nothing where one has not", async () => {
    const on = { network: { compression: true } };
    await using lab = await Lab.create(prefix);
    await lab.server.reconfigure({
      network: { interface: "tun0", address: `${lab.inner}/16`, address6: `${lab.inner6}/48`, ...on.network },
    });
    const agreed = await lab.client("with", { network: { interface: "tun0", ...on.network } });
    const other = await lab.client("without");
    await lab.start(agreed, other);
    for (const client of [agreed, other]) {
      await client.namespace.run(process.execPath, "-e", sendText, lab.inner);
      // Random bytes go through as they are; the replies come behind what was sent before.
      expect(await ping(client.namespace, lab.inner, 5, 1400)).toMatchObject({ received: 5 });
    }
    const { compressible_bytes: before, compressed_bytes: after } = await agreed.status();
    expect(before).toBeGreaterThan(19_000);
    expect(before - after).toBeGreaterThan(9000);
    expect((await agreed.ctl("status")).stdout).toMatch(/^compression +\S+ \S+ sent as /m);
    expect((await other.status()).compressible_bytes).toBe(0);
    expect((await lab.server.status()).compressible_bytes).toBeLessThan(2 * before);
  });
});
