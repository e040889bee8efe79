import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HostNetwork, type HostSettings } from "../../src/daemon/tun/host.ts";
import { type IpCommand, ipCommand, parseFailures } from "../../src/daemon/tun/ip-command.ts";
import { findWay } from "../../src/daemon/tun/outside.ts";
import { checkReversePath, checkSysctl } from "../../src/daemon/tun/sysctl.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "host-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const outside = [{ dst: "default", gateway: "192.0.2.1", dev: "eth0", protocol: "dhcp", flags: [] }];

/** An `ip` that notes its lines, and for each what the journal held just before. */
function recorder(answers: { batch?: (line: string) => string | undefined; query?: (args: string) => unknown } = {}): {
  ip: IpCommand;
  lines: string[];
  journals: string[];
} {
  const lines: string[] = [];
  const journals: string[] = [];
  const ip: IpCommand = {
    query: async (args) => answers.query?.(args.join(" ")) ?? outside,
    async batch(batch) {
      return batch.flatMap((words, line) => {
        lines.push(words.join(" "));
        journals.push(readFileSync(path.join(directory, "host-tun0.journal"), "utf8"));
        const reason = answers.batch?.(words.join(" "));
        return reason === undefined ? [] : [{ line, reason }];
      });
    },
  };
  return { ip, lines, journals };
}

/** What a killed process had open; kept, since Node reports a file that the collector closes. */
const opened: HostNetwork[] = [];

const settings: HostSettings = {
  mtu: 1500,
  addresses: ["10.8.0.14/16"],
  unreachable: ["10.8.0.0/16"],
  pins: ["203.0.113.7"],
  routes: ["0.0.0.0/0", "10.20.0.0/16"],
};

async function open(ip: IpCommand): Promise<HostNetwork> {
  const network = await HostNetwork.open({ device: "tun0", stateDirectory: directory, ip });
  opened.push(network);
  return network;
}

