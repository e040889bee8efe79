import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { HostNetwork, type HostSettings } from "../../src/daemon/tun/host.ts";
import { watchNetwork } from "../../src/daemon/tun/netlink.ts";
import { type OpenTun, openTun } from "../../src/daemon/tun/open.ts";
import { enterNamespace, ip } from "./tun-namespace.ts";

const device = "ttun0";
const holder = fileURLToPath(new URL("tun-holder.ts", import.meta.url));
const settings: HostSettings = {
  mtu: 1420,
  addresses: ["10.8.0.14/16", "fd00:8::e/48"],
  unreachable: ["10.8.0.0/16", "fd00:8::/48"],
  pins: ["203.0.113.7", "2001:db8:1::7"],
  routes: ["0.0.0.0/0", "::/0", "10.20.0.0/16"],
};

let namespace: { leave(): void };
let directory: string;
beforeAll(() => {
  namespace = enterNamespace();
});
afterAll(() => namespace.leave());

/** A host with one link, a gateway behind it, and default routes of both families. */
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "tun-host-"));
  ip("link", "add", "out0", "type", "veth", "peer", "name", "far0");
  for (const link of ["far0", "out0"]) ip("link", "set", link, "up");
  ip("address", "add", "192.0.2.2/24", "dev", "out0");
  ip("address", "add", "2001:db8::2/64", "dev", "out0", "nodad");
  addDefaults();
});
afterEach(() => {
  ip("link", "del", "out0");
  rmSync(directory, { recursive: true });
});

function addDefaults(last = 1): void {
  ip("route", "replace", "default", "via", `192.0.2.${last}`);
  ip("-6", "route", "replace", "default", "via", `2001:db8::${last}`);
}

/** All routes and addresses but what the kernel itself makes for link-local use. */
function state(): string[] {
  const routes = [...ip("-4", "route").split("\n"), ...ip("-6", "route").split("\n")];
  const addresses = ip("-brief", "address").split("\n");
  return [...routes, ...addresses.map((line) => line.replaceAll(/fe80::\S+/g, ""))]
    .map((line) => line.trim().replaceAll(/ +/g, " "))
    .filter((line) => !/^(fe80|multicast|$)/.test(line))
    .toSorted();
}

function deviceTo(address: string): string {
  const rows = JSON.parse(ip("-json", "route", "get", address)) as { dev: string; gateway?: string }[];
  return `${rows[0]?.dev} ${rows[0]?.gateway}`;
}

