import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ControlClient } from "../../src/shared/control/client.ts";
import { exitCodeFor } from "../../src/shared/control/exit.ts";
import type { Snapshot } from "../../src/shared/control/snapshot.ts";
import { FakeClock } from "../fakes/clock.ts";
import { bob, type ControlRig, controlRig, root } from "../fakes/control-server.ts";
import { aBackend, aConnection, aSnapshot } from "../fakes/snapshot.ts";

let rig: ControlRig;
let clock: FakeClock;
beforeEach(async () => {
  clock = new FakeClock();
  rig = await controlRig({ clock });
});
afterEach(() => rig[Symbol.asyncDispose]());

function connectAs(credentials: typeof root): Promise<ControlClient> {
  rig.as(credentials);
  return rig.connect();
}

async function failure(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "it was done",
    (error: unknown) => error,
  );
}

describe("revisions", () => {
  it("an action on what somebody else changed since is refused, and says who did it", async () => {
    using first = await connectAs(root);
    using second = await connectAs(bob);
    const seen = (await first.call("snapshot", {})).control.revision;
    await second.call("drain", { backend: "eu-1" });
    clock.advance(4_000);
    const error = await failure(first.call("set_weight", { backend: "eu-1", weight: 5, revision: seen }));
    expect(error).toMatchObject({
      message: "bob (uid 1001, pid 12) changed backend eu-1 4 s ago (drain eu-1); look again",
    });
    expect(exitCodeFor(error)).toBe(6);
    expect(rig.backend.acts.map(({ kind }) => kind)).toEqual(["drain"]);
    expect(rig.backend.audits.at(-1)).toMatchObject({ action: "set_weight", revision: null });
  });

  it("one's own changes, other objects, and a newer look are no conflict", async () => {
    using first = await connectAs(root);
    using second = await connectAs(bob);
    await second.call("drain", { backend: "eu-1" });
    await second.call("set_weight", { backend: "eu-1", weight: 5, revision: 0 });
    await first.call("set_weight", { backend: "eu-2", weight: 5, revision: 0 });
    const { revision } = (await first.call("snapshot", {})).control;
    expect(await first.call("ready", { backend: "eu-1", revision })).toMatchObject({ revision: 4 });
  });
});

describe("undo", () => {
  beforeEach(() => {
    const backends = [aBackend("eu-1", { weight: 70, weight_pinned: true }), aBackend("eu-2")];
    rig.backend.set(aSnapshot({ backends }));
  });

  it("takes back the user's last changes one by one, and says so in the audit", async () => {
    using client = await connectAs(root);
    await client.call("set_weight", { backend: "eu-1", weight: 5 });
    await client.call("set_weight", { backend: "eu-2", weight: 6 });
    rig.backend.acts = [];
    const dry = await client.call("undo", { dry_run: true });
    expect([dry.message, rig.backend.acts]).toEqual([expect.stringMatching(/^would set_weight eu-2/), []]);
    await client.call("undo", {});
    await client.call("undo", {});
    expect(rig.backend.acts).toEqual([
      { kind: "set_weight", backend: "eu-2", weight: "auto" },
      { kind: "set_weight", backend: "eu-1", weight: 70 },
    ]);
    expect(rig.backend.audits.at(-1)?.action).toBe("undo of set_weight eu-1 weight=5:");
    expect(exitCodeFor(await failure(client.call("undo", {})))).toBe(4);
  });

  it("is refused when somebody else changed the same since, and is nobody else's", async () => {
    using first = await connectAs(root);
    using second = await connectAs(bob);
    await first.call("set_weight", { backend: "eu-1", weight: 5 });
    expect(exitCodeFor(await failure(second.call("undo", {})))).toBe(4);
    await second.call("drain", { backend: "eu-1" });
    expect(exitCodeFor(await failure(first.call("undo", {})))).toBe(6);
  });
});

