import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab, serverName } from "../../src/cli/demo/lab.ts";
import { ProxiedServer } from "../rig/proxied-server.ts";
import { plainPlan } from "../rig/proxy/plan.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const proxyPort = 9443;

describeNetns("a tunnel through the chaos proxy before its server", () => {
  let lab: Lab;
  let client: DaemonProcess;
  let proxy: ProxiedServer;

  const tunnelWorks = async (): Promise<void> => {
    await vi.waitFor(async () => expect(await ping(client.namespace, lab.inner, 1)).toMatchObject({ received: 1 }), {
      timeout: 30_000,
    });
  };

  beforeAll(async () => {
    lab = await Lab.create(prefix);
    const endpoints = [{ name: serverName, address: `198.18.1.1:${proxyPort}` }];
    client = await lab.client("laptop-proxied", { tunnel: { endpoints } });
    const listen = { host: "0.0.0.0", port: proxyPort };
    proxy = lab.use(await ProxiedServer.start(lab.server.namespace, listen, { host: "127.0.0.1", port: 8443 }));
    await lab.start(client);
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test("carries the tunnel as it is", async () => {
    await tunnelWorks();
    const { accepted, open, to_server, to_client } = await proxy.report();
    expect([accepted, open.length]).toEqual([1, 1]);
    expect(Math.min(to_server.passed, to_client.passed)).toBeGreaterThan(500);
  });

  test("resets it, refuses the next connections, and the client comes back when it may", async () => {
    await proxy.refuse(true);
    await proxy.reset();
    expect(await ping(client.namespace, lab.inner, 1)).toMatchObject({ received: 0 });
    await proxy.refuse(false);
    await tunnelWorks();
    const { accepted, ended } = await proxy.report();
    // The new link, and maybe checks of a backend that just failed, here and below.
    expect(accepted).toBeGreaterThanOrEqual(2);
    expect(ended["reset"]).toBeGreaterThanOrEqual(1);
  });

  test("resets the next connection in its handshake, and the one after that is good", async () => {
    await proxy.rule({ name: "handshake", nth: 1, plan: { to_client: { fault: { kind: "reset", after: 100 } } } });
    await proxy.reset();
    await tunnelWorks();
    const { accepted, rules, ended } = await proxy.report();
    expect(rules).toEqual({ handshake: 1 });
    expect(accepted).toBeGreaterThanOrEqual(4);
    expect(ended["reset"]).toBeGreaterThanOrEqual(3);
  });

  test("a half-open link is left for a new one", async () => {
    const swallow = { fault: { kind: "swallow", after: 0 } } as const;
    await proxy.change({ to_server: swallow, to_client: swallow }, "open");
    await tunnelWorks();
    const { accepted, to_server } = await proxy.report();
    expect(accepted).toBeGreaterThanOrEqual(5);
    expect(to_server.swallowed).toBeGreaterThan(0);
    await proxy.change(plainPlan);
  });
});
