import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { FakeClock } from "../../fakes/clock.ts";
import type { Clock } from "../../../src/shared/clock.ts";
import { obey, type ProxyCommand } from "./commands.ts";
import type { PlanChange } from "./plan.ts";
import { ChaosProxy, type ProxyReport } from "./proxy.ts";

const host = "127.0.0.1";
const resources: AsyncDisposableStack[] = [];

afterEach(async () => {
  for (const each of resources.splice(0)) await each.disposeAsync();
});

/** What a socket has received, and how it ended. */
class Ear {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  ended = false;
  error: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket
      .on("data", (chunk: Buffer) => this.chunks.push(chunk))
      .on("end", () => {
        this.ended = true;
      })
      .on("error", (error: NodeJS.ErrnoException) => {
        this.error = error.code;
      });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

interface Scene {
  proxy: ChaosProxy;
  /** A client's connection, and the server's side of it when it has come. */
  dial: () => { client: Ear; server: Promise<Ear> };
}

async function scene(plan: PlanChange = {}, clock?: Clock): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  resources.push(stack);
  const sockets: Socket[] = [];
  const waiting: ((server: Ear) => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    waiting.shift()?.(new Ear(socket));
  }).listen(0, host);
  await once(server, "listening");
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const port = (server.address() as AddressInfo).port;
  const proxy = stack.use(await ChaosProxy.listen({ host, port: 0 }, { host, port }, plan, clock));
  const dial: Scene["dial"] = () => {
    const socket = connect({ ...proxy.address, allowHalfOpen: true });
    sockets.push(socket);
    const server = Promise.withResolvers<Ear>();
    waiting.push(server.resolve);
    return { client: new Ear(socket), server: server.promise };
  };
  return { proxy, dial };
}

async function until(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 5000, interval: 5 });
}

test("bytes and ends pass both ways", async () => {
  const { proxy, dial } = await scene();
  const { client, server: coming } = dial();
  client.socket.end("question");
  const server = await coming;
  await until(() => expect(server).toMatchObject({ text: "question", ended: true }));
  expect(client.ended).toBe(false);
  server.socket.end("answer");
  await until(() => expect(client).toMatchObject({ text: "answer", ended: true, error: undefined }));
  await until(() => expect(proxy.report()).toMatchObject({ accepted: 1, ended: { closed: 1 }, open: [] }));
  expect(proxy.report()).toMatchObject({ to_server: { passed: 8, swallowed: 0 }, to_client: { passed: 6 } });
});

test("both sides get a RST right behind the nth byte", async () => {
  const { proxy, dial } = await scene({ to_client: { fault: { kind: "reset", after: 5 } } });
  const { client, server: coming } = dial();
  const server = await coming;
  server.socket.write("1234");
  await until(() => expect(client.text).toBe("1234"));
  server.socket.write("5678");
  await until(() => expect([client.error, server.error]).toEqual(["ECONNRESET", "ECONNRESET"]));
  expect(client.text).toBe("12345");
  await until(() => expect(proxy.report()).toMatchObject({ ended: { reset: 1 }, to_client: { passed: 5 } }));
});

test("one direction stalls while the other goes on, and goes on itself when it may", async () => {
  const { proxy, dial } = await scene({ to_server: { fault: { kind: "stall", after: 3 } } });
  const { client, server: coming } = dial();
  client.socket.end("abcdef");
  const server = await coming;
  server.socket.end("still here");
  await until(() => expect(client).toMatchObject({ text: "still here", ended: true }));
  await until(() => expect(server.text).toBe("abc"));
  expect(proxy.report().open).toMatchObject([{ id: 1, to_server: { passed: 3 } }]);
  proxy.change({ to_server: { fault: { kind: "none" } } }, "open");
  await until(() => expect(server).toMatchObject({ text: "abcdef", ended: true }));
});

test("a stalled direction is not read, so that its sender is held back", async () => {
  const { proxy, dial } = await scene({ to_server: { fault: { kind: "stall", after: 0 } } });
  const { client, server: coming } = dial();
  const server = await coming;
  const size = 32 * 1024 * 1024;
  client.socket.write(Buffer.alloc(size));
  server.socket.write("x");
  await until(() => expect(client.text).toBe("x"));
  expect(client.socket.writableLength).toBeGreaterThan(0);
  expect(server.chunks).toEqual([]);
  proxy.change({ to_server: { fault: { kind: "none" } } });
  await until(() => expect(proxy.report().to_server.passed).toBe(size));
});

test("a half-open connection swallows bytes and ends, and its sender learns nothing", async () => {
  const { proxy, dial } = await scene();
  const { client, server: coming } = dial();
  const server = await coming;
  client.socket.write("heard");
  await until(() => expect(server.text).toBe("heard"));
  proxy.change({
    to_server: { fault: { kind: "swallow", after: 5 } },
    to_client: { fault: { kind: "swallow", after: 0 } },
  });
  client.socket.write("lost");
  server.socket.end("gone");
  await until(() => expect(proxy.report()).toMatchObject({ to_server: { swallowed: 4 }, to_client: { swallowed: 4 } }));
  server.socket.resetAndDestroy();
  client.socket.write("more");
  await until(() => expect(proxy.report().to_server.swallowed).toBe(8));
  expect(client).toMatchObject({ text: "", ended: false, error: undefined });
  expect(server.text).toBe("heard");
});

test("a reset of one side is passed on to the other", async () => {
  const { dial } = await scene();
  const { client, server: coming } = dial();
  const server = await coming;
  server.socket.resetAndDestroy();
  await until(() => expect(client.error).toBe("ECONNRESET"));
});

