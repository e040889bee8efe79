import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { ping, startTraffic, traffic } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const gibibyte = 1024 ** 3;
const echoPort = 9000;

describeNetns("traffic through a tunnel between two namespaces", () => {
  let lab: Lab;
  let client: DaemonProcess;
  let clientInner: string[];

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    client = await lab.client("laptop-ann");
    await lab.start(client);
    clientInner = (await client.status()).inner;
    for (const address of [lab.inner, lab.inner6]) {
      lab.use(await startTraffic(lab.server.namespace, "udp-echo", address, echoPort));
    }
    lab.use(await startService(lab.server.namespace, lab.inner));
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.each([4, 6])("ping over IPv%i both ways", async (family) => {
    const isOurs = (address: string): boolean => address.includes(":") === (family === 6);
    const serverAddress = family === 6 ? lab.inner6 : lab.inner;
    const clientAddress = clientInner.find(isOurs) ?? "";
    expect(await ping(client.namespace, serverAddress)).toMatchObject({ sent: 5, received: 5 });
    expect(await ping(lab.server.namespace, clientAddress)).toMatchObject({ sent: 5, received: 5 });
    expect(await ping(client.namespace, serverAddress, 3, 1400)).toMatchObject({ received: 3 });
  });

  test("1 GiB over TCP down has equal checksums", async () => {
    const url = serviceUrl(lab.inner, `/bytes?count=${gibibyte}`);
    const result = await transferResult(lab.use(startTransfer(client.namespace, url)));
    expect(result).toMatchObject({ bytes: gibibyte, equal: true });
    expect(clientInner).toContain(result.local_address);
  });

  test("1 GiB over TCP up has equal checksums", async () => {
    const transfer = lab.use(startTransfer(client.namespace, serviceUrl(lab.inner, "/upload"), gibibyte));
    expect(await transferResult(transfer)).toMatchObject({ bytes: gibibyte, equal: true });
  });

  test.each([4, 6])("UDP over IPv%i from 0 to 65507 bytes arrives whole", async (family) => {
    const address = family === 6 ? lab.inner6 : lab.inner;
    const sizes = [0, 1, 47, 48, 200, 1231, 1232, 1233, 1452, 1472, 1473, 2944, 8972, 16_384, 32_768, 65_506, 65_507];
    const result = await traffic(client.namespace, "udp-sizes", address, echoPort, ...sizes);
    expect(result).toEqual({ whole: sizes, lost: [], changed: [] });
  });

  test("100 TCP connections at once, each with its own bytes", async () => {
    const result = await traffic(client.namespace, "many", serviceUrl(lab.inner, "/upload"), 100, 256 * 1024);
    expect(result).toEqual({ connections: 100, at_once: 100, equal: 100 });
  });

  test("the counters know the traffic and nothing was refused", async () => {
    const [server, own] = [await lab.server.status(), await client.status()];
    expect(server.rx_bytes).toBeGreaterThan(gibibyte);
    expect(server.tx_bytes).toBeGreaterThan(gibibyte);
    expect(own.rx_packets).toBeGreaterThan(0);
    expect(server.refused).toEqual({});
  });
});
