import { describe, expect, it } from "vitest";
import type { AttemptPermit } from "../../src/daemon/pool/connector.ts";
import { ExtraLinks, type Home, type PoolSizes } from "../../src/daemon/pool/extra-links.ts";
import { FakeClock } from "../fakes/clock.ts";

function home(server = "eu-1 boot1"): Home {
  const name = server.split(" ")[0] as string;
  const endpoint = { name, identity: name, address: { host: `${name}.test`, port: 8443 } };
  return { endpoint, address: "192.0.2.1", server };
}

/** A pool whose links the test brings up and down. */
class Pool {
  readonly clock = new FakeClock();
  sizes: PoolSizes = { initial_size: 1, max_size: 4, idle_timeout: 300_000, cleanup_interval: 60_000 };
  readonly dials: number[] = [];
  readonly retired: number[] = [];
  readonly closed: string[] = [];
  readonly failures: string[] = [];
  readonly permits: string[][] = [];
  readonly rates = new Map<number, number>();
  allowed = true;
  #newest = 100;
  readonly links: ExtraLinks;

  constructor(sizes: Partial<PoolSizes> = {}) {
    this.sizes = { ...this.sizes, ...sizes };
    this.links = new ExtraLinks({
      clock: this.clock,
      random: () => 0.5,
      sizes: () => this.sizes,
      acquire: () => (this.allowed ? this.#permit() : undefined),
      dial: () => {
        this.dials.push(++this.#newest);
        return this.#newest;
      },
      close: (link, text) => void this.closed.push(`${link} ${text}`),
      retire: (link) => void this.retired.push(link),
      rate: (link) => this.rates.get(link) ?? 0,
      failed: (_, reason, __, retryIn) => void this.failures.push(`${reason} ${retryIn}`),
    });
  }

  #permit(): AttemptPermit {
    const told: string[] = [];
    this.permits.push(told);
    return {
      ok: (millis) => void told.push(`ok ${millis}`),
      fail: (kind, _, cause) => void told.push(`${kind} ${cause}`),
      cancel: () => void told.push("cancelled"),
    };
  }

  /** Brings the newest dial up. */
  up(server = "eu-1 boot1"): boolean {
    return this.links.welcomed(this.dials.at(-1) as number, server);
  }

  /** Seconds with so many flows, in which every dial succeeds at once. */
  seconds(count: number, flows: number): void {
    for (let second = 0; second < count; second++) {
      this.clock.advance(1000);
      this.links.demand(flows);
      this.links.tick();
      if (this.dials.length > this.permits.filter((told) => told.length > 0).length) this.up();
    }
  }

  get size(): number {
    return 1 + this.links.links.length;
  }
}

describe("the initial links", () => {
  it("are made one after another as soon as the session is on a server", () => {
    const pool = new Pool({ initial_size: 4 });
    pool.links.tick();
    expect(pool.dials).toEqual([]);
    pool.links.settle(home());
    for (const size of [2, 3, 4]) {
      expect(pool.dials).toHaveLength(size - 1);
      pool.up();
      expect(pool.size).toBe(size);
    }
    expect(pool.dials).toHaveLength(3);
    expect(pool.permits).toEqual([["ok 0"], ["ok 0"], ["ok 0"]]);
  });

  it("that the server has no room for are not asked for in a loop, and are no failure of the server", () => {
    for (const reason of ["peer_server_full", "peer_not_here"]) {
      const pool = new Pool({ initial_size: 100, max_size: 1000 });
      pool.links.settle(home());
      for (let count = 0; count < 10; count++) pool.up();
      pool.links.ended(pool.dials.at(-1) as number, reason, "");
      expect(pool.permits.at(-1)).toEqual(["cancelled"]);
      pool.seconds(240, 0);
      expect(pool.dials).toHaveLength(11);
      pool.seconds(60, 0);
      expect(pool.dials.length).toBeGreaterThan(11);
    }
  });

  it("wait after failures, longer each time, and count as what they are", () => {
    const pool = new Pool({ initial_size: 2 });
    pool.links.settle(home());
    for (const [time, reason] of ["timeout", "local_limit", "peer_kicked"].entries()) {
      pool.links.ended(pool.dials.at(-1) as number, reason, "");
      pool.clock.advance(125 * 2 ** time - 1);
      pool.links.tick();
      expect(pool.dials).toHaveLength(time + 1);
      pool.clock.advance(1);
      pool.links.tick();
      expect(pool.dials).toHaveLength(time + 2);
    }
    expect(pool.permits).toEqual([["remote timeout"], ["local local_limit"], ["cancelled"], []]);
    expect(pool.failures).toEqual(["timeout 125", "local_limit 250", "peer_kicked 500"]);
  });

  it("are not tried while the breaker or an operator forbids it", () => {
    const pool = new Pool({ initial_size: 2 });
    pool.allowed = false;
    pool.links.settle(home());
    expect(pool.dials).toEqual([]);
    pool.allowed = true;
    pool.links.tick();
    expect(pool.dials).toHaveLength(1);
  });
});

describe("demand", () => {
  it("of one flow makes no link, of several one a second, never more than there are flows or max_size", () => {
    const pool = new Pool();
    pool.links.settle(home());
    pool.seconds(10, 1);
    expect(pool.size).toBe(1);
    pool.seconds(1, 8);
    expect(pool.size).toBe(1);
    pool.seconds(1, 8);
    expect(pool.size).toBe(2);
    pool.seconds(1, 8);
    expect(pool.size).toBe(3);
    pool.seconds(20, 3);
    expect(pool.size).toBe(3);
    pool.seconds(20, 8);
    expect(pool.size).toBe(4);
  });

  it("that ends lets the idlest links go after the idle time, at a sweep, down to initial_size", () => {
    const pool = new Pool({ initial_size: 2, idle_timeout: 20_000, cleanup_interval: 10_000 });
    pool.links.settle(home());
    pool.up();
    pool.seconds(10, 8);
    expect(pool.size).toBe(4);
    pool.rates.set(101, 5);
    pool.rates.set(103, 9);
    pool.seconds(15, 3);
    expect(pool.size).toBe(4);
    pool.seconds(15, 3);
    expect(pool.retired).toEqual([102]);
    pool.seconds(40, 1);
    expect(pool.retired).toEqual([102, 101]);
    expect(pool.size).toBe(2);
  });

  it("meets new settings at once", () => {
    const pool = new Pool({ cleanup_interval: 1000 });
    pool.links.settle(home());
    pool.seconds(10, 8);
    pool.sizes = { ...pool.sizes, max_size: 2 };
    pool.seconds(2, 8);
    expect(pool.size).toBe(2);
    pool.sizes = { ...pool.sizes, initial_size: 3, max_size: 5 };
    pool.seconds(2, 0);
    expect(pool.size).toBe(3);
  });
});

describe("a link that", () => {
  it("dies is replaced at once, one that dies young after a while", () => {
    const pool = new Pool({ initial_size: 3 });
    pool.links.settle(home());
    pool.up();
    pool.up();
    pool.clock.advance(5000);
    pool.links.ended(101, "stalled", "");
    expect(pool.dials).toHaveLength(3);
    pool.up();
    pool.links.ended(103, "peer_closed", "");
    expect(pool.dials).toHaveLength(3);
    pool.clock.advance(125);
    pool.links.tick();
    expect(pool.dials).toHaveLength(4);
  });

  it("is worn is retired when another is up in its place", () => {
    const pool = new Pool({ initial_size: 2 });
    pool.links.settle(home());
    pool.up();
    pool.links.replace(101);
    pool.links.replace(101);
    pool.links.replace(7);
    expect([pool.dials, pool.retired]).toEqual([[101, 102], []]);
    pool.up();
    expect([pool.retired, pool.links.links]).toEqual([[101], [102]]);
    pool.seconds(5, 0);
    expect(pool.dials).toHaveLength(2);
  });

  it("leads to another server is closed, and no other is made for a long time", () => {
    const pool = new Pool({ initial_size: 2 });
    pool.links.settle(home());
    expect(pool.up("eu-2 boot1")).toBe(false);
    expect(pool.closed).toEqual(["101 it led to another server"]);
    expect([pool.permits, pool.size]).toEqual([[["cancelled"]], 1]);
    pool.seconds(200, 0);
    expect(pool.dials).toHaveLength(1);
  });

  it("takes the first one's place is the busiest, and is replaced", () => {
    const pool = new Pool({ initial_size: 3 });
    expect(pool.links.promote()).toBeUndefined();
    pool.links.settle(home());
    pool.up();
    pool.up();
    pool.rates.set(102, 5);
    expect(pool.links.promote()).toBe(102);
    pool.links.settle(home());
    expect([pool.links.links, pool.dials]).toEqual([[101], [101, 102, 103]]);
  });
});

describe("a session that moves", () => {
  it("leaves its links for as many on the new server", () => {
    const pool = new Pool();
    pool.links.settle(home());
    pool.seconds(3, 8);
    expect(pool.size).toBe(3);
    pool.links.tick();
    pool.links.settle(home("eu-2 boot1"));
    expect(pool.retired).toEqual([101, 102]);
    pool.up("eu-2 boot1");
    pool.up("eu-2 boot1");
    expect(pool.size).toBe(3);
    expect(pool.dials).toHaveLength(4);
  });

  it("or is gone gives an attempt that is under way up", () => {
    for (const end of ["unsettle", "stop"] as const) {
      const pool = new Pool({ initial_size: 2 });
      pool.links.settle(home());
      pool.links[end]();
      expect(pool.permits).toEqual([["cancelled"]]);
      pool.links.ended(101, "timeout", "");
      pool.seconds(5, 8);
      expect([pool.dials, pool.failures]).toEqual([[101], []]);
    }
  });
});
