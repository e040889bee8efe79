import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Running } from "../../../src/cli/demo/running.ts";
import { ControlClient } from "./client.ts";

/** Prefix of the directories of control sockets; each is removed with its process. */
export const directoryPrefix: string = `test-rig-${process.pid}-`;

/** An emulator or a proxy in a process of its own; disposal ends it and removes its control socket. */
export class ControlledProcess<Command, Result> implements AsyncDisposable {
  readonly #running: Running;
  readonly #client: ControlClient<Command, Result>;
  readonly #resources: AsyncDisposableStack;

  private constructor(running: Running, client: ControlClient<Command, Result>, resources: AsyncDisposableStack) {
    this.#running = running;
    this.#client = client;
    this.#resources = resources;
  }

  /** Starts a program of this folder by `start`, with the options and the path of its control socket. */
  static async start<Command, Result>(
    start: (argv: readonly string[]) => Running,
    program: URL,
    options: object,
  ): Promise<ControlledProcess<Command, Result>> {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(path.join(tmpdir(), directoryPrefix));
    resources.defer(async () => await rm(directory, { recursive: true }));
    const control = path.join(directory, "control.sock");
    const running = start([process.execPath, fileURLToPath(program), JSON.stringify({ ...options, control })]);
    resources.use(running);
    await running.line(/^listening$/m);
    const client = resources.use(await ControlClient.connect<Command, Result>(control));
    return new ControlledProcess(running, client, resources.move());
  }

  /** Sends one command; rejects when it was refused. */
  async send(command: Command): Promise<Result> {
    return await this.#client.send(command);
  }

  /** Ends the process; the result is its last report. */
  async end(): Promise<Result> {
    await this.#running.end("SIGTERM");
    await this[Symbol.asyncDispose]();
    return JSON.parse(this.#running.stdout.trimEnd().split("\n").at(-1) ?? "") as Result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
