import { describe, expect, it } from "vitest";
import {
  type AttemptPermit,
  type Choice,
  Connector,
  type Endpoint,
  type Introduction,
} from "../../src/daemon/pool/connector.ts";
import type { RememberedSession } from "../../src/daemon/pool/session-memory.ts";
import { FakeClock } from "../fakes/clock.ts";

const remembered: RememberedSession = { id: "aa", epoch: "4", token: "dG9r", clusterId: "cc" };
const taken: Introduction = { intent: "takeover", session: "aa", epoch: 5n, token: "dG9r" };
const joined: Introduction = { intent: "join", session: "aa", epoch: 4n, token: "dG9r" };

interface Dial {
  readonly link: number;
  readonly endpoint: string;
  readonly address: string;
  readonly introduction: Introduction;
}

function endpoint(name: string): Endpoint {
  return { name, identity: name, address: { host: `${name}.test`, port: 8443 } };
}

/** A connector whose choices, look-ups and dials the test answers. */
class Client {
  readonly clock = new FakeClock();
  readonly dials: Dial[] = [];
  readonly failures: { endpoint: string; reason: string; text: string; retryIn: number }[] = [];
  readonly pinned: (readonly string[])[] = [];
  readonly names = new Map<string, readonly string[] | Error>();
  readonly avoided: (string | undefined)[] = [];
  readonly kept: (string | undefined)[] = [];
  readonly retired: number[] = [];
  readonly ends: string[] = [];
  /** Other links of the session. */
  others: number[] = [];
  newest = 0;
  /** What became of the right to each attempt, in the order of the choices. */
  readonly permits: string[][] = [];
  /** Servers to choose, in turn; then the first again. */
  servers: string[];
  retryIn: number | undefined;
  alternative = false;
  unpinnable: Error | undefined;
  stored: RememberedSession | undefined;
  random = 0.5;
  onFailed: () => void = () => {};
  /** While set, look-ups wait for it. */
  gate: Promise<void> | undefined;
  readonly connector: Connector;

  constructor(parts: { servers?: string[]; stored?: RememberedSession } = {}) {
    this.servers = parts.servers ?? ["eu-1"];
    this.stored = parts.stored;
    this.connector = new Connector({
      clock: this.clock,
      random: () => this.random,
      memory: { load: () => this.stored, save: (session) => void (this.stored = session) },
      choose: (avoid, keep) => this.#choose(avoid, keep),
      hasAlternative: () => this.alternative,
      ended: ({ name }, outcome, lived) => void this.ends.push(`${name} ${outcome} ${lived}`),
      retire: (link) => void this.retired.push(link),
      resolve: async (host) => {
        await this.gate;
        const found = this.names.get(host) ?? ["192.0.2.1"];
        if (found instanceof Error) throw found;
        return found;
      },
      pin: async (addresses) => {
        if (this.unpinnable !== undefined) throw this.unpinnable;
        this.pinned.push(addresses);
      },
      newLink: () => ++this.newest,
      successor: (link) => this.others.filter((one) => one !== link).shift(),
      dial: (link, { name }, address, introduction) =>
        void this.dials.push({ link, endpoint: name, address, introduction }),
      failed: ({ name }, reason, text, retryIn) => {
        this.failures.push({ endpoint: name, reason, text, retryIn });
        this.onFailed();
      },
    });
  }

  #choose(avoid: string | undefined, keep: string | undefined): Choice {
    this.avoided.push(avoid);
    this.kept.push(keep);
    if (this.retryIn !== undefined) return { kind: "none", retryIn: this.retryIn, reason: "all are out" };
    const [name = "eu-1", ...others] = this.servers;
    this.servers = [...others, name];
    const told: string[] = [];
    this.permits.push(told);
    const permit: AttemptPermit = {
      ok: (millis) => void told.push(`ok ${millis}`),
      fail: (kind, millis, cause) => void told.push(`${kind} ${millis} ${cause}`),
      cancel: () => void told.push("cancelled"),
    };
    return { kind: "chosen", endpoint: endpoint(name), permit };
  }

  /** Moves the clock and lets look-ups finish; the newest dial. */
  async advance(by: number): Promise<Dial | undefined> {
    this.clock.advance(by);
    await new Promise((resolve) => setImmediate(resolve));
    return this.dials.at(-1);
  }

  async started(): Promise<Dial> {
    this.connector.start();
    return (await this.advance(0)) ?? expect.fail("no dial");
  }

  /** A client whose first link is up. */
  async up(): Promise<Dial> {
    const dial = await this.started();
    this.connector.welcomed(dial.link, remembered);
    return dial;
  }

  /** A client that is up on eu-1 and dials eu-2 to leave it. */
  async leaving(): Promise<{ old: Dial; next: Dial }> {
    this.servers = ["eu-1", "eu-2"];
    const old = await this.up();
    await this.advance(10_000);
    this.connector.leave("server");
    const next = (await this.advance(125)) ?? expect.fail("no dial");
    expect(next.link).not.toBe(old.link);
    return { old, next };
  }
}

