import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Authority } from "./authority.ts";
import { type ConfigBlocks, DaemonProcess, merged } from "./daemon-process.ts";
import { join, Namespace } from "./namespace.ts";
import { runToEnd } from "./running.ts";
import { startService } from "./traffic.ts";

export type ForwardingMode = "none" | "nat" | "proxy_arp";

/** Interface of servers and services on the LAN behind them. */
export const lanInterface = "lan0";
export const service = "192.168.50.10";
export const service6 = "fd00:50::10";
const innerPrefixes = ["10.8.0.0/16", "fd00:8::/48"] as const;

/**
 * Two servers of one cluster on one LAN, with a service behind them, and a client with a wire to each server. The LAN is
 * a bridge in a namespace of its own.
 */
export class Cluster implements AsyncDisposable {
  readonly client: DaemonProcess;
  readonly servers: readonly [DaemonProcess, DaemonProcess];
  /** The host of the service. */
  readonly host: Namespace;
  readonly authority: Authority;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    client: DaemonProcess,
    servers: readonly [DaemonProcess, DaemonProcess],
    host: Namespace,
    authority: Authority,
    resources: AsyncDisposableStack,
  ) {
    this.client = client;
    this.servers = servers;
    this.host = host;
    this.authority = authority;
    this.#resources = resources;
  }

  /** Everything is made and configured, the service listens on both families, and no daemon runs yet. */
  static async create(prefix: string, mode: ForwardingMode, clientBlocks: ConfigBlocks = {}): Promise<Cluster> {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(path.join(tmpdir(), `${prefix}-`));
    resources.defer(async () => await rm(directory, { recursive: true }));
    const authority = await Authority.create(path.join(directory, "pki"));
    const lan = resources.use(await Namespace.create(prefix, "lan"));
    await lan.ip("link", "add", "br0", "type", "bridge");
    await lan.ip("link", "set", "br0", "up");
    const host = resources.use(await Namespace.create(prefix, "service"));
    await plug(lan, host, 10);
    if (mode === "proxy_arp")
      for (const inner of innerPrefixes) await host.ip("route", "add", inner, "dev", lanInterface);
    const place = resources.use(await Namespace.create(prefix, "client"));
    const makeServer = async (index: 1 | 2): Promise<DaemonProcess> => {
      const namespace = resources.use(await Namespace.create(prefix, `eu-${index}`));
      await plug(lan, namespace, index);
      await namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
      await join(
        { namespace: place, interface: `wire${index}`, address: `198.18.${index}.2/30` },
        { namespace, interface: "outer", address: `198.18.${index}.1/30` },
      );
      const server = resources.use(new DaemonProcess(`eu-${index}`, namespace, directory));
      const credentials = await authority.issue("server", server.name);
      await server.configure({
        core: { mode: "server", name: server.name },
        network: {
          interface: "tun0",
          address: "10.8.0.1/16",
          address6: "fd00:8::1/48",
          pool: `10.8.${index}.0/24`,
          pool6: `fd00:8:0:${index}::/64`,
          routes: ["192.168.50.0/24", "fd00:50::/64"],
          forwarding: mode === "none" ? { mode } : { mode, interface: lanInterface },
        },
        cluster: { secret_file: authority.clusterSecret },
        tunnel: { listen: `198.18.${index}.1:8443` },
        security: { tls: { ...credentials } },
        access: { default: "allow" },
        control: { socket: server.socket },
      });
      return server;
    };
    const servers = [await makeServer(1), await makeServer(2)] as const;
    const client = resources.use(new DaemonProcess("laptop", place, directory));
    const credentials = await authority.issue("client", client.name);
    const usual: ConfigBlocks = {
      core: { mode: "client", name: client.name },
      network: { interface: "tun0", accept_routes: "all" },
      tunnel: { endpoints: servers.map(({ name }, at) => ({ name, address: `198.18.${at + 1}.1:8443` })) },
      security: { tls: { ...credentials } },
      control: { socket: client.socket },
    };
    await client.configure(merged(usual, clientBlocks));
    for (const address of [service, service6]) resources.use(await startService(host, address));
    return new Cluster(client, servers, host, authority, resources.move());
  }

  async start(): Promise<void> {
    for (const server of this.servers) server.start();
    await Promise.all(this.servers.map(async (server) => await server.ready()));
    this.client.start();
    await this.client.ready();
  }

  /** The server that the client's session is on, and the other one. */
  async places(): Promise<{ used: DaemonProcess; spare: DaemonProcess }> {
    const active = (await this.client.connections()).find(({ state }) => state === "active");
    const [first, second] = this.servers;
    return active?.backend === first.name ? { used: first, spare: second } : { used: second, spare: first };
  }

  /** Ties something to this cluster's end; what comes after that end is put away at once. */
  use<T extends AsyncDisposable>(resource: T): T {
    if (!this.#resources.disposed) return this.#resources.use(resource);
    void resource[Symbol.asyncDispose]();
    throw new Error("the cluster is closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** Gives a namespace a place on the LAN, with `number` as its host part. */
async function plug(lan: Namespace, namespace: Namespace, number: number): Promise<void> {
  const port = `port${number}`;
  const peer = ["type", "veth", "peer", "name", lanInterface, "netns", namespace.name];
  await runToEnd(["ip", "link", "add", port, "netns", lan.name, ...peer]);
  await lan.ip("link", "set", port, "master", "br0", "up");
  await namespace.ip("addr", "add", `192.168.50.${number}/24`, "dev", lanInterface);
  await namespace.ip("-6", "addr", "add", `fd00:50::${number}/64`, "dev", lanInterface, "nodad");
  await namespace.ip("link", "set", lanInterface, "up");
}
