import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { applyWords, type Change, replaceWords, undoWords } from "../../src/daemon/tun/change.ts";
import { Journal } from "../../src/daemon/tun/journal.ts";

/** Kept, since Node reports a file that the collector closes; a killed process closes nothing. */
const opened: Journal[] = [];

async function openJournal(path: string): Promise<Journal> {
  const journal = await Journal.open(path);
  opened.push(journal);
  return journal;
}

const route: Change = { kind: "route", device: "tun0", prefix: "10.20.0.0/16" };
const guard: Change = { kind: "unreachable", prefix: "fd00:8::/48" };
const pin: Change = { kind: "pin", address: "203.0.113.7", device: "eth0", gateway: "192.0.2.1" };

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "journal-"));
  file = path.join(directory, "state", "host-tun0.journal");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("what is about to be done is in the file first, readable by the owner only", async () => {
  const journal = await openJournal(file);
  await journal.willDo([route, pin]);
  expect(
    readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([{ did: route }, { did: pin }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await journal.close();
});

test("a later process sees what is in force, in order", async () => {
  const journal = await openJournal(file);
  await journal.willDo([route, guard, pin]);
  await journal.undid([guard]);
  await journal.close();
  const next = await openJournal(file);
  expect(next.changes()).toEqual([route, pin]);
  await next.undid([route, pin]);
  await next.close();
  expect(existsSync(file)).toBe(false);
});

test("a torn last line, and lines that are no change of ours, are passed over", async () => {
  const journal = await openJournal(file);
  await journal.willDo([route]);
  await journal.close();
  const bad = [
    '{"did":{"kind":"route","device":"tun0","prefix":"10.0.0.0/8 dev eth0"}}',
    '{"did":{"kind":"route","device":"-batch x","prefix":"10.0.0.0/8"}}',
    '{"did":{"kind":"pin","address":"-force","device":"eth0"}}',
    '{"did":{"kind":"shell","prefix":"10.0.0.0/8"}}',
    "null",
    '{"did":{"kind":"pin","addr',
  ];
  appendFileSync(file, bad.join("\n"));
  const next = await openJournal(file);
  expect(next.changes()).toEqual([route]);
  await next.close();
});

test("the file does not grow without bound", async () => {
  const journal = await openJournal(file);
  await journal.willDo([route]);
  for (let round = 0; round < 400; round++) {
    await journal.willDo([pin]);
    await journal.undid([pin]);
  }
  expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(300);
  await journal.close();
  expect((await openJournal(file)).changes()).toEqual([route]);
});

test("a state directory that can't be written is a named error", async () => {
  writeFileSync(path.join(directory, "state"), "a file");
  await expect(Journal.open(file)).rejects.toMatchObject({ code: "host_journal" });
});

test("any file can be read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ size: "medium" }), fc.json()), async (text) => {
      const odd = path.join(directory, "odd");
      writeFileSync(odd, text);
      const journal = await openJournal(odd);
      expect(journal.changes()).toEqual([]);
      await journal.close();
    }),
    { numRuns: 50 },
  );
});

test("changes become the words of ip, routes marked as ours", () => {
  expect(applyWords({ kind: "address", device: "tun0", address: "fd00::1/64" })).toEqual(
    "address add fd00::1/64 dev tun0 nodad".split(" "),
  );
  expect(applyWords(route)).toEqual("route add 10.20.0.0/16 dev tun0 proto 151".split(" "));
  expect(undoWords(guard)).toEqual("route del unreachable fd00:8::/48 metric 4278198272 proto 151".split(" "));
  expect(undoWords(pin)).toEqual("route del 203.0.113.7 via 192.0.2.1 dev eth0 proto 151".split(" "));
  expect(replaceWords({ kind: "pin", address: "203.0.113.7", device: "eth0", gateway: "fe80::1" })).toEqual(
    "route replace 203.0.113.7 via inet6 fe80::1 dev eth0 proto 151".split(" "),
  );
});
