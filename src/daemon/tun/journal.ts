import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { SssonectorError } from "../../shared/errors.ts";
import { type Change, changeKey, changeSchema } from "./change.ts";

/** Lines beyond what is in force, after which the file is written anew. */
const mostStaleLines = 256;

/**
 * Changes to the host that are in force, on disk before they are made, so that the next start can undo what a killed
 * process left. A line is `{"did": Change}` or `{"undid": Change}`; a torn last line was never acted upon.
 */
export class Journal {
  readonly #file: string;
  readonly #changes: Map<string, Change>;
  #handle: FileHandle | undefined;
  #lines = 0;

  private constructor(file: string, changes: Map<string, Change>) {
    this.#file = file;
    this.#changes = changes;
  }

  /** Reads what an earlier process left in `file`; no file is an empty journal. Error: host_journal. */
  static async open(file: string): Promise<Journal> {
    const journal = new Journal(file, await readChanges(file));
    await journal.#guard(() => journal.#rewrite());
    return journal;
  }

  /** In the order in which they were made. */
  changes(): Change[] {
    return [...this.#changes.values()];
  }

  /** Resolves when the changes about to be made are on disk. */
  async willDo(changes: readonly Change[]): Promise<void> {
    await this.#append(changes.map((change) => ({ did: change })));
    for (const change of changes) this.#changes.set(changeKey(change), change);
  }

  /** For changes that were taken back, or that were not made after all. */
  async undid(changes: readonly Change[]): Promise<void> {
    for (const change of changes) this.#changes.delete(changeKey(change));
    await this.#append(changes.map((change) => ({ undid: change })));
  }

  /** Closes the file, and removes it when nothing is in force. */
  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    if (this.#changes.size === 0) await rm(this.#file, { force: true });
  }

  async #append(lines: readonly object[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#guard(async () => {
      if (this.#handle === undefined || this.#lines > this.#changes.size + mostStaleLines) await this.#rewrite();
      await this.#handle?.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await this.#handle?.datasync();
      this.#lines += lines.length;
    });
  }

  /** Puts a file in place that has only what is in force. */
  async #rewrite(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    const next = `${this.#file}.new`;
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o750 });
    const handle = await open(next, "w", 0o600);
    await handle.appendFile(
      this.changes()
        .map((change) => `${JSON.stringify({ did: change })}\n`)
        .join(""),
    );
    await handle.datasync();
    await rename(next, this.#file);
    await syncDirectory(path.dirname(this.#file));
    this.#handle = handle;
    this.#lines = this.#changes.size;
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SssonectorError("host_journal", `${this.#file}: ${reason}`, { cause: error });
    }
  }
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

async function readChanges(file: string): Promise<Map<string, Change>> {
  const changes = new Map<string, Change>();
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new SssonectorError("host_journal", `${file}: ${error.message}`, { cause: error });
  });
  for (const line of text.split("\n")) {
    const record = parseLine(line);
    if (record?.did !== undefined) changes.set(changeKey(record.did), record.did);
    if (record?.undid !== undefined) changes.delete(changeKey(record.undid));
  }
  return changes;
}

function parseLine(line: string): { did?: Change; undid?: Change } | undefined {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record !== "object" || record === null) return undefined;
    if ("did" in record) return { did: changeSchema.parse(record.did) };
    return "undid" in record ? { undid: changeSchema.parse(record.undid) } : undefined;
  } catch {
    return undefined;
  }
}