describe("an attempt", () => {
  it("chooses, resolves, pins, dials and is up with WELCOME", async () => {
    const client = new Client();
    expect(await client.advance(1000)).toBeUndefined();
    const dial = await client.started();
    expect(dial).toEqual({
      link: 1,
      endpoint: "eu-1",
      address: "192.0.2.1",
      introduction: { intent: "new" },
    });
    expect(client.pinned).toEqual([["192.0.2.1"]]);
    expect(client.connector.current).toBeUndefined();
    await client.advance(40);
    client.connector.welcomed(1, remembered);
    expect(client.connector.current).toMatchObject({ link: 1, endpoint: { name: "eu-1" } });
    expect(client.stored).toEqual(remembered);
    expect(client.permits).toEqual([["ok 40"]]);
    expect(client.clock.pending).toBe(0);
  });

  it("goes to the addresses of a name in turn, and pins all that are known", async () => {
    const client = new Client({ servers: ["eu-1", "us-1"] });
    client.names.set("eu-1.test", ["192.0.2.1", "192.0.2.2"]);
    client.names.set("us-1.test", ["2001:db8::3"]);
    client.connector.start();
    for (let turn = 0; turn < 6; turn++) {
      const dial = (await client.advance(60_000)) ?? expect.fail("no dial");
      client.connector.dialFailed(dial.link, "timeout", "");
    }
    expect(client.dials.map((dial) => `${dial.endpoint} ${dial.address}`)).toEqual([
      "eu-1 192.0.2.1",
      "us-1 2001:db8::3",
      "eu-1 192.0.2.2",
      "us-1 2001:db8::3",
      "eu-1 192.0.2.1",
      "us-1 2001:db8::3",
    ]);
    expect(client.dials.map(({ link }) => link)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(client.connector.outerAddresses).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::3"]);
    expect(client.pinned.at(-1)).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::3"]);
  });

  it("that fails is followed by one on another server, which is told whom to avoid, until a link is up", async () => {
    const client = new Client({ servers: ["eu-1", "eu-2"] });
    const { link } = await client.started();
    client.connector.dialFailed(link, "timeout", "");
    const next = (await client.advance(125)) ?? expect.fail();
    client.connector.welcomed(next.link, remembered);
    client.connector.leave("server");
    await client.advance(125);
    // It leaves eu-2 now.
    expect(client.avoided).toEqual([undefined, "eu-1", "eu-2"]);
  });

  it("that somebody wanted to end leaves nothing to avoid", async () => {
    const client = new Client();
    const { link } = await client.started();
    client.connector.closed(link, "peer_stopping", "");
    await client.advance(125);
    expect(client.avoided).toEqual([undefined, undefined]);
    expect(client.permits[0]).toEqual(["cancelled"]);
  });

  it("whose name can't be resolved is a failure of our own", async () => {
    const client = new Client({ servers: ["eu-1", "eu-2"] });
    client.names.set("eu-1.test", new Error("no such name"));
    client.connector.start();
    expect(await client.advance(0)).toBeUndefined();
    expect(client.failures).toEqual([{ endpoint: "eu-1", reason: "unresolved", text: "no such name", retryIn: 125 }]);
    expect(client.connector.lastError).toBe("unresolved: no such name");
    expect(client.permits).toEqual([["local 0 unresolved"]]);
    expect((await client.advance(125))?.endpoint).toBe("eu-2");
    // The other one may have failed before: it is not passed over for ever.
    expect(client.avoided).toEqual([undefined, "eu-1"]);
  });

  it("whose address can't be pinned is one as well", async () => {
    const client = new Client();
    client.unpinnable = new Error("no ip command");
    client.connector.start();
    expect(await client.advance(0)).toBeUndefined();
    expect(client.failures).toMatchObject([{ reason: "not_pinned", text: "no ip command" }]);
    expect(client.permits).toEqual([["local 0 not_pinned"]]);
  });

  it("that no server may have waits as long as it is told, and says why there is no link", async () => {
    const client = new Client();
    client.retryIn = 700;
    client.connector.start();
    expect(await client.advance(0)).toBeUndefined();
    expect(client.connector.lastError).toBe("all are out");
    await client.advance(699);
    expect(client.avoided).toHaveLength(1);
    client.retryIn = undefined;
    expect(await client.advance(1)).toMatchObject({ link: 1 });
    expect(client.failures).toEqual([]);
  });
});

describe("the right to an attempt", () => {
  const rows: readonly (readonly [string, (client: Client, link: number) => void, string])[] = [
    ["WELCOME", (client, link) => client.connector.welcomed(link, remembered), "ok 30"],
    ["a refused connection", (client, link) => client.connector.dialFailed(link, "connection_refused", ""), "remote"],
    ["no route", (client, link) => client.connector.dialFailed(link, "no_route", ""), "local"],
    ["a bad certificate", (client, link) => client.connector.dialFailed(link, "certificate_untrusted", ""), "policy"],
    ["a closed link", (client, link) => client.connector.closed(link, "peer_closed", ""), "remote"],
    ["a kick", (client, link) => client.connector.closed(link, "peer_kicked", ""), "cancelled"],
    ["stop", (client) => client.connector.stop(), "cancelled"],
  ];

  it.each(rows)("is told once after %s", async (_, act, told) => {
    const client = new Client();
    const { link } = await client.started();
    await client.advance(30);
    act(client, link);
    act(client, link);
    client.connector.dialFailed(link, "timeout", "");
    client.connector.closed(link, "peer_closed", "");
    client.connector.stop();
    await client.advance(60_000);
    expect(client.permits[0]).toEqual([expect.stringMatching(new RegExp(`^${told}`))]);
  });

  it("is told once by stop while the name is looked up", async () => {
    for (const outcome of [["192.0.2.1"], new Error("no such name")]) {
      const client = new Client();
      client.names.set("eu-1.test", outcome);
      const { promise, resolve } = Promise.withResolvers<void>();
      client.gate = promise;
      client.connector.start();
      await client.advance(0);
      client.connector.stop();
      resolve();
      expect(await client.advance(60_000)).toBeUndefined();
      expect(client.permits).toEqual([["cancelled"]]);
      expect(client.failures).toEqual([]);
      expect(client.clock.pending).toBe(0);
    }
  });
});

describe("back-off", () => {
  it("waits full jitter under a ceiling that doubles, and says how long", async () => {
    const client = new Client();
    client.random = 0.75;
    let dial = await client.started();
    for (const ceiling of [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      client.connector.dialFailed(dial.link, "timeout", "too slow");
      const retryIn = ceiling * 0.75;
      expect(client.failures.at(-1)).toEqual({ endpoint: "eu-1", reason: "timeout", text: "too slow", retryIn });
      expect(await client.advance(retryIn - 0.25)).toBe(dial);
      const next = (await client.advance(0.25)) ?? expect.fail("no dial");
      expect(next.link).toBe(dial.link + 1);
      dial = next;
    }
  });

  it("is at most 100 ms before the first attempt elsewhere, and only before that", async () => {
    for (const random of [0, 0.5, 0.999]) {
      const client = new Client({ servers: ["eu-1", "eu-2"] });
      client.alternative = true;
      client.random = random;
      const { link } = await client.up();
      client.connector.closed(link, "peer_closed", "");
      expect(client.failures.at(-1)?.retryIn).toBe(random * 100);
      const next = (await client.advance(random * 100)) ?? expect.fail();
      client.connector.dialFailed(next.link, "timeout", "");
      expect(client.failures.at(-1)?.retryIn).toBe(random * 500);
    }
  });

  it("begins anew after a link that was up for five seconds, and goes on after a shorter one", async () => {
    const client = new Client();
    let dial = await client.started();
    for (const [upFor, expected] of [
      [4999, 125],
      [4999, 250],
      [4999, 500],
      [5000, 125],
    ] as const) {
      client.connector.welcomed(dial.link, remembered);
      await client.advance(upFor);
      client.connector.closed(dial.link, "silent", "");
      expect(client.failures.at(-1)).toMatchObject({ reason: "silent", retryIn: expected });
      dial = (await client.advance(expected)) ?? expect.fail();
    }
  });

  it("ends at once by hurry, which tells nothing while an attempt is under way", async () => {
    const client = new Client();
    client.random = 0.9;
    await client.started();
    client.connector.hurry();
    await client.advance(0);
    expect(client.dials).toHaveLength(1);
    for (let failed = 1; failed <= 5; failed++) {
      client.connector.dialFailed(failed, "timeout", "");
      if (failed < 5) await client.advance(30_000);
    }
    client.connector.hurry();
    expect(await client.advance(0)).toMatchObject({ link: 6 });
    client.connector.dialFailed(6, "timeout", "");
    expect(client.failures.at(-1)?.retryIn).toBe(225);
    expect(client.clock.pending).toBe(1);
  });
});

describe("the session", () => {
  it("that is on disk is taken over by a new process", async () => {
    expect((await new Client({ stored: remembered }).started()).introduction).toEqual(taken);
  });

  it("is joined again where it was, with the newest token", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.welcomed(link, { ...remembered, token: "bmV3" });
    expect(client.stored?.token).toBe("bmV3");
    client.connector.closed(link, "stalled", "");
    expect((await client.advance(125))?.introduction).toEqual({ ...joined, token: "bmV3" });
  });

  it("is taken over by another server", async () => {
    const client = new Client({ servers: ["eu-1", "eu-2"] });
    const { link } = await client.up();
    client.connector.closed(link, "peer_closed", "");
    expect(await client.advance(125)).toMatchObject({ endpoint: "eu-2", introduction: taken });
  });

  it("is taken over at once from a server that was restarted", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.closed(link, "peer_closed", "");
    const join = (await client.advance(125)) ?? expect.fail();
    client.connector.closed(join.link, "peer_not_here", "");
    const takeover = await client.advance(0);
    expect(takeover?.introduction).toEqual(taken);
    expect(client.permits[1]).toEqual(["ok 0"]);
    expect(client.failures.map(({ reason }) => reason)).toEqual(["peer_closed"]);
    // Without a session to lose, "not here" is a failure: no endless asking.
    client.connector.closed(takeover?.link ?? 0, "peer_not_here", "");
    expect(client.failures.at(-1)).toMatchObject({ reason: "peer_not_here" });
  });

  it("is given up when its token is refused or another has taken it", async () => {
    for (const reason of ["peer_token_invalid", "peer_superseded"]) {
      const client = new Client({ stored: remembered });
      const { link } = await client.started();
      client.connector.closed(link, reason, "why");
      expect(client.stored).toBeUndefined();
      expect(client.connector.lastError).toBe(`${reason}: why`);
      expect(client.permits[0]).toEqual(["cancelled"]);
      expect((await client.advance(125))?.introduction).toEqual({ intent: "new" });
    }
  });

  it("is given up when another takes it from a link that is up", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.closed(link, "peer_superseded", "");
    expect(client.stored).toBeUndefined();
    expect((await client.advance(125))?.introduction).toEqual({ intent: "new" });
  });

  it("is kept through any other end", async () => {
    for (const reason of ["peer_kicked", "peer_denied", "peer_no_address", "timeout", "socket_error", "silent"]) {
      const client = new Client();
      const { link } = await client.up();
      client.connector.closed(link, reason, "");
      expect(client.stored).toEqual(remembered);
      expect((await client.advance(125))?.introduction.intent).toBe("join");
    }
  });
});

