import xterm from "@xterm/headless";
import { EventEmitter } from "node:events";
import type { ReadStream, WriteStream } from "node:tty";

/** A terminal that remembers what it shows: the console's stdin and stdout, read back through xterm. */
export class FakeTerminal {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly screen: xterm.Terminal;
  raw = false;
  #input: string[] = [];
  #in = new EventEmitter();
  #out = new EventEmitter();
  #columns: number;
  #rows: number;
  #pending = 0;
  #watchers: (() => void)[] = [];

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 100 });
    this.stdin = this.#makeStdin();
    this.stdout = this.#makeStdout();
  }

  /** Bytes from the keyboard, in one read. */
  type(text: string): void {
    this.#input.push(text);
    this.#in.emit("readable");
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.screen.resize(columns, rows);
    this.#out.emit("resize");
  }

  /** The lines on the screen. */
  get lines(): string[] {
    const { active } = this.screen.buffer;
    return Array.from({ length: this.screen.rows }, (_, row) => {
      const line = active.getLine(active.baseY + row);
      return line?.translateToString(false).padEnd(this.screen.cols) ?? "";
    });
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** Resolves when the screen shows what `wanted` looks for. */
  async until(wanted: (text: string) => boolean): Promise<void> {
    while (!wanted(this.text)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watchers.push(resolve);
      await promise;
    }
  }

  #makeStdin(): ReadStream {
    const input = {
      isTTY: true,
      setEncoding: () => input,
      setRawMode: (raw: boolean) => {
        this.raw = raw;
        return input;
      },
      read: () => this.#input.shift() ?? null,
      ref: () => input,
      unref: () => input,
    };
    return Object.assign(this.#in, input) as unknown as ReadStream;
  }

  #makeStdout(): WriteStream {
    const write = (chunk: string, ...rest: unknown[]): boolean => {
      const done = rest.find((value) => typeof value === "function");
      this.#pending++;
      // As the line discipline of a terminal in raw mode does for output (ONLCR).
      this.screen.write(chunk.replaceAll(/\r?\n/g, "\r\n"), () => {
        this.#pending--;
        if (done !== undefined) (done as () => void)();
        if (this.#pending === 0) for (const watcher of this.#watchers.splice(0)) watcher();
      });
      return true;
    };
    const output = Object.assign(this.#out, { isTTY: true, writable: true, write });
    Object.defineProperty(output, "columns", { get: () => this.#columns });
    Object.defineProperty(output, "rows", { get: () => this.#rows });
    return output as unknown as WriteStream;
  }
}