describe("HostNetwork", () => {
  test("quiets the link before it comes up, pins before routes, journals before acts, undoes in reverse", async () => {
    const { ip, lines, journals } = recorder();
    const network = await open(ip);
    expect(await network.apply(settings)).toEqual({ refused: [], withoutWay: [] });
    const expected = [
      "link set dev tun0 addrgenmode none",
      "link set dev tun0 mtu 1500 txqueuelen 1000",
      "link set dev tun0 up",
      "address add 10.8.0.14/16 dev tun0",
      "route add unreachable 10.8.0.0/16 metric 4278198272 proto 151",
      "route add 203.0.113.7 via 192.0.2.1 dev eth0 proto 151",
      "route add 0.0.0.0/1 dev tun0 proto 151",
      "route add 128.0.0.0/1 dev tun0 proto 151",
      "route add 10.20.0.0/16 dev tun0 proto 151",
    ];
    expect(lines).toEqual(expected);
    expect(journals[3]).toContain("10.8.0.14/16");
    expect(journals[5]).toContain("203.0.113.7");
    expect(journals[6]).toContain("0.0.0.0/1");
    await network.close();
    const undone = expected
      .slice(3)
      .toReversed()
      .map((line) => line.replace(" add ", " del "));
    expect(lines.slice(9)).toEqual(undone);
  });

  test("changes only what differs", async () => {
    const { ip, lines } = recorder();
    const network = await open(ip);
    await network.apply(settings);
    lines.length = 0;
    await network.apply({ ...settings, pins: [], routes: ["10.30.0.0/16"] });
    expect(lines.filter((line) => line.startsWith("route"))).toEqual([
      "route del 10.20.0.0/16 dev tun0 proto 151",
      "route del 128.0.0.0/1 dev tun0 proto 151",
      "route del 0.0.0.0/1 dev tun0 proto 151",
      "route del 203.0.113.7 via 192.0.2.1 dev eth0 proto 151",
      "route add 10.30.0.0/16 dev tun0 proto 151",
    ]);
    await network.close();
  });

  test("a changed address takes all routes away first and brings them back", async () => {
    const { ip, lines } = recorder();
    const network = await open(ip);
    await network.apply({ ...settings, pins: [], routes: ["10.20.0.0/16"] });
    lines.length = 0;
    await network.apply({ ...settings, pins: [], routes: ["10.20.0.0/16"], addresses: ["10.8.0.15/16"] });
    expect(lines.slice(3)).toEqual([
      "route del 10.20.0.0/16 dev tun0 proto 151",
      "address del 10.8.0.14/16 dev tun0",
      "address add 10.8.0.15/16 dev tun0",
      "route add 10.20.0.0/16 dev tun0 proto 151",
    ]);
    await network.close();
  });

  test("reports routes that are taken, and does not undo what it did not make", async () => {
    const taken = /route add (10\.20|203|unreachable)/;
    const { ip, lines } = recorder({
      batch: (line) => (taken.test(line) ? "RTNETLINK answers: File exists" : undefined),
    });
    const network = await open(ip);
    expect(await network.apply(settings)).toEqual({
      refused: [{ what: "route add 10.20.0.0/16 dev tun0 proto 151", reason: "RTNETLINK answers: File exists" }],
      withoutWay: [],
    });
    lines.length = 0;
    await network.close();
    expect(lines).toEqual([
      "route del 128.0.0.0/1 dev tun0 proto 151",
      "route del 0.0.0.0/1 dev tun0 proto 151",
      "address del 10.8.0.14/16 dev tun0",
    ]);
  });

  test("an address that can't be had is an error", async () => {
    const { ip } = recorder({ batch: (line) => (line.startsWith("address") ? "Operation not permitted" : undefined) });
    const network = await open(ip);
    await expect(network.apply(settings)).rejects.toMatchObject({ code: "host_ip" });
  });

  test("undoes at the start what a killed process left, and finds it gone without complaint", async () => {
    mkdirSync(directory, { recursive: true });
    const left = { did: { kind: "pin", address: "203.0.113.7", device: "eth0" } };
    writeFileSync(path.join(directory, "host-tun0.journal"), `${JSON.stringify(left)}\n`);
    const { ip, lines } = recorder({ batch: () => "RTNETLINK answers: No such process" });
    const network = await open(ip);
    expect(lines).toEqual(["route del 203.0.113.7 dev eth0 proto 151"]);
    await network.close();
    await open(ip);
    expect(lines.length).toBe(1);
  });

  test("keeps in the journal what could not be undone", async () => {
    const left = { did: { kind: "pin", address: "203.0.113.7", device: "eth0" } };
    writeFileSync(path.join(directory, "host-tun0.journal"), `${JSON.stringify(left)}\n`);
    const { ip } = recorder({ batch: () => "RTNETLINK answers: Operation not permitted" });
    await expect(open(ip)).rejects.toMatchObject({ code: "host_ip" });
    expect(readFileSync(path.join(directory, "host-tun0.journal"), "utf8")).toContain("203.0.113.7");
  });

  test("a pin follows the way outside, in place of the old one", async () => {
    let gateway = "192.0.2.1";
    let pinned: object[] = [];
    const { ip, lines } = recorder({
      query: (args) =>
        args.includes("get") && pinned.length > 0
          ? pinned
          : [{ dst: "default", gateway, dev: "eth0", protocol: "dhcp", flags: [] }],
    });
    const network = await open(ip);
    await network.repin(["203.0.113.7"]);
    pinned = [{ dst: "203.0.113.7", gateway, dev: "eth0", protocol: "151", flags: [] }];
    await network.repin(["203.0.113.7"]);
    expect(lines).toEqual(["route add 203.0.113.7 via 192.0.2.1 dev eth0 proto 151"]);
    gateway = "192.0.2.254";
    await network.repin(["203.0.113.7"]);
    expect(lines[1]).toBe("route replace 203.0.113.7 via 192.0.2.254 dev eth0 proto 151");
    lines.length = 0;
    await network.close();
    expect(lines).toEqual(["route del 203.0.113.7 via 192.0.2.254 dev eth0 proto 151"]);
  });

  test("an address of this host needs no pin; one without a way is reported", async () => {
    const { ip, lines } = recorder({
      query: (args) => (args.includes("127.0.0.1") ? [{ type: "local", dst: "127.0.0.1", dev: "lo" }] : []),
    });
    const network = await open(ip);
    expect(await network.repin(["127.0.0.1", "203.0.113.7"])).toEqual({ refused: [], withoutWay: ["203.0.113.7"] });
    expect(lines).toEqual([]);
    await network.close();
  });
});

