import { type ConfigBlocks, DaemonProcess } from "../../../src/cli/demo/daemon-process.ts";
import { Lab, serverName } from "../../../src/cli/demo/lab.ts";
import { join, Namespace } from "../../../src/cli/demo/namespace.ts";
import type { Backend, Breaker, DaemonEvent } from "../../../src/shared/control/snapshot.ts";
import { findings, startTraffic } from "./node.ts";
import { prefix } from "./suite.ts";

export const first: string = serverName;
export const second = "edge-02";

export interface Steady {
  sent: number;
  lost: number;
  longest_gap_ms: number;
}

export interface PairOptions {
  server?: ConfigBlocks;
  client?: ConfigBlocks;
  /** Of the first and the second server. */
  priorities?: readonly [number, number];
}

/** Two servers of one cluster, each in a namespace of its own, and a client with a wire to each. Nothing runs yet. */
export class Pair implements AsyncDisposable {
  readonly lab: Lab;
  readonly servers: ReadonlyMap<string, DaemonProcess>;
  readonly client: DaemonProcess;

  private constructor(lab: Lab, servers: ReadonlyMap<string, DaemonProcess>, client: DaemonProcess) {
    this.lab = lab;
    this.servers = servers;
    this.client = client;
  }

  static async create({ server = {}, client: blocks = {}, priorities = [0, 0] }: PairOptions = {}): Promise<Pair> {
    await using resources = new AsyncDisposableStack();
    const lab = resources.use(await Lab.create(prefix));
    const namespace = lab.use(await Namespace.create(prefix, "server2"));
    const other = lab.use(new DaemonProcess(second, namespace, lab.directory));
    await lab.authority.issue("server", second);
    const client = await lab.client("laptop-ann", blocks);
    await join(
      { namespace: client.namespace, interface: "outer2", address: "198.18.200.2/30" },
      { namespace, interface: "wire1", address: "198.18.200.1/30" },
    );
    const endpoints = [
      { name: first, address: "198.18.1.1:8443", priority: priorities[0] },
      { name: second, address: "198.18.200.1:8443", priority: priorities[1] },
    ];
    await client.reconfigure({ tunnel: { endpoints } });
    const servers = new Map([
      [first, lab.server],
      [second, other],
    ]);
    let slice = 0;
    for (const [name, daemon] of servers) {
      slice += 1;
      const usual = lab.serverConfig(name, {
        network: { address6: undefined, pool: `10.8.${slice}.0/24` },
        cluster: { secret_file: lab.authority.clusterSecret },
        control: { socket: daemon.socket },
      });
      await daemon.configure(usual);
      await daemon.reconfigure(server);
    }
    resources.move();
    return new Pair(lab, servers, client);
  }

  server(name: string): DaemonProcess {
    const found = this.servers.get(name);
    if (found === undefined) throw new Error(`no server ${name}`);
    return found;
  }

  /** The other server's name. */
  other(name: string): string {
    return name === first ? second : first;
  }

  /** Starts everything and waits until the client is ready. */
  async start(): Promise<void> {
    for (const server of this.servers.values()) server.start();
    for (const server of this.servers.values()) await server.ready();
    this.client.start();
    await this.client.ready();
  }

  async backends(): Promise<Backend[]> {
    return (await this.#json<{ backends: Backend[] }>("backends")).backends;
  }

  async backend(name: string): Promise<Backend> {
    return named(await this.backends(), name);
  }

  async breaker(name: string): Promise<Breaker> {
    return named((await this.#json<{ breakers: Breaker[] }>("breakers")).breakers, name);
  }

  async events(): Promise<DaemonEvent[]> {
    return (await this.#json<{ events: DaemonEvent[] }>("events")).events;
  }

  /** Name of the server that the session is on. */
  async current(): Promise<string> {
    return (await this.backends()).find(({ current }) => current)?.name ?? "";
  }

  /** Waits until a condition of `ctl wait --for` holds on the client; throws when it does not. */
  async waits(condition: string, seconds = 20): Promise<void> {
    const { code, stderr } = await this.client.ctl("wait", "--for", condition, "--timeout", `${seconds}s`);
    if (code !== 0) throw new Error(`${stderr}\n${this.client.log()}`);
  }

  /** Pings through the tunnel every 10 ms while `act` runs. */
  async pinging(act: () => Promise<void>): Promise<Steady> {
    const running = this.lab.use(await startTraffic(this.client.namespace, "steady", this.lab.inner, 10));
    await act();
    return await findings<Steady>(running);
  }

  async #json<T>(verb: string): Promise<T> {
    const { code, stdout, stderr } = await this.client.ctl("--json", verb);
    if (code !== 0) throw new Error(`ctl ${verb}: exit ${String(code)}\n${stderr}${stdout}`);
    return JSON.parse(stdout) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

function named<Row extends { name: string }>(rows: readonly Row[], name: string): Row {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`no row of ${name}`);
  return row;
}