test("the end of a side is passed on as late as the plan says", async () => {
  const clock = new FakeClock();
  const { dial } = await scene({ close_delay_ms: 1000 }, clock);
  const { client, server: coming } = dial();
  const server = await coming;
  server.socket.end("bye");
  await until(() => expect([client.text, clock.pending]).toEqual(["bye", 1]));
  clock.advance(999);
  client.socket.write("still open");
  await until(() => expect(server.text).toBe("still open"));
  expect(client.ended).toBe(false);
  clock.advance(1);
  await until(() => expect(client.ended).toBe(true));
});

test("bytes come at the configured rate, and at another one at once", async () => {
  const clock = new FakeClock({ now: 1000 });
  const { proxy, dial } = await scene({ to_client: { bytes_per_second: 50_000 } }, clock);
  const { client, server: coming } = dial();
  const server = await coming;
  server.socket.write(Buffer.alloc(20_000));
  for (let millis = 0; millis <= 200; millis += 20) {
    await until(() => {
      expect(clock.pending).toBe(1);
      expect(proxy.report().to_client.passed).toBe(1000 + millis * 50);
    });
    if (millis < 200) clock.advance(20);
  }
  proxy.change({ to_client: { bytes_per_second: null } });
  await until(() => expect(clock.pending).toBe(1));
  clock.advance(20);
  await until(() => expect(client.text).toHaveLength(20_000));
});

test("the server is dialled only after the delay, and never when nobody is to speak", async () => {
  const clock = new FakeClock();
  const { proxy, dial } = await scene({ accept: { kind: "later", ms: 500 } }, clock);
  const { client, server: coming } = dial();
  let hasCome = false;
  void coming.then(() => (hasCome = true));
  client.socket.write("hello");
  await until(() => expect(clock.pending).toBe(1));
  clock.advance(499);
  expect([client.socket.readyState, hasCome]).toEqual(["open", false]);
  clock.advance(1);
  const server = await coming;
  await until(() => expect(server.text).toBe("hello"));
  proxy.change({ accept: { kind: "never" } });
  const silent = dial();
  await until(() => expect(proxy.report().accepted).toBe(2));
  clock.advance(1e6);
  expect(silent.client).toMatchObject({ text: "", ended: false, error: undefined });
  proxy.change({ accept: { kind: "now" } });
  await silent.server;
});

test("connections are refused by the kernel while the proxy refuses, and open ones stay", async () => {
  const { proxy, dial } = await scene();
  const open = dial();
  const server = await open.server;
  await proxy.refuse(true);
  const { client } = dial();
  await until(() => expect(client.error).toBe("ECONNREFUSED"));
  open.client.socket.write("still there");
  await until(() => expect(server.text).toBe("still there"));
  await proxy.refuse(false);
  dial().client.socket.write("back");
  await until(() => expect(proxy.report()).toMatchObject({ accepted: 2, to_server: { passed: 15 } }));
});

test("a server that takes no call resets the client", async () => {
  const { proxy } = await scene();
  await using other = await ChaosProxy.listen({ host, port: 0 }, proxy.address);
  await proxy.refuse(true);
  const client = new Ear(connect(other.address));
  await until(() => expect(client.error).toBe("ECONNRESET"));
  await until(() => expect(other.report().ended.dial_failed).toBe(1));
});

test("a rule is for the nth connections from when it was set", async () => {
  const { proxy, dial } = await scene();
  await dial().server;
  proxy.rule({ name: "second", nth: 2, last: 3, plan: { to_server: { fault: { kind: "reset", after: 1 } } } });
  const clients: Ear[] = [];
  for (let count = 0; count < 4; count += 1) {
    const { client, server } = dial();
    clients.push(client);
    await server;
    client.socket.write("x");
    await until(() => expect(proxy.report().to_server.passed).toBe(count + 1));
  }
  await until(() =>
    expect(clients.map(({ error }) => error)).toEqual([undefined, "ECONNRESET", "ECONNRESET", undefined]),
  );
  expect(proxy.report().rules).toEqual({ second: 2 });
  proxy.removeRule("second");
  expect(proxy.report().rules).toEqual({});
});

test("every verb of the control protocol does what its method does", async () => {
  const { proxy, dial } = await scene();
  const send = async (command: ProxyCommand): Promise<ProxyReport> => await obey(proxy, command);
  const { client, server } = dial();
  await server;
  expect((await send({ do: "report" })).open).toHaveLength(1);
  await send({ do: "plan", plan: { to_server: { fault: { kind: "swallow", after: 0 } } }, for: "new" });
  client.socket.write("x");
  await until(() => expect(proxy.report().to_server).toEqual({ passed: 1, swallowed: 0 }));
  expect((await send({ do: "rule", rule: { name: "a", nth: 1, plan: {} } })).rules).toEqual({ a: 0 });
  expect((await send({ do: "unrule", name: "a" })).rules).toEqual({});
  await send({ do: "reset" });
  await until(() => expect(client.error).toBe("ECONNRESET"));
  await send({ do: "refuse", refuse: true });
  const late = dial();
  await until(() => expect(late.client.error).toBe("ECONNREFUSED"));
});

test.each([null, { do: "fly" }, { do: "plan", plan: { to_server: { fault: { kind: "reset" } } } }, { do: "refuse" }])(
  "%j is refused",
  async (line) => {
    const { proxy } = await scene();
    await expect(obey(proxy, line)).rejects.toThrow();
  },
);
