import { describe, expect, it } from "vitest";
import type { AttemptPermit, Endpoint } from "../../src/daemon/pool/connector.ts";
import { GuestLinks } from "../../src/daemon/pool/guest-links.ts";
import { FakeClock } from "../fakes/clock.ts";

function server(name: string): Endpoint {
  return { name, identity: name, address: { host: `${name}.test`, port: 8443 } };
}

const [eu, us] = [server("eu-2"), server("us-1")];

/** Guests whose links the test brings up and down. */
class Site {
  readonly clock = new FakeClock();
  readonly dials: string[] = [];
  readonly retired: number[] = [];
  readonly closed: number[] = [];
  readonly ends: string[] = [];
  readonly failures: string[] = [];
  readonly permits: string[][] = [];
  unreachable: Error | undefined;
  readonly guests: GuestLinks;

  constructor() {
    this.guests = new GuestLinks({
      clock: this.clock,
      random: () => 0.5,
      acquire: () => this.#permit(),
      dial: async ({ name }) => {
        if (this.unreachable !== undefined) throw this.unreachable;
        return this.dials.push(name);
      },
      close: (link) => void this.closed.push(link),
      retire: (link) => void this.retired.push(link),
      ended: (name, outcome, lived) => void this.ends.push(`${name} ${outcome} ${lived}`),
      failed: (name, reason, _, retryIn) => void this.failures.push(`${name} ${reason} ${retryIn}`),
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

  async reach(servers: readonly Endpoint[], epoch = 1n): Promise<void> {
    this.guests.reach(servers, epoch);
    await new Promise((resolve) => setImmediate(resolve));
  }

  async up(servers: readonly Endpoint[], epoch = 1n): Promise<void> {
    await this.reach(servers, epoch);
    this.dials.forEach((_, index) => void this.guests.welcomed(index + 1, false));
  }
}

describe("guest links", () => {
  it("are one to each server, made once", async () => {
    const site = new Site();
    await site.up([eu, us]);
    await site.reach([eu, us]);
    expect(site.dials).toEqual(["eu-2", "us-1"]);
    expect([...site.guests.links]).toEqual([
      ["eu-2", 1],
      ["us-1", 2],
    ]);
    expect(site.permits).toEqual([["ok 0"], ["ok 0"]]);
  });

  it("are replaced, the new one first, when the session has another epoch or the link is worn", async () => {
    const site = new Site();
    await site.up([eu]);
    await site.reach([eu], 2n);
    expect([site.dials.length, site.retired]).toEqual([2, []]);
    site.guests.welcomed(2, false);
    expect(site.retired).toEqual([1]);
    site.guests.replace(2);
    await site.reach([eu], 2n);
    site.guests.welcomed(3, false);
    expect([site.retired, [...site.guests.links]]).toEqual([[1, 2], [["eu-2", 3]]]);
  });

  it("that end are made again; a server that refuses is asked after a minute, and that is no failure of it", async () => {
    const site = new Site();
    await site.up([eu]);
    site.clock.advance(7000);
    site.guests.ended(1, "peer_closed", "");
    expect(site.ends).toEqual(["eu-2 remote 7000"]);
    await site.reach([eu]);
    site.guests.ended(2, "connection_refused", "");
    expect(site.failures).toEqual(["eu-2 connection_refused 125"]);
    await site.reach([eu]);
    expect(site.dials).toHaveLength(2);
    site.clock.advance(125);
    await site.reach([eu]);
    site.guests.ended(3, "peer_token_invalid", "");
    site.clock.advance(59_999);
    await site.reach([eu]);
    expect(site.dials).toHaveLength(3);
    site.clock.advance(1);
    await site.reach([eu]);
    expect(site.dials).toHaveLength(4);
    expect(site.permits).toEqual([["ok 0"], ["remote connection_refused"], ["cancelled"], []]);
  });

  it("that lead to the session's own server are closed", async () => {
    const site = new Site();
    await site.reach([eu]);
    expect(site.guests.welcomed(1, true)).toBe(false);
    expect([site.closed, site.guests.links.size]).toEqual([[1], 0]);
    await site.reach([eu]);
    expect(site.dials).toHaveLength(1);
  });

  it("that our own host can't make count against nobody", async () => {
    const site = new Site();
    site.unreachable = new Error("no such name");
    await site.reach([eu]);
    expect(site.permits).toEqual([["local not_pinned"]]);
  });

  it("are left: one that is up is retired, an attempt given up", async () => {
    const site = new Site();
    await site.up([eu]);
    await site.reach([us]);
    for (const name of ["eu-2", "us-1", "eu-9"]) site.guests.leave(name);
    expect([site.retired, site.closed, site.permits[1]]).toEqual([[1], [2], ["cancelled"]]);
    expect(site.guests.has(1) || site.guests.has(2)).toBe(false);
  });
});
