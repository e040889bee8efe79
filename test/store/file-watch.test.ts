import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileWatch } from "../../src/daemon/store/file-watch.ts";
import { FakeClock } from "../fakes/clock.ts";

let directory: string;
let clock: FakeClock;
let changes: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "watch-"));
  clock = new FakeClock();
  changes = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

function watch(...names: string[]): FileWatch {
  const paths = names.map((name) => join(directory, name));
  return new FileWatch({ clock, paths: () => paths, changed: () => (changes += 1) });
}

describe("a watch of files", () => {
  it("tells a change once, when the files have kept still for a second", () => {
    writeFileSync(join(directory, "a"), "1");
    watch("a");
    clock.advance(5000);
    expect(changes).toBe(0);
    for (const text of ["22", "333", "4444"]) {
      writeFileSync(join(directory, "a"), text);
      clock.advance(1000);
    }
    expect(changes).toBe(0);
    clock.advance(1000);
    expect(changes).toBe(1);
    clock.advance(10_000);
    expect(changes).toBe(1);
  });

  it("sees renames over a file, files that come and go, and a directory of links that is swapped", () => {
    mkdirSync(join(directory, "v1"));
    mkdirSync(join(directory, "v2"));
    for (const version of ["v1", "v2"]) writeFileSync(join(directory, version, "a"), version);
    symlinkSync("v1", join(directory, "live"));
    watch("live/a", "b");
    symlinkSync("v2", join(directory, "next"));
    renameSync(join(directory, "next"), join(directory, "live"));
    clock.advance(2000);
    expect(changes).toBe(1);
    writeFileSync(join(directory, "b.new"), "b");
    renameSync(join(directory, "b.new"), join(directory, "b"));
    clock.advance(2000);
    expect(changes).toBe(2);
    rmSync(join(directory, "b"));
    clock.advance(2000);
    expect(changes).toBe(3);
  });

  it("does not tell what was read by other means, nor anything once it is closed", () => {
    writeFileSync(join(directory, "a"), "1");
    const files = watch("a");
    writeFileSync(join(directory, "a"), "22");
    files.seen();
    clock.advance(5000);
    expect(changes).toBe(0);
    files.close();
    writeFileSync(join(directory, "a"), "333");
    clock.advance(5000);
    expect(changes).toBe(0);
  });

  it("takes a file that can't be looked at for another content", () => {
    let fails = false;
    const signature = (): string => {
      if (fails) throw new Error("EACCES");
      return "1";
    };
    const files = new FileWatch({ clock, paths: () => ["/x"], changed: () => (changes += 1), signature });
    fails = true;
    clock.advance(2000);
    files.close();
    expect(changes).toBe(1);
  });
});
