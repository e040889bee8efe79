import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Backend, Snapshot } from "../../src/shared/control/snapshot.ts";
import {
  aBackend,
  aBreaker,
  aBucket,
  aConnection,
  anEvent,
  aPoint,
  aSnapshot,
  aStatus,
  startOfTime,
} from "../fakes/snapshot.ts";
import { snapshots } from "./arbitrary.ts";
import { asciiSetup, Driver, unicodeSetup } from "./driver.ts";

const sizes = [
  [60, 12],
  [80, 24],
  [120, 30],
  [120, 40],
  [160, 50],
  [59, 30],
  [100, 11],
  [20, 5],
  [1, 1],
] as const;

/** Characters that are one cell wide on every terminal: Latin, and the arrow, box, block, shape and braille blocks. */
const oneCell = /^[\x20-\x7e\u00a1-\u017f\u2013\u2026\u2190-\u2193\u2500-\u25ff\u2800-\u28ff]*$/;

const modes: readonly (readonly string[])[] = [
  [],
  ["down", "x"],
  ["?"],
  ["/", "a", "b"],
  ["2", "down"],
  ["2", "down", "d"],
  ["8"],
  ["5", "down"],
  ["3", "down", "w"],
  ["2", "down", "w"],
  ["3", "down", "enter"],
  ["down", "enter"],
  ["7"],
  [":", "d"],
  ["p"],
  ["4", "down"],
  ["4", "down", "O"],
  ["6"],
  ["a"],
  ["5", "down", "enter"],
  ["9", "down"],
  [":", ..."capture -w \u202ea.pcap".split(" ").flatMap((word) => [word, " "]), "enter"],
];

