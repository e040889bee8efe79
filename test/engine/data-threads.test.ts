import { beforeEach, describe, expect, test } from "vitest";
import { DataThreads } from "../../src/daemon/engine/data-threads.ts";
import type { Command, Event } from "../../src/daemon/engine/messages.ts";
import type { PublishedService } from "../../src/daemon/engine/service-messages.ts";
import type { Arrival } from "../../src/daemon/link/arrival.ts";
import { bucketWidth } from "../../src/daemon/metrics/bucket-slots.ts";
import { linkWidth } from "../../src/daemon/metrics/link-slots.ts";
import { spec } from "../flow/parts.ts";
import { hello, welcomeFor } from "./ends.ts";

const session = "aa".repeat(16);
let posted: { thread: number; command: Command }[];
let emitted: Event[];
let threads: DataThreads;

beforeEach(() => {
  posted = [];
  emitted = [];
  threads = new DataThreads({
    count: 3,
    linkCapacity: 100,
    bucketCapacity: 1000,
    post: (thread, command) => void posted.push({ thread, command }),
    emit: (event) => void emitted.push(event),
  });
});

/** What was posted since the last call: the threads, with what of the command matters. */
function told(): unknown[] {
  return posted.splice(0).map(({ thread, command }) => {
    if (command.type === "know" || command.type === "holders") return [thread, command.type, ...command.threads];
    if (command.type === "bucket_shared") {
      return [thread, command.home, ...command.others.map((other) => `${other.thread}:${other.slot}`)];
    }
    if (command.type === "publish") return [thread, command.services.map(({ name }) => name)];
    return [thread, command.type];
  });
}

function admit(link: number, supersede = false): void {
  threads.send({
    type: "admit",
    link,
    session: spec(session, ["10.8.0.2"]),
    welcome: welcomeFor({ session, addresses: ["10.8.0.2"] }),
    linkIndex: 0,
    supersede,
  });
}

const closed = (link: number): Event => ({ type: "closed", link, reason: "normal", text: "" });
const service = (name: string): PublishedService => ({ name }) as PublishedService;

function publish(...names: string[]): unknown[] {
  threads.send({ type: "publish", seq: 1, services: names.map(service) });
  return told();
}

const row = (link: number, state: "accepting" | "configuring", age: number): Arrival => ({
  link,
  remote: "",
  identity: "",
  state,
  age,
});

describe("several data threads as one", () => {
  test("listen on the port that the first has got, and say so when all do", () => {
    threads.send({ type: "listen", host: "::", port: 0 });
    expect(told()).toEqual([[0, "listen"]]);
    threads.arrived(0, { type: "listening", port: 4711 });
    expect(posted.map(({ thread, command }) => [thread, command])).toEqual([
      [1, { type: "listen", host: "::", port: 4711 }],
      [2, { type: "listen", host: "::", port: 4711 }],
    ]);
    threads.arrived(2, { type: "listening", port: 4711 });
    expect(emitted).toEqual([]);
    threads.arrived(1, { type: "listening", port: 4711 });
    expect(emitted).toEqual([{ type: "listening", port: 4711 }]);
  });

  test("get what is about a link where the link is, and what is about all of them everywhere", () => {
    for (const link of [1, 2, 3, 4]) threads.send({ type: "close", link, reason: "normal", text: "" });
    expect(told()).toEqual([0, 1, 2, 0].map((thread) => [thread, "close"]));
    threads.send({ type: "goaway", link: 5, scope: "link", reason: "" });
    expect(told()).toEqual([[1, "goaway"]]);
    threads.send({ type: "goaway", link: undefined, scope: "server", reason: "" });
    threads.send({ type: "draining", on: true });
    expect(told()).toEqual(["goaway", "draining"].flatMap((type) => [0, 1, 2].map((thread) => [thread, type])));
  });

  test("know of every session which of them have links of it", () => {
    admit(1);
    expect(told()).toEqual([
      [0, "admit"],
      [1, "know", 0],
      [2, "know", 0],
    ]);
    // A second link on the same thread changes nothing for the others but what they know of the session.
    admit(4);
    expect(told()).toEqual([
      [0, "admit"],
      [1, "know", 0],
      [2, "know", 0],
    ]);
    admit(2);
    expect(told()).toEqual([
      [1, "admit"],
      [0, "know", 0, 1],
      [2, "know", 0, 1],
      [1, "holders", 0, 1],
    ]);
    threads.arrived(0, closed(1));
    expect(told()).toEqual([]);
    // One that is being left counts as gone, and once.
    threads.arrived(0, { type: "goaway", link: 4, scope: "link", reason: "" });
    expect(told()).toEqual([0, 1, 2].map((thread) => [thread, "holders", 1]));
    threads.arrived(0, closed(4));
    expect(told()).toEqual([]);
    threads.send({ type: "close_session", session, reason: "normal", text: "" });
    expect(told()).toEqual([0, 1, 2].map((thread) => [thread, "close_session"]));
    threads.arrived(1, closed(2));
    expect(told()).toEqual([]);
    expect(emitted.map(({ type }) => type)).toEqual(["closed", "goaway", "closed", "closed"]);
  });

  test("end the older links of a session that is taken over, wherever they are", () => {
    admit(1);
    posted = [];
    admit(2, true);
    const know = posted.find(({ command }) => command.type === "know")?.command;
    expect(know).toMatchObject({ supersede: true, linkIndex: 0 });
  });

  test("have their figures one behind the other", () => {
    const certificate = { serial: "", issuer: "", notAfterMs: 0 };
    const took = { authenticate: 1, configure: 1 };
    const first = { type: "hello", link: 3, slot: linkWidth, remote: "", identity: "ann", certificate, took } as const;
    threads.arrived(2, { ...first, hello });
    expect(emitted).toEqual([{ ...first, hello, slot: linkWidth * 201 }]);
    emitted = [];
    threads.arrived(1, { type: "bucket", name: "global/up", slot: 0 });
    expect(emitted).toEqual([{ type: "bucket", name: "global/up", slot: bucketWidth * 1000 }]);
  });

  test("that have the same bucket hear of each other", () => {
    const name = "global/down";
    threads.arrived(1, { type: "bucket", name, slot: 8 });
    expect(told()).toEqual([]);
    threads.arrived(0, { type: "bucket", name, slot: 16 });
    const home = { thread: 1, slot: 8 };
    expect(told()).toEqual([
      [1, home, "0:16"],
      [0, home, "1:8"],
    ]);
    threads.arrived(1, { type: "bucket_gone", name, slot: 8 });
    expect(told()).toEqual([[0, undefined]]);
  });

  test("have a service each, which stays where it is", () => {
    expect(publish("a", "b", "c", "d")).toEqual([
      [0, ["a", "d"]],
      [1, ["b"]],
      [2, ["c"]],
    ]);
    expect(publish("b", "d", "e")).toEqual([
      [0, ["d"]],
      [1, ["b"]],
      [2, ["e"]],
    ]);
  });

  test("tell of arrivals as one, those first that are furthest", () => {
    threads.arrived(0, { type: "arriving", count: 2, shown: [row(1, "accepting", 9), row(4, "accepting", 5)] });
    threads.arrived(1, { type: "arriving", count: 1, shown: [row(2, "configuring", 1)] });
    expect(emitted.at(-1)).toMatchObject({ count: 3, shown: [{ link: 2 }, { link: 1 }, { link: 4 }] });
    threads.arrived(0, { type: "arriving", count: 0, shown: [] });
    expect(emitted.at(-1)).toMatchObject({ count: 1, shown: [{ link: 2 }] });
  });
});
