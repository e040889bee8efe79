import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { Lab } from "../../src/cli/demo/lab.ts";
import { Running } from "../../src/cli/demo/running.ts";
import { NotifySocket } from "../fakes/notify-socket.ts";
import { ping, startTraffic } from "./harness/node.ts";
import { asServiceUser, giveToServiceUser, serviceUser } from "./harness/service-user.ts";
import { describeNetns, prefix } from "./harness/suite.ts";

/** CAP_NET_ADMIN is bit 12 (linux/capability.h). */
const onlyNetAdmin = "0000000000001000";

/** "CapEff" and its like of a process. */
async function processFact(pid: number, name: string): Promise<string> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(text)?.[1] ?? "";
}

describeNetns("as a service", () => {
  test("both ends carry traffic as an own user with CAP_NET_ADMIN alone, and tell the service manager how they are", async () => {
    await using lab = await Lab.create(prefix);
    const client = await lab.client("laptop-ann");
    const name = path.join(lab.directory, "notify");
    using socket = new NotifySocket(name);
    await giveToServiceUser(lab.directory);
    const server = lab.server.start(asServiceUser({ NOTIFY_SOCKET: name, WATCHDOG_USEC: "1000000" }));
    await socket.message("READY=1\nSTATUS=ready: 0 sessions, 0 links\n");
    client.start(asServiceUser());
    await client.ready();
    for (const { pid } of [server, client.process]) {
      expect(await processFact(pid, "Uid")).toBe(String(serviceUser));
      for (const set of ["CapEff", "CapPrm", "CapBnd", "CapAmb"])
        expect(await processFact(pid, set)).toBe(onlyNetAdmin);
    }
    expect((await ping(client.namespace, lab.inner)).received).toBe(5);
    await socket.message("STATUS=ready: 1 sessions, 1 links\n");

    const beforeReload = socket.messages.length;
    server.signal("SIGHUP");
    await socket.message("READY=1", beforeReload);
    const told = socket.messages.slice(beforeReload).filter((one) => !one.startsWith("WATCHDOG"));
    expect(told).toEqual([
      expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+\n$/),
      expect.stringMatching(/^READY=1\n/),
    ]);

    await server.end("SIGTERM");
    expect(socket.messages.at(-1)).toMatch(/^STOPPING=1\n/);
  });

  test("a data thread that hangs ends the signs of life, though the main thread answers", async () => {
    await using lab = await Lab.create(prefix);
    const name = path.join(lab.directory, "notify");
    using socket = new NotifySocket(name);
    const server = lab.server.start(["env", `NOTIFY_SOCKET=${name}`, "WATCHDOG_USEC=400000"]);
    await socket.message("WATCHDOG=1");
    const frozen = lab.use(await startTraffic(lab.server.namespace, "freeze-thread", server.pid, "data"));
    const from = socket.messages.length;
    // Ten signs of life would be due by then, and one that was under way when the thread stopped.
    const { stdout } = await lab
      .use(new Running("sleep", ["sleep", "2"]))
      .exited.then(async () => await lab.server.ctl("status"));
    expect(stdout).toContain("ready");
    expect(socket.messages.slice(from).filter((one) => one === "WATCHDOG=1\n").length).toBeLessThanOrEqual(1);
    await frozen.end("SIGTERM");
    await socket.message("WATCHDOG=1", socket.messages.length);
  });
});