describe("the end of the link in use", () => {
  it("is told with what it says of the server and how long the link lived", async () => {
    for (const [reason, outcome] of [
      ["peer_closed", "remote"],
      ["peer_stopping", "cancelled"],
    ] as const) {
      const client = new Client();
      const { link } = await client.up();
      await client.advance(1234);
      client.connector.closed(link, reason, "");
      expect(client.ends).toEqual([`eu-1 ${outcome} 1234`]);
      expect(client.connector.current).toBeUndefined();
    }
  });

  it("leaves an attempt that is under way alone", async () => {
    const client = new Client();
    const { old, next } = await client.leaving();
    client.connector.closed(old.link, "peer_closed", "");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(2);
    client.connector.welcomed(next.link, remembered);
    expect(client.connector.current?.link).toBe(next.link);
    expect(client.retired).toEqual([]);
  });
});

describe("a session with several links", () => {
  it("goes on with another one when its first ends, without a failure or an attempt", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.joined();
    client.others = [11, 12];
    for (const successor of [11, 12]) {
      client.connector.closed(client.connector.current?.link ?? 0, "silent", "");
      expect(client.connector.current).toMatchObject({ link: successor, endpoint: { name: "eu-1" } });
      client.others = client.others.filter((one) => one !== successor);
    }
    await client.advance(60_000);
    expect([client.dials.length, client.ends, client.failures]).toEqual([1, [], []]);
    // A fresh token over any of them counts.
    client.connector.welcomed(12, { ...remembered, token: "bmV3" });
    expect(client.connector.joining("join")).toEqual({ ...joined, token: "bmV3" });
    expect(link).toBe(1);
  });

  it("is taken over anew where it was once the last is gone: the server may believe in some of them", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.joined();
    client.connector.closed(link, "stalled", "");
    expect(client.connector.joining("join")).toBeUndefined();
    const next = (await client.advance(125)) ?? expect.fail();
    expect(next).toMatchObject({ endpoint: "eu-1", introduction: taken });
    client.connector.welcomed(next.link, { ...remembered, epoch: "5" });
    client.connector.closed(next.link, "stalled", "");
    expect((await client.advance(250))?.introduction).toMatchObject({ intent: "join" });
  });

  it("keeps another link when the way of its first is gone", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.others = [11];
    expect(client.connector.abandon()).toBe(link);
    expect(client.connector.current?.link).toBe(11);
    expect(client.clock.pending).toBe(0);
  });
});

