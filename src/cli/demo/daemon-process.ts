import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Connection, DaemonEvent, Session, Status } from "../../shared/control/snapshot.ts";
import { programPath } from "./authority.ts";
import type { Namespace } from "./namespace.ts";
import { type Exit, Running } from "./running.ts";

/** What `ctl` printed and how it ended. */
export interface CtlResult extends Exit {
  stdout: string;
  stderr: string;
}

/** Blocks of a daemon's config by name. */
export type ConfigBlocks = Record<string, Record<string, unknown> | List>;

/** `base` with the keys of `more` over its own, block by block. */
export function merged(base: ConfigBlocks, more: ConfigBlocks): ConfigBlocks {
  const names = [...new Set([...Object.keys(base), ...Object.keys(more)])];
  return Object.fromEntries(names.map((name) => [name, joined(base[name], more[name])]));
}

type List = readonly Record<string, unknown>[];

function isList(block: ConfigBlocks[string] | undefined): block is List {
  return Array.isArray(block);
}

/** A list replaces another. */
function joined(base: ConfigBlocks[string] | undefined, more: ConfigBlocks[string] | undefined): ConfigBlocks[string] {
  if (isList(more)) return more;
  return isList(base) ? (more ?? base) : { ...base, ...more };
}

/** One daemon with its own directory (config, state, run) in a namespace; it can be started again after its end. */
export class DaemonProcess implements AsyncDisposable {
  readonly name: string;
  readonly namespace: Namespace;
  readonly directory: string;
  readonly configFile: string;
  readonly socket: string;
  #running: Running | undefined;
  #disposed = false;
  #config: ConfigBlocks = {};

  constructor(name: string, namespace: Namespace, directory: string) {
    this.name = name;
    this.namespace = namespace;
    this.directory = path.join(directory, `daemon-${name}`);
    this.configFile = path.join(this.directory, `${name}.yaml`);
    this.socket = path.join(this.directory, "run", `${name}.sock`);
  }

  /** The process of the current run. */
  get process(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} was not started`);
    return this.#running;
  }

  /** Writes the config: JSON, which is YAML as well. */
  async configure(config: ConfigBlocks): Promise<void> {
    this.#config = config;
    for (const folder of ["run", "state"])
      await mkdir(path.join(this.directory, folder), { recursive: true, mode: 0o750 });
    await writeFile(this.configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  }

  /** Changes some blocks of the config; that counts from the next start or reload. */
  async reconfigure(blocks: ConfigBlocks): Promise<void> {
    await this.configure(merged(this.#config, blocks));
  }

  /** Starts it; `wrapper` is a program that turns into the daemon. */
  start(wrapper: readonly string[] = []): Running {
    if (this.#disposed) throw new Error(`${this.name} is put away`);
    this.#running = this.namespace.start(
      this.name,
      [...wrapper, programPath("sssonectord"), "--config", this.configFile],
      {
        env: {
          STATE_DIRECTORY: path.join(this.directory, "state"),
          RUNTIME_DIRECTORY: path.join(this.directory, "run"),
        },
      },
    );
    return this.#running;
  }

  /** Waits until the daemon says `ready` (a client: until a link is up). */
  async ready(timeoutSeconds = 20): Promise<void> {
    const waiting = this.#startCtl("wait", "--for", "ready", "--timeout", `${timeoutSeconds}s`);
    const ended = this.process.exited.then(async () => await waiting.end("SIGTERM"));
    const { code } = await Promise.race([waiting.exited, ended]);
    if (code !== 0) throw new Error(`${this.name} is not ready: ${waiting.stderr}\n${this.log()}`);
  }

  /** Output of the current run. */
  log(): string {
    return `${this.process.stdout}${this.process.stderr}`;
  }

  /** Runs one verb of `sssonector ctl` against this daemon. */
  async ctl(...args: string[]): Promise<CtlResult> {
    const running = this.#startCtl(...args);
    const exit = await running.exited;
    return { ...exit, stdout: running.stdout, stderr: running.stderr };
  }

  #startCtl(...args: string[]): Running {
    return new Running("ctl", [programPath("sssonector"), "ctl", "--socket", this.socket, ...args]);
  }

  async #json<T>(verb: string): Promise<T> {
    const { code, stdout, stderr } = await this.ctl("--json", verb);
    if (code !== 0) throw new Error(`ctl ${verb} on ${this.name}: exit ${String(code)}\n${stderr}${stdout}`);
    return JSON.parse(stdout) as T;
  }

  async status(): Promise<Status> {
    return await this.#json<Status>("status");
  }

  async connections(): Promise<Connection[]> {
    return (await this.#json<{ connections: Connection[] }>("connections")).connections;
  }

  async sessions(): Promise<Session[]> {
    return (await this.#json<{ sessions: Session[] }>("sessions")).sessions;
  }

  /** Events from `since` (milliseconds since the epoch) on. */
  async events(since = 0): Promise<DaemonEvent[]> {
    const { events } = await this.#json<{ events: DaemonEvent[] }>("events");
    return events.filter(({ time_ms }) => time_ms >= since);
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    return await this.process.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#running?.[Symbol.asyncDispose]();
  }
}
