import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Sink } from "../../src/daemon/logs/sink.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sink-"));
  path = join(directory, "log", "daemon.log");
});

afterEach(() => rmSync(directory, { recursive: true }));

const lines = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);

describe("a file", () => {
  it("is made with its directory and appended to", () => {
    const first = new Sink({ kind: "file", path });
    first.write("one\n");
    first.close();
    const second = new Sink({ kind: "file", path });
    second.write("two\n");
    second.close();
    expect(lines(path)).toEqual(["one", "two"]);
    expect([first.written, first.lost, second.written]).toEqual([1, 0, 1]);
  });

  it("that logrotate moved is followed by a new one, and no line is lost", () => {
    const sink = new Sink({ kind: "file", path });
    sink.write("before\n");
    renameSync(path, `${path}.1`);
    sink.write("between\n");
    // As logrotate's `create` does.
    writeFileSync(path, "", { mode: 0o640 });
    sink.write("still between\n");
    sink.check();
    sink.write("after\n");
    sink.close();
    expect(lines(`${path}.1`)).toEqual(["before", "between", "still between"]);
    expect(lines(path)).toEqual(["after"]);
    expect(sink.lost).toBe(0);
  });

  it("that was removed is made again at once on reopen", () => {
    const sink = new Sink({ kind: "file", path });
    rmSync(path);
    sink.reopen();
    sink.write("after\n");
    expect(lines(path)).toEqual(["after"]);
    sink.close();
  });

  it("that can't be opened loses lines, counts them, and is tried again", () => {
    writeFileSync(join(directory, "log"), "a file where a directory should be");
    const sink = new Sink({ kind: "file", path });
    sink.write("lost\n");
    sink.check();
    sink.write("lost too\n");
    expect(sink.lost).toBe(2);
    rmSync(join(directory, "log"));
    sink.check();
    sink.write("there\n");
    expect(lines(path)).toEqual(["there"]);
    expect([sink.written, sink.lost]).toEqual([1, 2]);
    sink.close();
  });

  it("that was moved where no new one can be made is written on", () => {
    const sink = new Sink({ kind: "file", path });
    renameSync(join(directory, "log"), join(directory, "old"));
    writeFileSync(join(directory, "log"), "");
    sink.check();
    sink.write("kept\n");
    expect(lines(join(directory, "old", "daemon.log"))).toEqual(["kept"]);
    expect(sink.lost).toBe(0);
    sink.close();
  });
});

describe.skipIf(!existsSync("/dev/full"))("a full disk", () => {
  it("loses lines, counts them and throws nothing", () => {
    const sink = new Sink({ kind: "file", path: "/dev/full" });
    for (let n = 0; n < 10; n++) sink.write("line\n");
    expect([sink.written, sink.lost]).toEqual([0, 10]);
    expect(sink.error).toContain("ENOSPC");
    sink.close();
  });
});

describe("a pipe whose reader is behind", () => {
  it("gets every line once it reads, whole and in order; what is too much is counted", () => {
    const fifo = join(directory, "fifo");
    process.getBuiltinModule("child_process").execFileSync("mkfifo", [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = new Sink({ kind: "file", path: fifo });
    const text = "x".repeat(1000);
    for (let n = 0; n < 1000; n++) sink.write(`${n} ${text}\n`);
    expect(sink.lost).toBeGreaterThan(0);
    let read = "";
    const room = Buffer.alloc(65_536);
    const take = (): void => {
      try {
        for (;;) {
          const size = readSync(reader, room);
          if (size === 0) return;
          read += room.toString("utf8", 0, size);
        }
      } catch {
        // Nothing there now.
      }
    };
    for (let n = 0; n < 20; n++) {
      take();
      sink.check();
    }
    take();
    const got = read.trimEnd().split("\n");
    expect(got.every((line, at) => line === `${at} ${text}`)).toBe(true);
    expect(got.length).toBe(sink.written);
    expect(sink.written + sink.lost).toBe(1000);
    sink.close();
    closeSync(reader);
  });

  it("and one that nobody reads at all does not stop the daemon", () => {
    const fifo = join(directory, "fifo");
    process.getBuiltinModule("child_process").execFileSync("mkfifo", [fifo]);
    const sink = new Sink({ kind: "file", path: fifo });
    sink.write("lost\n");
    expect(sink.lost).toBe(1);
    sink.close();
  });
});
