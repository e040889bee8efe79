import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newClusterKey } from "../../src/cli/pki/cluster-key.ts";
import { loadClusterSecret, parseClusterSecret } from "../../src/daemon/session/cluster-secret.ts";
import { SssonectorError } from "../../src/shared/errors.ts";
import { writeAtomically } from "../../src/daemon/store/journal.ts";

const one = `a1:${Buffer.alloc(32, 1).toString("base64")}`;
const two = `b2:${Buffer.alloc(32, 2).toString("base64")}`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cluster-secret-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SssonectorError && error.code === "cluster_secret") return error.message;
    throw error;
  }
  return "no failure";
}

describe("parseClusterSecret", () => {
  it("reads the keys in their order, whatever line ends and empty lines there are", () => {
    const keys = [
      { id: "a1", secret: Buffer.alloc(32, 1) },
      { id: "b2", secret: Buffer.alloc(32, 2) },
    ];
    expect(parseClusterSecret(`${one}\n${two}\n`, "f")).toEqual(keys);
    expect(parseClusterSecret(`\n  ${one}\r\n\r\n${two}`, "f")).toEqual(keys);
  });

  it("reads what pki writes", () => {
    expect(parseClusterSecret(newClusterKey(), "f")).toHaveLength(1);
  });

  it("says where a line is wrong, empty ones counted", () => {
    const bad = [
      "a1",
      "a1:",
      `:${one.slice(3)}`,
      "a1:AAAA",
      `${one}=`,
      `a_1${one.slice(2)}`,
      `${"a".repeat(17)}${one.slice(2)}`,
    ];
    for (const row of bad) {
      expect(failure(() => parseClusterSecret(`\n${one}\n\n${row}\n`, "F"))).toBe("F:4: not KEYID:BASE64 of 32 bytes");
    }
  });

  it("refuses a file without a key, and two keys of one name", () => {
    expect(failure(() => parseClusterSecret(" \n\n", "F"))).toBe("F: holds no key");
    expect(failure(() => parseClusterSecret(`${one}\na1${two.slice(2)}`, "F"))).toBe("F: two keys are called a1");
  });

  it("never takes a key that is not 32 bytes, and fails in no other way", () => {
    const row = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => `k:${Buffer.from(bytes).toString("base64")}`),
    );
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        let lengths: number[] = [];
        const problem = failure(
          () => (lengths = parseClusterSecret(rows.join("\n"), "F").map(({ secret }) => secret.length)),
        );
        if (problem === "no failure") expect(new Set(lengths)).toEqual(new Set([32]));
        else expect(problem).toMatch(/^F/);
      }),
    );
  });
});

const path = (): string => join(directory, "cluster.key");

describe("loadClusterSecret", () => {
  it("makes a private secret of its own at the first start, and finds it at the next", () => {
    const made = loadClusterSecret(undefined, path(), writeAtomically);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(loadClusterSecret(undefined, path(), () => expect.fail("made twice"))).toEqual(made);
    expect(parseClusterSecret(readFileSync(path(), "utf8"), "f")).toEqual(made);
  });

  it("does not make up a secret that was named", () => {
    const named = join(directory, "named.key");
    expect(failure(() => loadClusterSecret(named, path(), writeAtomically))).toBe(`${named} can't be read`);
  });

  it("refuses a secret that others can read", () => {
    writeFileSync(path(), `${one}\n`, { mode: 0o600 });
    expect(loadClusterSecret(path(), "", writeAtomically)).toHaveLength(1);
    chmodSync(path(), 0o640);
    expect(failure(() => loadClusterSecret(path(), "", writeAtomically))).toContain("has mode 0640");
  });
});
