import { spawn } from "node:child_process";
import { programPath } from "./authority.ts";
import type { Exit } from "./running.ts";

/** Whether there is a terminal for a console, and a person at it. */
export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
}

/** `sssonector top` on this terminal, which shows one daemon and can't steer it. Disposal ends it. */
export class Console implements AsyncDisposable {
  readonly exited: Promise<Exit>;
  readonly #end: () => void;

  constructor(socket: string) {
    const child = spawn(programPath("sssonector"), ["top", "--read-only", "--socket", socket], { stdio: "inherit" });
    this.exited = new Promise((resolve) => {
      child.once("error", () => resolve({ code: 127, signal: null }));
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    this.#end = () => void child.kill("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.exited;
  }
}
