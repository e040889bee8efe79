import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { ServiceManager } from "../../src/daemon/service-manager/service-manager.ts";
import { startWatchdog } from "../../src/daemon/service-manager/watchdog.ts";
import { FakeClock } from "../fakes/clock.ts";
import { NotifySocket } from "../fakes/notify-socket.ts";

const unique = `sssonector-notify-${process.pid}`;

test.each([path.join(tmpdir(), unique), `@${unique}`])(
  "a manager that listens on %s is told everything",
  async (name) => {
    using socket = new NotifySocket(name);
    const manager = new ServiceManager({ NOTIFY_SOCKET: name }, 1);
    const before = process.hrtime.bigint() / 1000n;
    manager.ready("ready: 0 sessions, 0 links");
    manager.status("ready: 0 sessions, 0 links");
    manager.status("two\nlines");
    manager.reloading(() => "ready: 1 session")[Symbol.dispose]();
    manager.alive();
    manager.stopping(1500.5);
    await socket.message("STOPPING=1");
    const after = process.hrtime.bigint() / 1000n;
    const [, , reload = "", ...rest] = socket.messages;
    expect(socket.messages.slice(0, 2)).toEqual(["READY=1\nSTATUS=ready: 0 sessions, 0 links\n", "STATUS=two lines\n"]);
    const at = BigInt(/^RELOADING=1\nMONOTONIC_USEC=(\d+)\n$/.exec(reload)?.[1] ?? 0);
    expect(at >= before && at <= after).toBe(true);
    expect(rest).toEqual([
      "READY=1\nSTATUS=ready: 1 session\n",
      "WATCHDOG=1\n",
      "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=1501000\n",
    ]);
  },
);

test.each([
  [undefined],
  [""],
  [path.join(tmpdir(), `${unique}-nobody`)],
  [`@${unique}-nobody`],
  [`/${"x".repeat(200)}`],
])("with nobody at %j nothing happens", (name) => {
  const manager = new ServiceManager({ NOTIFY_SOCKET: name }, 1);
  manager.ready("ready");
  manager.alive();
});

test.each([
  [{}, undefined],
  [{ WATCHDOG_USEC: "30000000" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "17" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "18" }, undefined],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{ WATCHDOG_USEC: "soon" }, undefined],
])("%j asks process 17 for a sign of life within %s ms", (env, expected) => {
  expect(new ServiceManager(env, 17).watchdog).toBe(expected);
});

test("a sign of life comes twice within the patience, and only after an answer", async () => {
  const clock = new FakeClock();
  const asked: (() => void)[] = [];
  let alive = 0;
  const responds = (): Promise<void> => new Promise((resolve) => asked.push(resolve));
  const watchdog = startWatchdog({ clock, patience: 1000, responds, alive: () => (alive += 1) });
  clock.advance(499);
  expect(asked).toHaveLength(0);
  clock.advance(1);
  expect([asked.length, alive]).toEqual([1, 0]);
  clock.advance(5000);
  expect([asked.length, alive]).toEqual([1, 0]);
  asked[0]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(alive).toBe(1);
  clock.advance(500);
  expect(asked).toHaveLength(2);
  watchdog.cancel();
  expect(clock.pending).toBe(0);
});
