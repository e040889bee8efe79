import { closeSync, constants, fstatSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export type SinkTarget =
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "file"; readonly path: string };

/** Bytes that wait for a pipe whose reader is behind; what comes on top is lost. */
const backlogBytes = 256 * 1024;
// Without blocking: a FIFO that nobody reads must not stop the daemon.
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const fileMode = 0o640;
const directoryMode = 0o750;

type Put = { readonly kind: "done" | "failed" } | { readonly kind: "later"; readonly rest: Buffer };

/**
 * Where log lines go. A line that can't be written is counted and dropped, and the daemon goes on; a file is opened again
 * when somebody moved or removed it, so that logrotate needs neither copytruncate nor a signal.
 */
export class Sink {
  readonly #target: SinkTarget;
  #fd: number | undefined;
  #backlog: Buffer[] = [];
  #waiting = 0;
  /** The last line was written in part. */
  #torn = false;
  written = 0;
  lost = 0;
  /** Why the file could not be opened or the last lost line not be written. */
  error: string | undefined;

  constructor(target: SinkTarget) {
    this.#target = target;
    this.#fd = target.kind === "fd" ? target.fd : this.#open(target.path);
  }

  /** Takes one line with its line feed. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    this.#drain();
    if (this.#backlog.length > 0) return this.#keep(bytes);
    const put = this.#put(bytes);
    if (put.kind === "later") return this.#keep(put.rest);
    this.#count(put.kind);
  }

  /** To be called about once a second: what waits is tried again, and so is a file that could not be opened. */
  check(): void {
    if (this.#target.kind === "file" && !isAt(this.#fd, this.#target.path)) this.reopen();
    this.#drain();
  }

  /** Opens a file anew. */
  reopen(): void {
    if (this.#target.kind !== "file") return;
    const next = this.#open(this.#target.path);
    // One that was moved away is better than none.
    if (next === undefined && this.#fd !== undefined && stillThere(this.#fd)) return;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = next;
    this.#torn = false;
  }

  close(): void {
    this.#drain();
    this.lost += this.#backlog.length;
    if (this.#target.kind === "file" && this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #keep(bytes: Buffer): void {
    if (this.#waiting + bytes.length > backlogBytes) return this.#count("failed");
    this.#backlog.push(bytes);
    this.#waiting += bytes.length;
  }

  #drain(): void {
    for (let bytes = this.#backlog[0]; bytes !== undefined; bytes = this.#backlog[0]) {
      const put = this.#put(bytes);
      if (put.kind === "later") {
        this.#backlog[0] = put.rest;
        this.#waiting -= bytes.length - put.rest.length;
        return;
      }
      this.#backlog.shift();
      this.#waiting -= bytes.length;
      this.#count(put.kind);
    }
  }

  #open(path: string): number | undefined {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: directoryMode });
      return openSync(path, flags, fileMode);
    } catch (error) {
      this.error = messageOf(error);
      return undefined;
    }
  }

  #count(what: "done" | "failed"): void {
    if (what === "done") this.written += 1;
    else this.lost += 1;
  }

  #put(line: Buffer): Put {
    if (this.#fd === undefined) return { kind: "failed" };
    const bytes = this.#torn ? Buffer.concat([Buffer.from("\n"), line]) : line;
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
      this.#torn = false;
      return { kind: "done" };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
        if (at > 0) this.#torn = false;
        return { kind: "later", rest: at > 0 ? bytes.subarray(at) : line };
      }
      this.#torn ||= at > 0;
      this.error = messageOf(error);
      return { kind: "failed" };
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the path leads to the file that is open. */
function isAt(fd: number | undefined, path: string): boolean {
  if (fd === undefined) return false;
  try {
    const open = fstatSync(fd);
    const named = statSync(path);
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}

function stillThere(fd: number): boolean {
  return fstatSync(fd).nlink > 0;
}