describe("leaving", () => {
  it("a server keeps its link until the new one is up, then retires it", async () => {
    const client = new Client();
    const { old, next } = await client.leaving();
    expect(next).toMatchObject({ endpoint: "eu-2", introduction: taken });
    expect(client.connector.current?.link).toBe(old.link);
    expect(client.retired).toEqual([]);
    client.connector.welcomed(next.link, { ...remembered, epoch: "5" });
    expect(client.connector.current).toMatchObject({ link: next.link, endpoint: { name: "eu-2" } });
    expect(client.retired).toEqual([old.link]);
    expect(client.ends).toEqual(["eu-1 cancelled 10125"]);
    client.connector.closed(old.link, "normal", "");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(2);
    expect(client.failures).toEqual([]);
  });

  it("a link makes another to the same server, and ends no session", async () => {
    const client = new Client();
    let old = await client.up();
    for (let time = 0; time < 3; time++) {
      client.connector.leave("link");
      const next = (await client.advance(125)) ?? expect.fail();
      expect(client.kept.at(-1)).toBe("eu-1");
      expect(next).toMatchObject({ endpoint: "eu-1", introduction: joined });
      client.connector.welcomed(next.link, remembered);
      expect(client.retired.at(-1)).toBe(old.link);
      old = next;
    }
    expect(client.ends).toEqual([]);
  });

  it("begins within 250 ms", async () => {
    for (const random of [0, 0.999]) {
      const client = new Client();
      client.random = random;
      await client.up();
      client.connector.leave("link");
      if (random > 0) await client.advance(random * 250 - 0.1);
      expect(client.dials).toHaveLength(1);
      await client.advance(0.1);
      expect(client.dials).toHaveLength(2);
    }
  });

  it("stays when there is nothing better", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.leave("server");
    await client.advance(60_000);
    expect(client.permits).toEqual([["ok 0"], ["cancelled"]]);
    client.retryIn = 100;
    client.connector.leave("server");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(1);
    expect(client.connector.current?.link).toBe(link);
    expect(client.clock.pending).toBe(0);
    expect(client.connector.lastError).toBeUndefined();
    // It is no dead end: asked again, it goes.
    client.retryIn = undefined;
    client.servers = ["eu-2"];
    client.connector.leave("server");
    expect(await client.advance(125)).toMatchObject({ endpoint: "eu-2" });
  });

  it("keeps the link in use when the new one fails", async () => {
    const client = new Client();
    const { old, next } = await client.leaving();
    client.connector.dialFailed(next.link, "timeout", "");
    expect(client.permits[1]).toEqual(["remote 0 timeout"]);
    expect(client.connector.current?.link).toBe(old.link);
    expect(client.retired).toEqual([]);
    expect(client.avoided.at(-1)).toBe("eu-1");
    client.servers = ["eu-3"];
    expect(await client.advance(125)).toMatchObject({ endpoint: "eu-3" });
    expect(client.avoided.at(-1)).toBe("eu-2");
  });

  it("keeps the session of the link in use when the other server can't take it", async () => {
    for (const reason of ["peer_token_invalid", "peer_superseded"]) {
      const client = new Client();
      const { old, next } = await client.leaving();
      client.connector.closed(next.link, reason, "");
      expect(client.stored).toEqual(remembered);
      expect(client.connector.current?.link).toBe(old.link);
    }
  });

  it("is one attempt, however often it is asked for", async () => {
    const client = new Client();
    await client.leaving();
    client.connector.leave("server");
    client.connector.leave("link");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(2);
  });

  it("is nothing while there is no link, and after stop", async () => {
    const client = new Client();
    client.connector.leave("server");
    expect(client.clock.pending).toBe(0);
    await client.up();
    client.connector.stop();
    client.connector.leave("server");
    expect(client.clock.pending).toBe(0);
  });
});