describe("any snapshot fits any screen", () => {
  for (const [columns, rows] of sizes) {
    test(`${columns}x${rows}`, () => {
      fc.assert(
        fc.property(snapshots, snapshots, fc.constantFrom(...modes), fc.boolean(), fc.boolean(), (...given) => {
          const [first, second, keys, ascii, lastHealthy] = given;
          const driver = new Driver({ columns, rows, setup: ascii ? asciiSetup : unicodeSetup });
          driver
            .snapshot(first)
            .press(...keys)
            .answer(true, "\u001b[31m long \u202e".repeat(90), { lastHealthy })
            .press("\u202e", "z");
          for (const next of [first, second]) {
            const { lines } = driver.snapshot(next);
            expect(lines).toHaveLength(rows);
            for (const line of lines) {
              expect(line).toHaveLength(columns);
              expect(line).toMatch(oneCell);
              if (ascii) expect(line).toMatch(/^[\x20-\x7e\u00a1-\u017f]*$/);
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  }
});

/** The table's header on a screen so wide, over so many connections. */
function header(columns: number, count: number): string {
  const connections = Array.from({ length: count }, (_, at) => aConnection(`c${at}`));
  const { lines } = new Driver({ columns, rows: 24 }).snapshot(aSnapshot({ connections }));
  return lines.find((line) => line.includes("IDENTITY")) ?? "";
}

/** The line with the tabs. */
function tabs(fields: Partial<Snapshot>): string {
  return new Driver().snapshot(aSnapshot(fields)).lines.find((line) => line.includes("1 Connections")) ?? "";
}

describe("what the screen says", () => {
  test("title: name, mode, state, certificate, uptime, rights and time", () => {
    const [title] = new Driver({ columns: 100 }).snapshot().lines;
    expect(title).toMatch(/^ edge-01 server {2}● LIVE {2}ready {2}cert 90d {2}up 26h .*\[rw\] \d\d:\d\d:\d\d $/);
    expect(new Driver({ role: "viewer" }).snapshot().lines[0]).toContain("[ro]");
    expect(new Driver({ setup: { ...unicodeSetup, readOnly: true } }).snapshot().lines[0]).toContain("[ro]");
  });

  test("a narrow title drops facts from the end and never cuts one", () => {
    const [title] = new Driver({ columns: 60 }).snapshot().lines;
    expect(title).toContain("cert 90d");
    expect(title).not.toContain(" up");
  });

  test("stale data says how old it is and why", () => {
    const driver = new Driver().snapshot().wait(2900);
    expect(driver.text).toContain("LIVE");
    expect(driver.wait(4100).lines[0]).toContain("stalled, 7s old");
    driver.send({ kind: "link", link: { kind: "down", problem: "gone" }, now: driver.now });
    expect(driver.lines[0]).toContain("no daemon, 7s old");
    expect(driver.snapshot().lines[0]).toContain("no daemon, 0s old");
  });

  test("alerts come first and say how many are not shown", () => {
    const alerts = [1, 2, 3].map((n) => ({ code: `a${n}`, severity: "warning" as const, message: `problem ${n}` }));
    const { lines } = new Driver({ columns: 80, rows: 24 }).snapshot(aSnapshot({ status: aStatus({ alerts }) }));
    expect(lines[3]).toContain("a1: problem 1");
    expect(lines[4]).toMatch(/a2: problem 2 +\+1 more|a2: problem 2 {2}\+1 more/);
  });

  test("a second without a point in the history is a gap, not a zero", () => {
    const history = [aPoint(0), aPoint(1), aPoint(4, { rx_bps: 0 }), aPoint(5)];
    const { lines } = new Driver({ columns: 80, rows: 24 }).snapshot(aSnapshot({ history }));
    expect(lines[1]).toMatch(/[▁-█]{2} {2}▁[▁-█] $/);
  });

  test("a connection's trend keeps the seconds that nobody watched empty", () => {
    const driver = new Driver({ columns: 160, rows: 50 });
    for (const second of [0, 1, 2, 3, 8, 9]) {
      driver.snapshot(aSnapshot({ time_ms: startOfTime + second * 1000, connections: [aConnection("c1")] }));
    }
    expect(driver.lines.find((line) => line.startsWith("  c1"))).toMatch(/⣿⣿ {2}⣿$/);
  });

  test("up is from client to server, whichever side the console is on", () => {
    const connections = [aConnection("c1", { rx_bps: 1_000, tx_bps: 2_000_000 })];
    const server = new Driver().snapshot(aSnapshot({ connections })).text;
    const client = new Driver().snapshot(aSnapshot({ connections, status: aStatus({ mode: "client" }) })).text;
    expect(server).toMatch(/1\.0k +2\.0M/);
    expect(client).toMatch(/2\.0M +1\.0k/);
  });

  test("narrow screens drop columns by priority, and columns do not depend on rows", () => {
    expect(header(60, 2)).not.toMatch(/REMOTE|AGE|RTT/);
    expect(header(80, 2)).toMatch(/ID .*IDENTITY .*STATE .*LIMITED BY .*UP\/s .*DOWN\/s .*RTT ms .*AGE/);
    expect(header(160, 2)).toMatch(/REMOTE .*BACKEND .*LAST 60 s/);
    expect(header(120, 2)).toBe(header(120, 900));
  });

  test("every action shows its ctl twin", () => {
    const driver = new Driver().snapshot();
    expect(driver.text).toContain("$ sssonector ctl connections --watch");
    expect(driver.press("2").text).toContain("$ sssonector ctl backends --watch");
    expect(driver.press("down").text).toContain("$ sssonector ctl drain eu-1");
    expect(driver.press("8").text).toContain("$ sssonector ctl sessions --watch");
    expect(driver.press("4").text).toContain("$ sssonector ctl breakers --watch");
    expect(driver.press("down").text).toContain("$ sssonector ctl open-breaker eu-1");
    expect(driver.press("6").text).toContain("$ sssonector ctl events --follow");
    expect(driver.press("1", "down").text).toContain("$ sssonector ctl kick c");
    const odd = new Driver().snapshot(aSnapshot({ connections: [aConnection("it's $(reboot)")] })).press("down");
    expect(odd.text).toContain("kick 'it'\\''s $(reboot)'");
  });

  test("help lists every key and says why one can't be used now", () => {
    const driver = new Driver({ columns: 100, rows: 140 }).snapshot().press("?");
    for (const word of [
      "previous page",
      "Ctrl-Z",
      "kick the selected connection",
      "not now: select a connection first",
    ]) {
      expect(driver.text).toContain(word);
    }
    expect(driver.press("escape").text).not.toContain("previous page");
  });

  test("below 60x12 there is one fact a line, alerts first", () => {
    const alerts = [{ code: "a", severity: "critical" as const, message: "on fire" }];
    const { lines } = new Driver({ columns: 40, rows: 9 }).snapshot(aSnapshot({ status: aStatus({ alerts }) }));
    expect(lines.slice(0, 3).map((line) => line.trimEnd())).toEqual([
      "● LIVE",
      "critical: on fire",
      "edge-01 server ready",
    ]);
  });

  test("the event strip holds the newest events", () => {
    const events = Array.from({ length: 30 }, (_, at) => anEvent(at + 1, { message: `happening ${at + 1}` }));
    const driver = new Driver({ columns: 80, rows: 24 }).snapshot(aSnapshot({ events }));
    expect(driver.text).toContain("happening 30");
    expect(driver.text).not.toContain("happening 27");
  });

  test("backends: both states, weights, load, the breaker's word and the last error, also at 80 columns", () => {
    const backends = [
      aBackend("eu-1", { current: true, weight: 50, effective_weight: 12.6, weight_pinned: true, connections: 1200 }),
      aBackend("eu-2", {
        admin: "maint",
        operational: "down",
        breaker: "forced-open",
        failures: 3,
        last_error: "refused\u001b[2J",
      }),
    ];
    const { lines } = new Driver({ columns: 80, rows: 24 }).snapshot(aSnapshot({ backends })).press("2");
    const text = lines.join("\n");
    expect(text).toMatch(/NAME▴ +ADMIN +STATE +BREAKER +WEIGHT +CONNS +RTT ms +LAST ERROR/);
    expect(text).toMatch(/● eu-1 +ready +up +closed +13\/50! +1,200 +12\.5 +–/);
    expect(text).toMatch(/ {2}eu-2 +maint +down +forced +92\/100 .* refused\?/);
    expect(lines.at(-1)).toMatch(/ d drain {2}e ready {2}m maint .* q quit/);
    expect(lines.at(-1)).not.toContain("kick");
  });

  test("breakers: state, cause, countdown and probes", () => {
    const breakers = [
      aBreaker("eu-1", { state: "open", failure_rate: 66.67, retry_in_ms: 2_400, cause: "failure_rate" }),
      aBreaker("eu-2", { state: "half-open", permits_left: 2, calls: 0, last_cause: "policy" }),
    ];
    const { lines } = new Driver({ columns: 80, rows: 24 }).snapshot(aSnapshot({ breakers })).press("4");
    const text = lines.join("\n");
    expect(text).toMatch(/ eu-1 +open +failure rate +3s +– .* 67% +0%$/m);
    expect(text).toMatch(/ eu-2 +half +– +– +2 +– +– +–$/m);
    expect(lines.at(-1)).toMatch(/ R reset {2}O open {2}C close .* q quit/);
  });

  test("a tab says when something in it should be looked at", () => {
    expect(tabs({})).not.toContain("▲");
    expect(tabs({ backends: [aBackend("eu-1", { operational: "down" })] })).toMatch(/2 Back ▲ /);
    expect(tabs({ backends: [aBackend("eu-1", { operational: "down", admin: "maint" })] })).not.toContain("▲");
    expect(tabs({ breakers: [aBreaker("eu-1", { state: "half-open" })] })).toMatch(/4 Break ▲ /);
    expect(tabs({ breakers: [aBreaker("eu-1", { state: "observe" })] })).not.toContain("▲");
  });

  test("no title moves when a mark comes, and at 80 columns each tab has a name", () => {
    for (const columns of [80, 100, 120, 160]) {
      const title = (rows: Backend[]): string =>
        new Driver({ columns, rows: 30 })
          .snapshot(aSnapshot({ backends: rows, buckets: [], breakers: [] }))
          .lines.find((line) => line.startsWith("─ 1 Conn")) ?? "";
      const [calm, bad] = [title([aBackend("a")]), title([aBackend("a", { operational: "down" })])];
      expect(bad).toContain("▲");
      expect(calm).toMatch(/2 Back.*3 Buck.*4 Break.*5 Serv.*6 Event.*7 Log.*8 Sess.*9 Talk/);
      expect(calm.includes("Backends")).toBe(bad.includes("Backends"));
      if (columns === 80) expect(calm.indexOf("9 Talk")).toBe(bad.indexOf("9 Talk"));
    }
  });

  test("a narrow footer keeps the last hints", () => {
    const narrow = new Driver({ columns: 60, rows: 20 }).snapshot().press("2").lines.at(-1);
    expect(narrow).toMatch(/d drain {2}e ready {2}m maint {2}w edit {2}\? help {2}q quit/);
    expect(narrow).not.toContain("select");
  });
});

test("who is attached, and what they did", () => {
  const attached = [
    {
      id: 1,
      who: "root (uid 0, pid 7)",
      client: "sssonector top",
      role: "operator",
      since_ms: startOfTime,
      last: null,
    },
    { id: 2, who: "bob\u001b[2J (uid 1001, pid 8)", client: "ctl", role: "viewer", since_ms: 0, last: "drain eu-1" },
  ] as const;
  const control = { revision: 2, attached: [...attached], unconfirmed: [] };
  const acted = anEvent(5, { code: "operator_action", message: "bob: drain eu-1" });
  const driver = new Driver().snapshot(
    aSnapshot({ control, events: [anEvent(1), acted], time_ms: startOfTime + 90_000 }),
  );
  expect(driver.lines[0]).toContain("+1 attached");
  driver.press("a");
  expect(driver.text).toMatch(/root \(uid 0, pid 7\) +sssonector top, operator, +1m +looks/);
  expect(driver.text).toMatch(/bob\?\[2J \(uid 1001, pid 8\) +ctl, viewer, .*last: drain eu-1/);
  expect(driver.text).toMatch(/what operators did[^]*\d\d:\d\d:\d\d bob: drain eu-1/);
  expect(driver.press("escape").state.mode.kind).toBe("browse");
});

describe("what needs no tab", () => {
  const backends = [aBackend("eu-1", { current: true }), aBackend("eu-2", { operational: "down" })];

  test("backends, breakers that are not closed and busy buckets have a line at every size from 80x24", () => {
    const breakers = [aBreaker("eu-1"), aBreaker("eu-2", { state: "half-open" })];
    const buckets = [aBucket("global/up", { utilisation: 87 }), aBucket("global/down", { utilisation: 3 })];
    const { text } = new Driver({ columns: 120, rows: 24 }).snapshot(aSnapshot({ backends, breakers, buckets }));
    expect(text).toMatch(/ backends eu-2 down {2}●eu-1 up +│ breakers eu-2 half +│ buckets global\/up 87% /);
    const calm = new Driver({ columns: 80, rows: 24 }).snapshot(
      aSnapshot({ backends: backends.slice(0, 1), buckets: [] }),
    );
    expect(calm.text).toMatch(/backends ●eu-1 up +│ breakers all closed +│ buckets idle/);
  });

  test("names are cut before a group is left without any", () => {
    const long = [aBackend("payments/endpoint-7", { operational: "down" }), aBackend("payments/endpoint-8")];
    const { text } = new Driver({ columns: 80, rows: 24 }).snapshot(
      aSnapshot({ backends: long, buckets: [aBucket("identity/laptop-ann/down", { utilisation: 101 })] }),
    );
    expect(text).toMatch(/ backends paym.* down \+1 .*│ buckets identit.* 101%/);
  });

  test("from 120x30 they have a column beside the events, trouble first", () => {
    const breakers = [aBreaker("eu-2", { state: "open", retry_in_ms: 4_200 })];
    const buckets = [aBucket("global/up", { utilisation: 97, waiting_ms: 12 })];
    const snapshot = aSnapshot({ backends, breakers, buckets, events: [anEvent(1)] });
    for (const [columns, rows] of [
      [120, 30],
      [160, 40],
    ] as const) {
      const { lines } = new Driver({ columns, rows }).snapshot(snapshot);
      const from = lines.findIndex((line) => line.startsWith("─ events ─"));
      expect(lines[from]).toContain("─ backends, breakers, buckets ─");
      expect(lines[from + 1]).toMatch(/link 1 is up +│ backend +eu-2 +down/);
      expect(lines.slice(from + 2, from + 5).map((line) => line.slice(line.indexOf("│") + 2).trim())).toEqual([
        expect.stringMatching(/^breaker +eu-2 +open +tries in 5s$/),
        expect.stringMatching(/^bucket +global\/up +97% +waits 12\.0 ms$/),
        expect.stringMatching(/^backend +●eu-1 +up +\d+ conns? /),
      ]);
    }
    expect(new Driver({ columns: 119, rows: 30 }).snapshot(snapshot).text).not.toContain("backends, breakers,");
  });

  test("a warning marks its second under the graph", () => {
    const history = Array.from({ length: 60 }, (_, second) => aPoint(second));
    const warning = anEvent(49, { severity: "warning", code: "breaker_changed" });
    const marked = new Driver({ columns: 120, rows: 40 }).snapshot(aSnapshot({ history, events: [warning] })).lines[6];
    // Ten seconds before the newest one, at two a cell.
    expect(marked).toMatch(/▲ now ─╯.*▲ now ─╯$/);
    const calm = new Driver({ columns: 120, rows: 40 }).snapshot(aSnapshot({ history, events: [anEvent(49)] }))
      .lines[6];
    expect(calm).not.toContain("▲");
  });
});
