import { expect, it } from "vitest";
import { Talkers } from "../../src/daemon/monitor/talkers.ts";

it("sums links of an identity, says the last second's rate, and forgets after a minute", () => {
  const talkers = new Talkers();
  talkers.tick([
    { link: 1, identity: "ann", rx: 100, tx: 10 },
    { link: 2, identity: "ann", rx: 50, tx: 0 },
    { link: 3, identity: "ben", rx: 0, tx: 500 },
  ]);
  talkers.sampled([{ address: "10.20.0.5", rx: 1, tx: 2 }]);
  talkers.tick([
    { link: 1, identity: "ann", rx: 1100, tx: 10 },
    { link: 3, identity: "ben", rx: 0, tx: 500 },
  ]);
  expect(talkers.top).toEqual({
    window_seconds: 60,
    identities: [
      { name: "ann", rx_bytes: 1150, tx_bytes: 10, rx_bps: 8000, tx_bps: 0 },
      { name: "ben", rx_bytes: 0, tx_bytes: 500, rx_bps: 0, tx_bps: 0 },
    ],
    destinations: [{ name: "10.20.0.5", rx_bytes: 1, tx_bytes: 2, rx_bps: 8, tx_bps: 16 }],
  });
  for (let second = 0; second < 60; second++) talkers.tick([]);
  expect(talkers.top).toMatchObject({ identities: [], destinations: [] });
});

it("shows the heaviest twenty", () => {
  const talkers = new Talkers();
  talkers.tick(Array.from({ length: 500 }, (_, at) => ({ link: at, identity: `c${at}`, rx: at, tx: 0 })));
  expect(talkers.top.identities).toHaveLength(20);
  expect(talkers.top.identities[0]?.name).toBe("c499");
});
