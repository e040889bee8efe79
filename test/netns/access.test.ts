import { afterAll, beforeAll, expect, test } from "vitest";
import type { DaemonProcess } from "../../src/cli/demo/daemon-process.ts";
import { Lab } from "../../src/cli/demo/lab.ts";
import { runToEnd } from "../../src/cli/demo/running.ts";
import { serviceUrl, startService, startTransfer, transferResult } from "../../src/cli/demo/traffic.ts";
import { ping } from "./harness/node.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

const http = { to: "10.8.0.1/32", protocol: "tcp", port: 8080 };

describeNetns("access rules", () => {
  let lab: Lab;
  let ann: DaemonProcess;

  beforeAll(async () => {
    lab = await Lab.create(prefix, { access: { default: "allow", acl: [{ protocol: "icmp" }] } });
    ann = await lab.client("ann");
    await lab.start(ann);
    lab.use(await startService(lab.server.namespace, lab.inner));
  }, 60_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  async function fetches(): Promise<boolean> {
    const transfer = lab.use(startTransfer(ann.namespace, serviceUrl(lab.inner, "/bytes?count=1000")));
    const timer = setTimeout(() => void transfer.end("SIGKILL"), 2000);
    try {
      return (await transferResult(transfer)).equal;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  test("let through what they name and nothing else, and tell what they refuse", async () => {
    expect(await ping(ann.namespace, lab.inner, 2)).toMatchObject({ received: 2 });
    expect(await ping(ann.namespace, lab.inner6, 2)).toMatchObject({ received: 2 });
    expect(await fetches()).toBe(false);
    expect((await lab.server.status()).dropped["acl"]).toBeGreaterThan(0);
    const [event] = (await lab.server.events()).filter(({ code }) => code === "acl_refused");
    expect(event?.facts).toMatchObject({ identity: "ann", destination: `${lab.inner} tcp 8080` });
  });

  test("change with a reload, under the session that is up", async () => {
    const before = (await lab.server.sessions())[0]?.id;
    await lab.server.reconfigure({ access: { identities: [{ name: "ann", acl: [http] }] } });
    const reload = await lab.server.ctl("reload", "--yes");
    expect(reload.stdout).toContain("changed access.identities");
    expect(await fetches()).toBe(true);
    expect(await ping(ann.namespace, lab.inner, 2)).toMatchObject({ received: 0 });
    expect((await lab.server.sessions())[0]?.id).toBe(before);
  });

  test("and prefixes behind a client change with a reload", async () => {
    await ann.namespace.ip("address", "add", "10.21.0.1/32", "dev", "lo");
    await lab.server.reconfigure({ access: { acl: [], identities: [{ name: "ann", allowed_ips: ["10.21.0.0/16"] }] } });
    expect((await lab.server.ctl("reload", "--yes")).code).toBe(0);
    await expect
      .poll(async () => await runToEnd(["ip", "-n", lab.server.namespace.name, "route", "show", "10.21.0.0/16"]))
      .toContain("dev tun0");
    expect(await ping(lab.server.namespace, "10.21.0.1", 2)).toMatchObject({ received: 2 });
  });
});
