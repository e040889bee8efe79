/**
 * What the tunnel costs as things grow: `npm run bench:curves -- [--seconds 2] [--only overhead,flows,limits,acl_rules,backends,sessions]
 * [--no-write]`. Throughput of one direction and round trips through the tunnel, with the plaintext relay
 * in the same place right before. Writes bench/results/DATE-curves.json, from which docs/performance.md has its
 * plots.
 */
import { parseArgs } from "node:util";
import type { ConfigBlocks, DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import { Lab } from "../src/cli/demo/lab.ts";
import { missingRequirement } from "../src/cli/demo/requirements.ts";
import { relayInner, startRelay } from "./baseline.ts";
import type { Curve, Curves, Overhead, Point } from "./curves-result.ts";
import { goodput, iperf } from "./iperf.ts";
import { LoadProcess } from "./load/load-process.ts";
import { ping, type RoundTrips } from "./ping.ts";
import { saveResult } from "./results.ts";

const clientName = "client";
/** Certificates that the idle sessions share in turn. */
const identities = 8;
const pingEvery = 5;
/** Mbit/s of all flows together beside which round trips are measured. */
const flowsLoad = 100;
const wire = "outer";
const ethernetHeader = 14;
const outer = "198.18.1.1:8443";

/** Options of iperf3, and bytes of inner packets for each byte that iperf3 counts. */
const overheads = [
  { name: "one TCP stream of 100 Mbit/s", options: ["-b", "100M"], inner: 1500 / 1448 },
  { name: "datagrams of 1400 bytes, 20 Mbit/s", options: ["-u", "-b", "20M", "-l", "1400"], inner: 1428 / 1400 },
  { name: "datagrams of 200 bytes, 10 Mbit/s", options: ["-u", "-b", "10M", "-l", "200"], inner: 228 / 200 },
] as const;

class Bench {
  readonly #lab: Lab;
  readonly #client: DaemonProcess;
  readonly #seconds: number;

  constructor(lab: Lab, client: DaemonProcess, seconds: number) {
    this.#lab = lab;
    this.#client = client;
    this.#seconds = seconds;
  }

  /** Live idle sessions beside the active one. */
  async sessions(): Promise<Curve> {
    for (let index = 0; index < identities; index++) await this.#lab.authority.issue("client", `load-${index}`);
    const { namespace, endpoint } = await this.#lab.wire("load");
    await using load = new LoadProcess(namespace, [
      endpoint,
      this.#lab.inner,
      this.#lab.authority.directory,
      String(identities),
    ]);
    let held = 1;
    return await this.#curve("sessions", "sessions, one of them active", [1, 10, 100, 500, 1000], async (count) => {
      if (count > held) await load.ask({ open: count - held, at_once: Math.min(16, count - held) });
      held = count;
      return await this.#point(count);
    });
  }

  async flows(): Promise<Curve> {
    return await this.#curve("flows", "TCP flows", [1, 8, 32, 128], async (count) => await this.#point(count, count));
  }

  /** Rules in front of the one that fits. */
  async acl_rules(): Promise<Curve> {
    return await this.#curve("acl_rules", "rules of the identity", [0, 16, 64, 256], async (count) => {
      const others = Array.from({ length: Math.max(0, count - 1) }, (_, index) => ({
        to: `10.20.${index}.0/24`,
        protocol: "tcp",
        port: 443,
      }));
      const acl = count === 0 ? [] : [...others, { action: "allow" }];
      await this.#serve({ access: { default: "allow", identities: [{ name: clientName, acl }] } });
      return await this.#point(count);
    });
  }

  /** Buckets that each packet pays, none of which it exhausts. */
  async limits(): Promise<Curve> {
    const limit = { base_rate: "400gbit", burst_size: "1GB" };
    return await this.#curve("limits", "buckets that each packet pays", [0, 1, 2, 3], async (count) => {
      const identity = count > 1 ? [{ name: clientName, rate_limit: limit }] : [];
      const rate_limit = { ...(count > 0 ? limit : {}), ...(count > 2 ? { global: limit } : {}) };
      await this.#serve({ access: { default: "allow", identities: identity }, rate_limit });
      return await this.#point(count);
    });
  }

  /** Endpoints of the client, all of which lead to the one server and are checked. */
  async backends(): Promise<Curve> {
    return await this.#curve("backends", "servers of the client", [1, 4, 16, 64], async (count) => {
      const endpoints = Array.from({ length: count }, (_, index) => ({
        name: `edge-${index}`,
        identity: "edge-01",
        address: outer,
      }));
      await this.#client.end("SIGTERM");
      await this.#client.reconfigure({ tunnel: { endpoints } });
      this.#client.start();
      await this.#client.ready();
      return await this.#point(count);
    });
  }

  /** Of a rate at which batches stay small, and with outer packets as they are on a wire that cuts nothing itself. */
  async overhead(): Promise<Overhead[]> {
    for (const [{ namespace }, name] of [
      [this.#client, wire],
      [this.#lab.server, "wire1"],
    ] as const)
      await namespace.ip("link", "set", "dev", name, "gso_max_segs", "1");
    const found: Overhead[] = [];
    for (const { name, options, inner } of overheads) {
      const before = await this.#wireBytes();
      const run = { from: this.#client.namespace, to: this.#lab.server.namespace, address: this.#lab.inner };
      const { end } = await iperf({ ...run, seconds: this.#seconds + 1 }, ...options);
      const sent = end.sum_sent?.bytes ?? 0;
      const ratio = Math.round((((await this.#wireBytes()) - before) / (sent * inner)) * 1000) / 1000;
      console.log(`overhead, ${name}: ${ratio}`);
      found.push({ name, ratio });
    }
    return found;
  }

  /** Bytes of IP packets that the client sent on the wire. */
  async #wireBytes(): Promise<number> {
    const [link] = JSON.parse(await this.#client.namespace.ip("-json", "-s", "link", "show", "dev", wire)) as {
      stats64: { tx: { bytes: number; packets: number } };
    }[];
    const { bytes = 0, packets = 0 } = link?.stats64.tx ?? {};
    return bytes - packets * ethernetHeader;
  }

  async #curve(
    name: string,
    axis: string,
    levels: number[],
    measure: (level: number) => Promise<Point>,
  ): Promise<Curve> {
    const points: Point[] = [];
    for (const level of levels) {
      const point = await measure(level);
      points.push(point);
      console.log(
        `${String(level).padStart(6)} ${axis.padEnd(30)} relay ${point.relay_mbps}  tunnel ${point.tunnel_mbps} Mbit/s  relay ${told(point.relay)}  tunnel ${told(point.tunnel)}`,
      );
    }
    return { name, axis, points };
  }

  /** The relay, then the tunnel: throughput of `flows`, then round trips at rest, or beside many flows. */
  async #point(at: number, flows = 1): Promise<Point> {
    const relayMbps = await this.#goodput(relayInner, flows);
    const tunnelMbps = await this.#goodput(this.#lab.inner, flows);
    const mbps = flows === 1 ? 0 : flowsLoad;
    const relay = await this.#beside(relayInner, mbps, flows);
    const tunnel = await this.#beside(this.#lab.inner, mbps, flows);
    return { at, relay_mbps: relayMbps, tunnel_mbps: tunnelMbps, relay, tunnel };
  }

  async #goodput(address: string, flows = 1): Promise<number> {
    const run = { from: this.#client.namespace, to: this.#lab.server.namespace, address, seconds: this.#seconds };
    return await goodput(run, "-P", String(flows));
  }

  /** Round trips for as long as one measurement takes, beside flows that have `mbps` together; 0: at rest. */
  async #beside(address: string, mbps: number, flows: number): Promise<RoundTrips> {
    const { namespace: from } = this.#client;
    const pings = async (): Promise<RoundTrips> =>
      await ping(from, address, Math.round((this.#seconds * 1000) / pingEvery), pingEvery);
    if (mbps === 0) return await pings();
    const run = { from, to: this.#lab.server.namespace, address, seconds: this.#seconds + 1 };
    const traffic = iperf(run, "-P", String(flows), "-b", `${Math.round((mbps * 1e6) / flows)}`);
    const found = await pings();
    await traffic;
    return found;
  }

  async #serve(blocks: ConfigBlocks): Promise<void> {
    await this.#lab.server.reconfigure(blocks);
    const { code, stderr } = await this.#lab.server.ctl("reload");
    if (code !== 0) throw new Error(stderr);
  }
}

function told({ p50_ms, p99_ms }: RoundTrips): string {
  return `${p50_ms} / ${p99_ms} ms`;
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    only: { type: "string", default: "overhead,flows,limits,acl_rules,backends,sessions" },
    "no-write": { type: "boolean", default: false },
  },
});
const problem = await missingRequirement();
if (problem !== undefined) throw new Error(`bench: ${problem}`);
const seconds = Number(values.seconds);
const result: Curves = { seconds, curves: [], overhead: [] };
for (const name of values.only.split(",")) {
  // Each has daemons of its own, so that none inherits what another left.
  await using lab = await Lab.create("ssscurve");
  const client = await lab.client(clientName);
  await lab.start(client);
  await startRelay(lab, client);
  const bench = new Bench(lab, client, seconds);
  if (name === "overhead") result.overhead = await bench.overhead();
  else if (name === "sessions" || name === "flows" || name === "acl_rules" || name === "limits" || name === "backends")
    result.curves.push(await bench[name]());
  else throw new Error(`no curve ${name}`);
}
if (!values["no-write"]) saveResult("curves", result);