describe("findWay", () => {
  const table = [
    { dst: "0.0.0.0/1", dev: "tun0", protocol: "151" },
    { dst: "default", gateway: "192.0.2.9", dev: "wlan0", metric: 600, protocol: "dhcp" },
    { dst: "default", gateway: "192.0.2.1", dev: "eth0", metric: 100, protocol: "dhcp" },
    { dst: "10.0.0.0/8", gateway: "192.0.2.2", dev: "eth0" },
    { dst: "10.1.0.0/16", dev: "eth1", flags: ["linkdown"] },
    {
      dst: "10.2.0.0/16",
      nexthops: [
        { dev: "eth2", flags: ["dead"] },
        { dev: "eth3", via: { host: "fe80::1" } },
      ],
    },
    { type: "unreachable", dst: "10.3.0.0/16", dev: "lo" },
  ];
  const ip: IpCommand = {
    query: async (args) => (args.includes("get") ? [{ dst: "0.0.0.0/1", dev: "tun0" }] : table),
    batch: async () => [],
  };

  test("a route of somebody else's to the very host serves as a pin, and stays", async () => {
    const own = { dst: "192.0.2.9", dev: "eth1", flags: [] };
    const { ip, lines } = recorder({ query: (args) => (args.includes("get") ? [own] : outside) });
    expect(await findWay(ip, "192.0.2.9", "tun0")).toMatchObject({ outside: { device: "eth1" }, pinnedByOther: true });
    const network = await open(ip);
    expect(await network.repin(["192.0.2.9"])).toEqual({ refused: [], withoutWay: [] });
    expect(lines).toEqual([]);
  });

  test.each([
    ["9.9.9.9", { device: "eth0", gateway: "192.0.2.1" }],
    ["10.9.9.9", { device: "eth0", gateway: "192.0.2.2" }],
    ["10.1.9.9", { device: "eth0", gateway: "192.0.2.2" }],
    ["10.2.9.9", { device: "eth3", gateway: "fe80::1" }],
    ["10.3.9.9", undefined],
  ])("behind the tunnel's routes finds the best hop to %s", async (address, hop) => {
    expect(await findWay(ip, address, "tun0")).toEqual({
      kind: "remote",
      pinned: undefined,
      outside: hop,
      pinnedByOther: false,
    });
  });
});

test("failures of a batch are told by line", () => {
  const stderr = "RTNETLINK answers: File exists\nCommand failed -:2\nError: a\nb\nCommand failed -:10\n";
  expect(parseFailures(stderr)).toEqual([
    { line: 1, reason: "RTNETLINK answers: File exists" },
    { line: 9, reason: "Error: a b" },
  ]);
});

test("forwarding that is off is told with the line that mends it", async () => {
  mkdirSync(path.join(directory, "net/ipv4"), { recursive: true });
  writeFileSync(path.join(directory, "net/ipv4/ip_forward"), "0\n");
  expect(await checkSysctl(["ipv4", "ipv6"], directory)).toEqual([
    { name: "net.ipv4.ip_forward", value: "0", mend: "sysctl -w net.ipv4.ip_forward=1" },
    { name: "net.ipv6.conf.all.forwarding", value: "absent", mend: "sysctl -w net.ipv6.conf.all.forwarding=1" },
  ]);
  writeFileSync(path.join(directory, "net/ipv4/ip_forward"), "1\n");
  expect(await checkSysctl(["ipv4"], directory)).toEqual([]);
});

test("strict reverse path filtering is told unless the greater of two values is loose", async () => {
  const mend = "sysctl -w net.ipv4.conf.eth0/7.rp_filter=2";
  for (const [all, own, strict] of [
    [0, 0, false],
    [1, 0, true],
    [0, 1, true],
    [2, 1, false],
    [1, 2, false],
  ] as const) {
    for (const [scope, value] of [
      ["all", all],
      ["eth0.7", own],
    ] as const) {
      const folder = path.join(directory, "net/ipv4/conf", scope);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "rp_filter"), `${value}\n`);
    }
    const faults = strict ? [{ name: "net.ipv4.conf.eth0/7.rp_filter", value: "1", mend }] : [];
    expect(await checkReversePath("eth0.7", directory)).toEqual(faults);
  }
});

test("a word that could become another command is never given to ip", async () => {
  for (const word of ["10.0.0.0/8\nroute del default", "a b", "", "#", "'x'"]) {
    await expect(ipCommand.batch([["route", "add", word]])).rejects.toMatchObject({ code: "internal" });
    await expect(ipCommand.query(["route", "get", word])).rejects.toMatchObject({ code: "internal" });
  }
});
