import { expect, it } from "vitest";
import { connectionId, LinkBook, type LinkRecord, shortSession, timesOfEnd } from "../../src/daemon/pool/link-book.ts";

function record(link: number): LinkRecord {
  return {
    link,
    slot: undefined,
    identity: "ann",
    session: "",
    backend: "",
    remote: "",
    inner: [],
    index: undefined,
    drainingSince: undefined,
    server: undefined,
    state: "connecting",
    since: 0,
  };
}

it("finds links by number and by public id, until they are removed", () => {
  const book = new LinkBook();
  const [one, two] = [book.add(record(1)), book.add(record(12))];
  expect(connectionId(12)).toBe("c12");
  expect(book.byConnectionId("c12")).toBe(two);
  for (const wrong of ["12", "c", "c1x", "C1", "c2", ""]) expect(book.byConnectionId(wrong)).toBeUndefined();
  expect([...book]).toEqual([one, two]);
  expect(book.remove(1)).toBe(one);
  expect(book.remove(1)).toBeUndefined();
  expect([book.get(1), book.byConnectionId("c1"), book.size]).toEqual([undefined, undefined, 1]);
  expect(shortSession("0123456789abcdef0123456789abcdef")).toBe("0123456789ab");
});

it("knows how long a link lived, and how long it drained, from the first time that it was told to", () => {
  const book = new LinkBook();
  const link = book.add(record(1));
  expect(timesOfEnd(link, 4600)).toEqual({ lived_seconds: 5 });
  expect(book.drain(1, 4000)).toBe(link);
  book.drain(1, 4500);
  expect(link.state).toBe("draining");
  expect(timesOfEnd(link, 4600)).toEqual({ lived_seconds: 5, drained_ms: 600 });
  expect(book.drain(2, 4000)).toBeUndefined();
});

it("gives the lowest place that no link has", () => {
  const book = new LinkBook();
  expect(book.freeIndex()).toBe(0);
  for (const [link, index] of [0, 1, 3].entries()) book.add({ ...record(link), index });
  expect(book.freeIndex()).toBe(2);
  book.remove(0);
  expect(book.freeIndex()).toBe(0);
});