describe("abandoning", () => {
  it("gives up the link and begins anew at once, with the same session", async () => {
    const client = new Client();
    const { link } = await client.up();
    await client.advance(3000);
    expect(client.connector.abandon()).toBe(link);
    expect(client.connector.current).toBeUndefined();
    expect(client.connector.lastError).toBe("network_changed");
    expect(client.ends).toEqual(["eu-1 cancelled 3000"]);
    expect(await client.advance(0)).toMatchObject({ link: link + 1, introduction: joined });
    client.connector.closed(link, "normal", "");
    client.connector.welcomed(link + 1, remembered);
    expect(client.connector.current?.link).toBe(link + 1);
    expect(client.failures).toEqual([]);
    expect(client.connector.abandon()).toBe(link + 1);
  });

  it("leaves an attempt that is under way alone, and needs a link", async () => {
    const client = new Client();
    expect(client.connector.abandon()).toBeUndefined();
    const { old, next } = await client.leaving();
    expect(client.connector.abandon()).toBe(old.link);
    await client.advance(60_000);
    expect(client.dials.at(-1)).toBe(next);
    expect(client.connector.abandon()).toBeUndefined();
  });
});

describe("what comes late", () => {
  it("from an older link changes nothing", async () => {
    const client = new Client();
    const first = await client.up();
    client.connector.closed(first.link, "stalled", "");
    const second = (await client.advance(125)) ?? expect.fail();
    const failures = client.failures.length;
    client.connector.closed(first.link, "peer_token_invalid", "");
    client.connector.dialFailed(first.link, "timeout", "");
    client.connector.welcomed(first.link, { ...remembered, id: "bb" });
    expect(client.connector.current).toBeUndefined();
    client.connector.welcomed(second.link, remembered);
    client.connector.dialFailed(second.link, "timeout", "");
    client.connector.closed(first.link, "silent", "");
    expect(client.connector.current?.link).toBe(second.link);
    expect(client.failures).toHaveLength(failures);
    expect(client.stored).toEqual(remembered);
  });

  it("after stop, as the end of the link, begins nothing", async () => {
    const client = new Client();
    const { link } = await client.up();
    client.connector.stop();
    client.connector.closed(link, "stopping", "");
    client.connector.hurry();
    await client.advance(60_000);
    expect(client.dials).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });

  it("can be stop itself, from whoever hears of a failure", async () => {
    const client = new Client();
    const { link } = await client.started();
    client.onFailed = () => client.connector.stop();
    client.connector.dialFailed(link, "timeout", "");
    await client.advance(60_000);
    expect(client.dials).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });
});
