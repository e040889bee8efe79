import { Running, runToEnd, type StartOptions } from "./running.ts";

let counter = 0;

/** A network namespace of our own. Disposal removes it, and with it every interface inside. */
export class Namespace implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** Makes `PREFIX-ROLE-PID-N` with its loopback up. */
  static async create(prefix: string, role: string): Promise<Namespace> {
    counter += 1;
    const namespace = new Namespace(`${prefix}-${role}-${process.pid}-${counter}`);
    await runToEnd(["ip", "netns", "add", namespace.name]);
    await namespace.ip("link", "set", "lo", "up");
    return namespace;
  }

  /** Runs `ip` inside and returns what it prints. */
  async ip(...args: string[]): Promise<string> {
    return await runToEnd(["ip", "-n", this.name, ...args]);
  }

  /** Runs a program inside to its end and returns what it prints. */
  async run(...argv: string[]): Promise<string> {
    return await runToEnd(this.#inside(argv));
  }

  /** Starts a program inside; its id is the program's own, since `ip netns exec` turns into it. */
  start(name: string, argv: readonly string[], options: StartOptions = {}): Running {
    return new Running(name, this.#inside(argv), options);
  }

  #inside(argv: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name, ...argv];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runToEnd(["ip", "netns", "del", this.name]);
  }
}

export interface WireEnd {
  namespace: Namespace;
  /** Name of the interface on this end, at most 15 characters. */
  interface: string;
  /** Address with prefix length. */
  address: string;
}

/** Joins two namespaces by a veth pair. */
export async function join(a: WireEnd, b: WireEnd): Promise<void> {
  const peer = ["type", "veth", "peer", "name", b.interface, "netns", b.namespace.name];
  await runToEnd(["ip", "link", "add", a.interface, "netns", a.namespace.name, ...peer]);
  for (const { namespace, interface: name, address } of [a, b]) {
    await namespace.ip("addr", "add", address, "dev", name);
    await namespace.ip("link", "set", name, "up");
  }
}
