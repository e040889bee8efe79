import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal, writeAtomically } from "../../src/daemon/store/journal.ts";

interface Row {
  readonly n: number;
}

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(directory, "state", "rows");
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(): { journal: Journal<Row>; rows: number[] } {
  const rows: number[] = [];
  const journal = Journal.open<Row>(path, ({ n }) => rows.push(n));
  return { journal, rows };
}

function rowsThere(): number[] {
  const { journal, rows } = open();
  journal.close();
  return rows;
}

describe("Journal", () => {
  it("makes a private file in a private directory", () => {
    expect(open().rows).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "state")).mode & 0o777).toBe(0o700);
  });

  it("has each record as soon as append returns", () => {
    const { journal } = open();
    for (const n of [1, 2, 3]) {
      journal.append({ n });
      expect(readFileSync(path, "utf8").split("\n")).toHaveLength(n + 1);
    }
    expect(journal.length).toBe(3);
    expect(rowsThere()).toEqual([1, 2, 3]);
    journal.close();
  });

  it("passes over what is not a record, and counts only what it read", () => {
    open().journal.append({ n: 1 });
    appendFileSync(path, '\nnull\n5\n"x"\n{"n":2}\n{"n":');
    const { journal, rows } = open();
    expect(rows).toEqual([1, 2]);
    expect(journal.length).toBe(2);
    journal.append({ n: 3 });
    journal.close();
    expect(rowsThere()).toEqual([1, 2, 3]);
  });

  it("goes on after any cut", () => {
    const { journal } = open();
    for (const n of [10, 20, 30]) journal.append({ n });
    journal.close();
    const whole = readFileSync(path);
    for (let end = 0; end <= whole.length; end++) {
      writeFileSync(path, whole.subarray(0, end));
      const reopened = open();
      const kept = [10, 20, 30].slice(0, reopened.rows.length);
      expect(reopened.rows).toEqual(kept);
      expect(kept.length).toBeGreaterThanOrEqual(Math.floor(end / 9));
      reopened.journal.append({ n: 40 });
      reopened.journal.close();
      expect(rowsThere()).toEqual([...kept, 40]);
    }
  });

  it("replaces everything by rewrite, and goes on in the new file", () => {
    const { journal } = open();
    for (let n = 0; n < 50; n++) journal.append({ n });
    journal.rewrite([{ n: 7 }, { n: 8 }]);
    expect(journal.length).toBe(2);
    journal.append({ n: 9 });
    expect(rowsThere()).toEqual([7, 8, 9]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    journal.close();
    expect(readdirSync(join(directory, "state"))).toEqual(["rows"]);
  });
});

describe("writeAtomically", () => {
  it("leaves the old text where the new one can't be written", () => {
    const target = join(directory, "file");
    writeAtomically(target, "old");
    expect(statSync(target).mode & 0o777).toBe(0o600);
    // A directory in the place of the temporary file.
    rmSync(`${target}.new`, { force: true });
    writeAtomically(join(`${target}.new`, "x"), "");
    expect(() => writeAtomically(target, "new")).toThrow("EISDIR");
    expect(readFileSync(target, "utf8")).toBe("old");
  });
});
