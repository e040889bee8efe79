import path from "node:path";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./running.ts";

/** Path of one of this package's programs, from the sources as well as from dist/. */
export function programPath(name: "sssonector" | "sssonectord"): string {
  return fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url));
}

export interface Credentials {
  cert: string;
  key: string;
  ca: string;
}

/** A certificate authority in a directory, made and used by `sssonector pki`. */
export class Authority {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(directory: string): Promise<Authority> {
    const authority = new Authority(directory);
    await authority.pki("init");
    return authority;
  }

  /** File of the secret that the servers of a cluster share. */
  get clusterSecret(): string {
    return path.join(this.directory, "cluster.key");
  }

  async pki(verb: string, ...args: string[]): Promise<string> {
    return await runToEnd([programPath("sssonector"), "pki", verb, "--dir", this.directory, ...args]);
  }

  async issue(role: "server" | "client", name: string, ...more: string[]): Promise<Credentials> {
    await this.pki("issue", "--role", role, "--name", name, ...more);
    return this.credentials(name);
  }

  credentials(name: string): Credentials {
    const file = (base: string): string => path.join(this.directory, base);
    return { cert: file(`${name}.crt`), key: file(`${name}.key`), ca: file("ca.crt") };
  }
}
