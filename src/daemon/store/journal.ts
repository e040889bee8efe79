import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Records of one kind in a file, one JSON object a line, appended by one write each: what a process wrote is there
 * after kill -9. A line that was cut by a power loss is passed over.
 */
export class Journal<T> {
  readonly #path: string;
  #fd: number;
  /** Records in the file. */
  #length: number;

  private constructor(path: string, length: number) {
    this.#path = path;
    this.#length = length;
    this.#fd = openSync(path, "a", 0o600);
  }

  /** Opens or makes the file; `read` is called with each record that is in it. */
  static open<T>(path: string, read: (record: T) => void): Journal<T> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    let length = 0;
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    for (const line of lines) {
      const record = parse<T>(line);
      if (record === undefined) continue;
      length += 1;
      read(record);
    }
    return new Journal<T>(path, length);
  }

  get length(): number {
    return this.#length;
  }

  append(record: T): void {
    writeSync(this.#fd, `${JSON.stringify(record)}\n`);
    this.#length += 1;
  }

  /** Replaces everything by `records`, atomically. */
  rewrite(records: readonly T[]): void {
    writeAtomically(this.#path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, "a", 0o600);
    this.#length = records.length;
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
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, path);
}

function parse<T>(line: string): T | undefined {
  try {
    return line === "" ? undefined : (JSON.parse(line) as T);
  } catch {
    return undefined;
  }
}
