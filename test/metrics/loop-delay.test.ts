import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { createLoopCells, LoopMeter, LoopWindow } from "../../src/daemon/metrics/loop-delay.ts";

it("finds a loop that was kept, and remembers it for a minute", async () => {
  const cells = createLoopCells();
  const meter = new LoopMeter(cells);
  const window = new LoopWindow(cells);
  await pause(100);
  const end = performance.now() + 300;
  while (performance.now() < end);
  await pause(50);
  expect(meter.sample()).toBeGreaterThan(0.3);
  window.tick();
  expect(window.figures.worst).toBeGreaterThan(0.2);
  for (let second = 0; second < 59; second++) window.tick();
  expect(window.figures.worst).toBeGreaterThan(0.2);
  window.tick();
  expect(window.figures.worst).toBe(0);
  meter.stop();
});

it("counts what the loop waits for", () => {
  const timers = Array.from({ length: 50 }, () => setTimeout(() => undefined, 60_000));
  const cells = createLoopCells();
  const meter = new LoopMeter(cells);
  meter.sample();
  expect(new LoopWindow(cells).figures.resources).toBeGreaterThanOrEqual(50);
  for (const timer of timers) clearTimeout(timer);
  meter.stop();
});
