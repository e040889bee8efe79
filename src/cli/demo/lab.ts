import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Authority, type Credentials } from "./authority.ts";
import { type ConfigBlocks, DaemonProcess, merged } from "./daemon-process.ts";
import { join, Namespace } from "./namespace.ts";

export const serverName = "edge-01";
const tunnelPort = 8443;
const innerInterface = "tun0";
const outerInterface = "outer";

function security(credentials: Credentials): ConfigBlocks {
  return { security: { tls: { ...credentials } } };
}

/** Outer addresses of the wire of client `index` (RFC 2544's range, which nobody routes). */
function wireAddresses(index: number): { server: string; client: string } {
  return { server: `198.18.${index}.1`, client: `198.18.${index}.2` };
}

/**
 * One server and its clients, each in a namespace of its own, each client on its own wire to the server.
 * Disposal ends the daemons and removes the namespaces and the directory.
 */
export class Lab implements AsyncDisposable {
  readonly directory: string;
  readonly authority: Authority;
  readonly server: DaemonProcess;
  /** Inner addresses of the server. */
  readonly inner = "10.8.0.1";
  readonly inner6 = "fd00:8::1";
  readonly #prefix: string;
  readonly #resources: AsyncDisposableStack;
  #wires = 0;

  private constructor(prefix: string, authority: Authority, server: DaemonProcess, resources: AsyncDisposableStack) {
    this.#prefix = prefix;
    this.directory = path.dirname(authority.directory);
    this.authority = authority;
    this.server = server;
    this.#resources = resources;
  }

  /** Makes the authority, the server's namespace and its config; nothing runs yet. */
  static async create(prefix: string, serverBlocks: ConfigBlocks = {}): Promise<Lab> {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(path.join(tmpdir(), `${prefix}-`));
    resources.defer(async () => await rm(directory, { recursive: true }));
    const authority = await Authority.create(path.join(directory, "pki"));
    await authority.issue("server", serverName);
    const namespace = resources.use(await Namespace.create(prefix, "server"));
    const server = resources.use(new DaemonProcess(serverName, namespace, directory));
    const lab = new Lab(prefix, authority, server, resources.move());
    await server.configure(lab.serverConfig(serverName, serverBlocks));
    return lab;
  }

  /** The config of a server of this name, whose certificate was issued, with these blocks over the usual ones. */
  serverConfig(name: string, blocks: ConfigBlocks): ConfigBlocks {
    const usual: ConfigBlocks = {
      core: { mode: "server", name, drain_timeout: "0s" },
      network: { interface: innerInterface, address: `${this.inner}/16`, address6: `${this.inner6}/48` },
      tunnel: { listen: `0.0.0.0:${tunnelPort}` },
      ...security(this.authority.credentials(name)),
      access: { default: "allow" },
      control: { socket: this.server.socket },
    };
    return merged(usual, blocks);
  }

  /** Makes another namespace, joined to the server's by a wire, and the config of a client in it. */
  async client(name: string, blocks: ConfigBlocks = {}): Promise<DaemonProcess> {
    const credentials = await this.authority.issue("client", name);
    const { namespace, endpoint } = await this.wire(name);
    const client = this.use(new DaemonProcess(name, namespace, this.directory));
    const base: ConfigBlocks = {
      core: { mode: "client", name },
      network: { interface: innerInterface },
      tunnel: { endpoints: [{ name: serverName, address: endpoint }] },
      ...security(credentials),
      control: { socket: client.socket },
    };
    await client.configure(merged(base, blocks));
    return client;
  }

  /** A namespace with a wire to the server's. `endpoint` is the server's tunnel address as seen from it. */
  async wire(role: string): Promise<{ namespace: Namespace; endpoint: string }> {
    this.#wires += 1;
    const { server, client } = wireAddresses(this.#wires);
    const namespace = this.use(await Namespace.create(this.#prefix, role));
    await join(
      { namespace, interface: outerInterface, address: `${client}/30` },
      { namespace: this.server.namespace, interface: `wire${this.#wires}`, address: `${server}/30` },
    );
    return { namespace, endpoint: `${server}:${tunnelPort}` };
  }

  /** Starts the daemons, the server first, and waits until each is ready. */
  async start(...clients: DaemonProcess[]): Promise<void> {
    this.server.start();
    await this.server.ready();
    for (const client of clients) client.start();
    await Promise.all(clients.map(async (client) => await client.ready()));
  }

  /** Ties something to the lab's end; what comes after that end is put away at once. */
  use<T extends AsyncDisposable>(resource: T): T {
    if (!this.#resources.disposed) return this.#resources.use(resource);
    void resource[Symbol.asyncDispose]();
    throw new Error("the lab is closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
