import { expect, it } from "vitest";
import { mostRecords, Wear } from "../../src/daemon/link/wear.ts";

const kib = 1024;

it("is due once when either direction has carried its bytes", () => {
  for (const direction of ["sent", "received"] as const) {
    const wear = new Wear({ bytes: 100 * kib, records: mostRecords });
    wear[direction](99 * kib);
    expect(wear.due()).toBe(false);
    wear[direction](kib);
    expect([wear.due(), wear.due()]).toEqual([true, false]);
  }
});

it("is due when either direction has had its records, of which a write makes at least one and one in 16 KiB", () => {
  const sent = new Wear({ bytes: Number.MAX_SAFE_INTEGER, records: 10 });
  for (const bytes of [1, 16 * kib - 1, 16 * kib, 64 * kib]) sent.sent(bytes);
  expect(sent.due()).toBe(false);
  sent.sent(1);
  expect(sent.due()).toBe(true);
  const received = new Wear({ bytes: Number.MAX_SAFE_INTEGER, records: 3 });
  for (const times of [1, 2]) received.received(times);
  expect(received.due()).toBe(false);
  received.received(1);
  expect(received.due()).toBe(true);
});
