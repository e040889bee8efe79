import { type ChildProcess, spawn } from "node:child_process";

/** How a process ended: an exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Added to this process' environment. */
  env?: Record<string, string>;
  cwd?: string;
}

/** How long a line of output, or an end that is due, may take. */
const patienceMillis = 30_000;

/** A process that we started: its output is kept, its end can be awaited, and disposal ends it by its id. */
export class Running implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #child: ChildProcess;
  #ended = false;
  #stdout = "";
  #stderr = "";
  #watchers = new Set<() => void>();

  constructor(name: string, argv: readonly string[], options: StartOptions = {}) {
    const [program = "", ...rest] = argv;
    const child = spawn(program, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.name = name;
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#tellWatchers();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#tellWatchers();
    });
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        this.#ended = true;
        resolve(exit);
        this.#tellWatchers();
      };
      child.once("error", (error) => {
        this.#stderr += `${error.message}\n`;
        ended({ code: 127, signal: null });
      });
      child.once("close", (code, signal) => ended({ code, signal }));
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#ended) this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.signal(signal);
    return await this.exited;
  }

  /** For a process that is due to end by itself; rejects when it has not in half a minute. */
  async endsSoon(): Promise<Exit> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`${this.name} goes on\n${this.#stdout}${this.#stderr}`)),
      patienceMillis,
    );
    try {
      return await Promise.race([this.exited, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves with the first whole line on stdout that matches; rejects when none comes in time. */
  async line(pattern: RegExp): Promise<string> {
    return await this.#match(pattern, () => this.#stdout);
  }

  /** The same on stderr. */
  async complaint(pattern: RegExp): Promise<string> {
    return await this.#match(pattern, () => this.#stderr);
  }

  async #match(pattern: RegExp, text: () => string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const settle = (found: string | undefined, why: string): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        if (found !== undefined) resolve(found);
        else reject(new Error(`${this.name} ${why}: ${String(pattern)}\n${this.#stdout}${this.#stderr}`));
      };
      const look = (): void => {
        const whole = text().slice(0, text().lastIndexOf("\n") + 1);
        const found = whole.match(pattern)?.[0];
        if (found !== undefined || this.#ended) settle(found, "ended without a line like");
      };
      const timer = setTimeout(() => settle(undefined, "did not print in time"), patienceMillis);
      this.#watchers.add(look);
      look();
    });
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** TERM, and KILL when it has not ended after five seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.signal("SIGKILL"), 5000);
    await this.end("SIGTERM");
    clearTimeout(timer);
  }
}

/** Runs a program to its end; the result has its output. Throws with that output when it fails. */
export async function runToEnd(argv: readonly string[], options: StartOptions = {}): Promise<string> {
  const running = new Running(argv[0] ?? "", argv, options);
  const { code, signal } = await running.exited;
  if (code === 0) return running.stdout;
  throw new Error(`${argv.join(" ")}: ${signal ?? `exit ${String(code)}`}\n${running.stderr}${running.stdout}`);
}
