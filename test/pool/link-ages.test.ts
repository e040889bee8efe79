import { expect, it } from "vitest";
import type { ConnectionState } from "../../src/shared/control/snapshot.ts";
import { LinkAges } from "../../src/daemon/pool/link-ages.ts";
import type { LinkRecord } from "../../src/daemon/pool/link-book.ts";

function record(link: number, since: number, state: ConnectionState = "active"): LinkRecord {
  return {
    link,
    slot: 0,
    identity: "ann",
    session: "",
    backend: "eu-1",
    remote: "",
    inner: [],
    index: 0,
    server: undefined,
    state,
    drainingSince: undefined,
    since,
  };
}

it("names each active link once, when it is between 90 and 100 percent of the age, and not all at once", () => {
  const ages = new LinkAges();
  const links = Array.from({ length: 50 }, (_, link) => record(link, 0));
  links.push(record(90, 0, "draining"), record(91, 500));
  const at = (now: number): number => ages.due(links, 1000, now).length;
  expect(at(899)).toBe(0);
  const counts = Array.from({ length: 10 }, (_, step) => at(910 + 10 * step));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50);
  expect(Math.max(...counts)).toBeLessThan(15);
  expect(at(1399)).toBe(0);
  expect(at(1500)).toBe(1);
});
