import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Records of one kind in a file, one JSON object a line, appended by one write each: what a process wrote is there
 * after kill -9. A line that was cut by a power loss or a full disk is passed over.
 */
export class Journal<T extends object> {
  readonly #path: string;
  #fd: number;
  /** Records in the file. */
  #length: number;
  /** The file may end in the middle of a line, to which nothing may be joined. */
  #torn: boolean;

  private constructor(path: string, length: number, torn: boolean) {
    this.#path = path;
    this.#length = length;
    this.#torn = torn;
    this.#fd = openSync(path, "a", 0o600);
  }

  /** Opens or makes the file; `read` is called with each record that is in it. */
  static open<T extends object>(path: string, read: (record: T) => void): Journal<T> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    let length = 0;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    for (const line of text.split("\n")) {
      const record = parse(line);
      if (record === undefined) continue;
      length += 1;
      read(record as T);
    }
    return new Journal<T>(path, length, text !== "" && !text.endsWith("\n"));
  }

  get length(): number {
    return this.#length;
  }

  append(record: T): void {
    const line = `${this.#torn ? "\n" : ""}${JSON.stringify(record)}\n`;
    this.#torn = true;
    writeFileSync(this.#fd, line);
    this.#torn = false;
    this.#length += 1;
  }

  /** Replaces everything by `records`, atomically. */
  rewrite(records: readonly T[]): void {
    writeAtomically(this.#path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, "a", 0o600);
    this.#length = records.length;
    this.#torn = false;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Writes a private file so that it is there whole or not at all, also after a power loss. */
export function writeAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

function parse(line: string): object | undefined {
  try {
    const record: unknown = line === "" ? undefined : JSON.parse(line);
    return typeof record === "object" && record !== null ? record : undefined;
  } catch {
    return undefined;
  }
}
