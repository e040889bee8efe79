import { expect, test } from "vitest";
import { Gate, type Limiting } from "../../src/daemon/service/gate.ts";
import { until } from "./sockets.ts";

/** Lets pass while it is open; everything that it was asked to count. */
class Door implements Limiting {
  shut = false;
  readonly counted: [bytes: number, packets: number][] = [];
  wait(): number {
    return this.shut ? 1 : 0;
  }
  take(bytes: number, packets: number): void {
    this.counted.push([bytes, packets]);
  }
}

test("counts what passes, and makes those wait that come while there is nothing, each in its turn", async () => {
  const door = new Door();
  const gate = new Gate(() => performance.now());
  const order: string[] = [];
  gate.limit = door;
  expect(gate.passed(1400, () => order.push("free"))).toBe(true);
  door.shut = true;
  expect(gate.passed(65_536, () => order.push("first"))).toBe(false);
  expect(gate.passed(1, () => order.push("second"))).toBe(false);
  const gone = (): void => void order.push("gone");
  expect(gate.passed(1, gone)).toBe(false);
  gate.leave(gone);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual([]);
  door.shut = false;
  // Who comes now stands behind those that wait.
  expect(gate.passed(1, () => order.push("third"))).toBe(false);
  await until(() => order.length === 3);
  expect(order).toEqual(["first", "second", "third"]);
  expect(door.counted).toEqual([
    [1400, 1],
    [65_536, 47],
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
});

test("without a limit nothing is counted, and those that wait go on when it is taken away", async () => {
  const gate = new Gate(() => performance.now());
  const door = new Door();
  door.shut = true;
  gate.limit = door;
  let went = false;
  expect(gate.passed(10, () => (went = true))).toBe(false);
  gate.limit = undefined;
  await until(() => went);
  expect(gate.passed(10, () => {})).toBe(true);
  expect(door.counted).toHaveLength(1);
});
