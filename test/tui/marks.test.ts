import { describe, expect, test } from "vitest";
import { aBackend, aConnection, aSnapshot } from "../fakes/snapshot.ts";
import { Driver, unicodeSetup } from "./driver.ts";

const connections = ["a", "b", "c"].map((id, at) => aConnection(id, { tx_bps: (3 - at) * 1e6 }));
const backends = [aBackend("eu-1"), aBackend("eu-2"), aBackend("eu-3")];

function start(): Driver {
  return new Driver().snapshot(aSnapshot({ connections, backends }));
}

describe("marked rows", () => {
  test("v marks and goes on, keys act on all of them, and their number is typed", () => {
    const driver = start().press("down", "v", "v", "x");
    expect(driver.text).toMatch(/^ ■a /m);
    driver.answer(true, "would close a; would close b");
    expect(driver.text).toContain("kick 2 connections");
    expect(driver.text).toContain("several at once: type kick 2:");
    expect(driver.press("tab").text).toContain("type kick 2 first");
    driver.press(..."kick 2".split(""), "tab", "enter");
    expect(driver.acts.map(({ order }) => order.targets)).toEqual([["a", "b"]]);
  });

  test("the ctl twin names each", () => {
    const driver = start().press("2", "down", "V");
    expect(driver.text).toContain("$ sssonector ctl drain eu-1; sssonector ctl drain eu-2; sssonector ctl drain eu-3");
  });

  test("a mark goes with its row, and Esc takes marks back first", () => {
    const driver = start().press("down", "v", "v");
    driver.snapshot(aSnapshot({ connections: connections.slice(1), backends }));
    expect([...driver.state.lists.connections.marked]).toEqual(["b"]);
    driver.press("escape");
    expect(driver.state.lists.connections.marked.size).toBe(0);
    expect(driver.state.lists.connections.selected).toBe("c");
  });

  test("V marks what the filter shows", () => {
    const driver = start().press("/", "b", "enter", "V");
    expect([...driver.state.lists.connections.marked]).toEqual(["b"]);
  });
});

describe("the operator's own connection", () => {
  const own = [
    aConnection("a", { inner: ["10.8.0.14"], session: "s-a" }),
    aConnection("b", { inner: ["10.8.0.15"], session: "s-b" }),
  ];
  const ssh = { peer: "10.8.0.14", local: "10.8.0.1" };

  test("is marked YOU", () => {
    const driver = new Driver({ setup: { ...unicodeSetup, ssh } }).snapshot(aSnapshot({ connections: own }));
    expect(driver.text).toMatch(/^ ◆a +YOU laptop-a/m);
    expect(driver.text).toMatch(/^ {2}b +laptop-b/m);
  });

  test("is cut only after its name was typed, with the risk accepted", () => {
    const driver = new Driver({ setup: { ...unicodeSetup, ssh } }).snapshot(aSnapshot({ connections: own }));
    driver.press("down", "x");
    const answer = { dryRun: true, ok: true, text: "would close a", risk: "cuts_own" } as const;
    driver.send({ kind: "answer", token: driver.state.dialogs, answer, now: driver.now });
    expect(driver.text).toContain("it cuts YOUR OWN ssh connection! type a:");
    expect(driver.press("tab").text).toContain("type a first");
    driver.press("a", "tab", "enter");
    expect(driver.acts).toMatchObject([{ acceptRisk: true, order: { targets: ["a"] } }]);
  });

  test("unknown is said", () => {
    const driver = new Driver({ setup: { ...unicodeSetup, ssh: undefined } }).snapshot();
    expect(driver.lines[0]).toContain("YOU ?");
  });
});