describe("a change that wants to be confirmed", () => {
  const change = { backend: "eu-1", weight: 5, confirm_within_ms: 60_000 };

  it("reverts by itself, and the audit names who did not confirm", async () => {
    using client = await connectAs(root);
    await client.call("set_weight", change);
    const { unconfirmed } = (await client.call("snapshot", {})).control;
    expect(unconfirmed).toEqual([
      {
        revision: 1,
        who: "root (uid 0, pid 10)",
        what: "set_weight eu-1 weight=5",
        reverts_at_ms: clock.wall() + 60_000,
      },
    ]);
    clock.advance(60_000);
    await vi.waitFor(() => expect(rig.backend.acts).toHaveLength(2));
    expect(rig.backend.acts[1]).toEqual({ kind: "set_weight", backend: "eu-1", weight: "auto" });
    expect(rig.backend.audits.at(-1)?.who).toBe("sssonectord (root (uid 0, pid 10) did not confirm)");
    expect((await client.call("snapshot", {})).control.unconfirmed).toEqual([]);
  });

  it("stays when its user confirms it, over whichever connection", async () => {
    using client = await connectAs(root);
    await client.call("set_weight", change);
    using other = await connectAs(bob);
    expect(exitCodeFor(await failure(other.call("confirm", {})))).toBe(4);
    using again = await connectAs(root);
    expect((await again.call("confirm", {})).message).toBe("kept: set_weight eu-1 weight=5");
    clock.advance(120_000);
    expect((await again.call("snapshot", {})).control.unconfirmed).toEqual([]);
    expect(rig.backend.acts).toHaveLength(1);
  });

  it("does not take back what somebody else did after it", async () => {
    using client = await connectAs(root);
    await client.call("set_weight", change);
    using other = await connectAs(bob);
    await other.call("set_weight", { backend: "eu-1", weight: 9 });
    clock.advance(120_000);
    expect((await client.call("snapshot", {})).control.revision).toBe(2);
    expect(rig.backend.acts).toHaveLength(2);
  });
});

describe("the user's own ssh connection", () => {
  const ssh = { peer: "10.8.0.14", local: "10.8.0.1" };
  const connections = [aConnection("c1", { inner: ["10.8.0.14"] }), aConnection("c2", { inner: ["10.8.0.15"] })];

  async function throughTunnel(): Promise<ControlClient> {
    rig.backend.set(aSnapshot({ connections }));
    const client = await rig.connect();
    await client.call("hello", { versions: [1], client: "test", ssh });
    return client;
  }

  it("is not cut unless the risk is accepted; others may be", async () => {
    using client = await throughTunnel();
    for (const call of [client.call("kick", { target: "c1" }), client.call("stop", { dry_run: true })]) {
      const error = await failure(call);
      expect(error).toMatchObject({
        message: "it would cut the connection that you work through (--accept-risk does it all the same)",
      });
      expect(exitCodeFor(error)).toBe(6);
    }
    expect(rig.backend.kicked).toEqual([]);
    await client.call("kick", { target: "c2" });
    const told = await client.call("kick", { target: "c1", accept_risk: true, dry_run: true });
    expect(told.facts).toMatchObject({ cuts_own: true });
    await client.call("kick", { target: "c1", accept_risk: true });
    expect(rig.backend.kicked.map(({ target }) => target)).toEqual(["c2", "c1"]);
  });
});

describe("who else is there", () => {
  it("subscribers are named with what they did last, and go when they leave", async () => {
    using watcher = await connectAs(root);
    let seen: Snapshot | undefined;
    await watcher.subscribe(10, (snapshot) => (seen = snapshot));
    using other = await connectAs(bob);
    await other.subscribe(1, () => undefined);
    await other.call("drain", { backend: "eu-1" });
    await vi.waitFor(() => {
      clock.advance(100);
      expect(seen?.control.attached.map(({ who, client, role, last }) => [who, client, role, last])).toEqual([
        ["root (uid 0, pid 10)", "test", "operator", null],
        ["bob (uid 1001, pid 12)", "test", "operator", "drain eu-1"],
      ]);
    });
    other.close();
    await vi.waitFor(() => {
      clock.advance(100);
      expect(seen?.control.attached).toHaveLength(1);
    });
  });
});
