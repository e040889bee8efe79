import { expect, it } from "vitest";
import { Talkers } from "../../src/daemon/monitor/talkers.ts";

it("sums links of an identity, says the last second's rate, and forgets after a minute", () => {
  const talkers = new Talkers();
  talkers.moved("ann", 100, 10);
  talkers.moved("ann", 50, 0);
  talkers.moved("ben", 0, 500);
  talkers.tick();
  talkers.sampled([{ address: "10.20.0.5", rx: 1, tx: 2 }]);
  talkers.moved("ann", 1000, 0);
  talkers.moved("ben", 0, 0);
  talkers.tick();
  expect(talkers.top).toEqual({
    window_seconds: 60,
    identities: [
      { name: "ann", rx_bytes: 1150, tx_bytes: 10, rx_bps: 8000, tx_bps: 0 },
      { name: "ben", rx_bytes: 0, tx_bytes: 500, rx_bps: 0, tx_bps: 0 },
    ],
    destinations: [{ name: "10.20.0.5", rx_bytes: 1, tx_bytes: 2, rx_bps: 8, tx_bps: 16 }],
  });
  for (let second = 0; second < 60; second++) talkers.tick();
  expect(talkers.top).toMatchObject({ identities: [], destinations: [] });
});

it("shows the heaviest twenty", () => {
  const talkers = new Talkers();
  for (let at = 0; at < 500; at += 1) talkers.moved(`c${at}`, at, 0);
  talkers.tick();
  expect(talkers.top.identities).toHaveLength(20);
  expect(talkers.top.identities[0]?.name).toBe("c499");
});
