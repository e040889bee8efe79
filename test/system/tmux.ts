import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

let terminals = 0;

/** A tmux server of its own with one window that runs a shell. */
export class Terminal {
  #name = `sssonector-top-${process.pid}-${++terminals}`;

  constructor(columns: number, rows: number) {
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "sh");
    this.#tmux("set", "-g", "default-terminal", "tmux-256color");
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-L", this.#name, ...args], { encoding: "utf8" });
  }

  type(...keys: string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  paste(text: string): void {
    this.#tmux("set-buffer", text);
    this.#tmux("paste-buffer", "-p");
  }

  resize(columns: number, rows: number): void {
    this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  get text(): string {
    return this.#tmux("capture-pane", "-p");
  }

  /** Whether the alternate screen is on, the cursor is shown, and in what state the line discipline is. */
  get modes(): { alternate: boolean; cursor: boolean; tty: string } {
    const [alternate, cursor, tty = ""] = this.#tmux("display", "-p", "#{alternate_on} #{cursor_flag} #{pane_tty}")
      .trim()
      .split(" ");
    return {
      alternate: alternate === "1",
      cursor: cursor === "1",
      tty: execFileSync("stty", ["-a", "-F", tty], { encoding: "utf8" }),
    };
  }

  /** The process that runs in the window's foreground. */
  foreground(): number {
    const shell = this.#tmux("display", "-p", "#{pane_pid}").trim();
    return Number(execFileSync("pgrep", ["-P", shell], { encoding: "utf8" }).trim());
  }

  /** A terminal tells nobody when it has drawn: it is looked at until it shows what is wanted. */
  async until(wanted: RegExp): Promise<string> {
    for (const end = Date.now() + 15_000; Date.now() < end; await delay(50)) {
      const { text } = this;
      if (wanted.test(text)) return text;
    }
    throw new Error(`not on the screen: ${wanted}\n${this.text}`);
  }

  close(): void {
    this.#tmux("kill-server");
  }
}