describe("HostNetwork on Linux", () => {
  let tun: OpenTun;
  let network: HostNetwork;
  beforeEach(async () => {
    tun = openTun({ name: device, queues: 1 });
    network = await HostNetwork.open({ device, stateDirectory: directory });
  });
  afterEach(() => tun.close());

  test("sets everything, keeps outer addresses outside, and leaves nothing after close", async () => {
    const before = state();
    expect(await network.apply(settings)).toEqual({ refused: [], withoutWay: [] });
    const link = ip("-details", "address", "show", "dev", device);
    expect(link).toMatch(/mtu 1420 .*qlen 1000/);
    expect(link).toMatch(/<[^>]*UP[^>]*>/);
    expect(link).toMatch(/inet 10\.8\.0\.14\/16/);
    expect(link).toMatch(/inet6 fd00:8::e\/48/);
    expect(link).not.toMatch(/fe80/);
    expect(["203.0.113.7", "2001:db8:1::7"].map(deviceTo)).toEqual(["out0 192.0.2.1", "out0 2001:db8::1"]);
    expect(["9.9.9.9", "2620:fe::fe", "10.20.1.1", "10.8.3.3"].map(deviceTo)).toEqual(
      Array.from({ length: 4 }, () => `${device} undefined`),
    );
    await network.close();
    ip("link", "set", device, "down");
    expect(state().filter((line) => !line.startsWith(device))).toEqual(
      before.filter((line) => !line.startsWith(device)),
    );
    expect(existsSync(path.join(directory, `host-${device}.journal`))).toBe(false);
  });

  test("keeps packets for the tunnel's prefix from leaking once the interface has vanished", async () => {
    await network.apply(settings);
    tun.close();
    expect(() => deviceTo("10.8.3.3")).toThrow(/No route to host|unreachable/i);
    expect(() => deviceTo("fd00:8::3")).toThrow(/No route to host|unreachable/i);
    await network.close();
    expect(deviceTo("10.8.3.3")).toBe("out0 192.0.2.1");
  });

  test("puts pins in before any route into the tunnel", async () => {
    const monitor = spawn("ip", ["monitor", "route"], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = "";
    const { promise, resolve } = Promise.withResolvers<void>();
    monitor.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (/8000::\/1 dev ttun0/.test(seen) && /128\.0\.0\.0\/1/.test(seen)) resolve();
    });
    // The monitor listens once it tells of a route made for the purpose; of one that is there already nothing is told.
    while (!seen.includes("198.51.100.0/24")) {
      ip("route", "add", "198.51.100.0/24", "dev", "out0");
      ip("route", "del", "198.51.100.0/24", "dev", "out0");
      await new Promise(setImmediate);
    }
    await network.apply(settings);
    await promise;
    monitor.kill();
    const last = Math.max(seen.indexOf("203.0.113.7 via"), seen.indexOf("2001:db8:1::7 via"));
    const first = Math.min(...["0.0.0.0/1", "::/1 ", "10.20.0.0/16"].map((route) => seen.indexOf(route)));
    expect(Math.min(seen.indexOf("203.0.113.7 via"), seen.indexOf("2001:db8:1::7 via"))).toBeGreaterThan(0);
    expect(last).toBeLessThan(first);
    await network.close();
  });

  test("follows a new gateway, and a link that went away and came back", async () => {
    await network.apply(settings);
    addDefaults(254);
    await network.repin(settings.pins);
    expect(settings.pins.map(deviceTo)).toEqual(["out0 192.0.2.254", "out0 2001:db8::254"]);

    ip("link", "set", "out0", "down");
    expect((await network.repin(settings.pins)).withoutWay).toEqual(settings.pins);
    ip("link", "set", "out0", "up");
    ip("address", "replace", "2001:db8::2/64", "dev", "out0", "nodad");
    addDefaults(1);
    expect((await network.repin(settings.pins)).withoutWay).toEqual([]);
    expect(settings.pins.map(deviceTo)).toEqual(["out0 192.0.2.1", "out0 2001:db8::1"]);
    await network.close();
    expect(ip("route")).not.toContain("203.0.113.7");
  });

  test("changes addresses and routes, and reports a route that is somebody else's", async () => {
    ip("route", "add", "10.30.0.0/16", "dev", "out0");
    await network.apply(settings);
    const changed = { ...settings, addresses: ["10.8.0.15/16"], routes: ["10.30.0.0/16", "10.40.0.0/16"] };
    expect((await network.apply(changed)).refused).toEqual([
      { what: `route add 10.30.0.0/16 dev ${device} proto 151`, reason: expect.stringMatching(/File exists/) },
    ]);
    expect(ip("address", "show", "dev", device)).not.toMatch(/10\.8\.0\.14|fd00/);
    expect(["10.40.0.1", "10.30.0.1", "9.9.9.9"].map(deviceTo)).toEqual([
      `${device} undefined`,
      "out0 undefined",
      "out0 192.0.2.1",
    ]);
    await network.close();
    expect(deviceTo("10.30.0.1")).toBe("out0 undefined");
  });
});

test("the next start undoes what a process left that was killed with -9", async () => {
  const before = state();
  const args = [holder, device, directory, JSON.stringify(settings)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [ready] = (await once(child.stdout, "data")) as [Buffer];
  expect(ready.toString()).toBe("ready\n");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(state().join("\n")).toMatch(/203\.0\.113\.7/);
  expect(state().join("\n")).toMatch(/unreachable 10\.8\.0\.0\/16/);

  const tun = openTun({ name: device, queues: 1 });
  const network = await HostNetwork.open({ device, stateDirectory: directory });
  tun.close();
  expect(state()).toEqual(before);
  await network.close();
});

/** Resolves at each change that is told. */
function watch(): { next(): Promise<void>; calls(): number; close(): void } {
  let calls = 0;
  let told = Promise.withResolvers<void>();
  const watcher = watchNetwork(systemClock, () => {
    calls++;
    told.resolve();
    told = Promise.withResolvers<void>();
  });
  return { next: () => told.promise, calls: () => calls, close: () => watcher.close() };
}

describe("watchNetwork", () => {
  test("tells of links, addresses and routes of both families, once per burst", async () => {
    const watcher = watch();
    const changes = [
      ["link", "set", "far0", "mtu", "1400"],
      ["address", "add", "198.51.100.1/24", "dev", "far0"],
      ["address", "add", "2001:db8:9::1/64", "dev", "far0", "nodad"],
      ["route", "add", "203.0.113.0/24", "dev", "far0"],
      ["route", "add", "2001:db8:8::/64", "dev", "far0"],
    ];
    for (const change of changes) {
      const next = watcher.next();
      ip(...change);
      await next;
    }
    const before = watcher.calls();
    const next = watcher.next();
    for (let index = 0; index < 10; index++) ip("route", "add", `203.0.${index}.0/24`, "dev", "far0");
    await next;
    expect(watcher.calls()).toBe(before + 1);
    watcher.close();
  });

  test("survives more changes than the kernel keeps for it", async () => {
    const watcher = watch();
    let next = watcher.next();
    const batch = Array.from(
      { length: 5_000 },
      (_, index) => `route add 11.${index >> 8}.${index & 255}.0/24 dev far0\n`,
    );
    execFileSync("ip", ["-batch", "-"], { input: batch.join("") });
    await next;
    next = watcher.next();
    ip("link", "set", "far0", "mtu", "1300");
    await next;
    watcher.close();
  });
});
