import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Namespace } from "../../src/cli/demo/namespace.ts";

/** The generator of sessions-process.ts in a namespace; commands in, answers out, one at a time. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: ReturnType<typeof spawn>;
  readonly #exited: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;

  /** `nice`: how far it gives way to others, 0 to 19. */
  constructor(namespace: Namespace, args: readonly string[], nice = 0) {
    const script = fileURLToPath(new URL("sessions-process.ts", import.meta.url));
    const argv = ["netns", "exec", namespace.name, "nice", "-n", String(nice), process.execPath, script, ...args];
    this.#child = spawn("ip", argv, { stdio: ["pipe", "pipe", "inherit"] });
    this.#exited = once(this.#child, "exit");
    const lines: Interface = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async ask<Answer>(command: object): Promise<Answer> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the load generator ended");
    return JSON.parse(value) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
  }
}
