import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const module = new URL("../../src/daemon/sys/tier-up.ts", import.meta.url).href;
const packet = "let sum = 0; function packet(n) { for (const part of [1, 2, 3]) sum += part * n; }";

/** Whether V8 chooses to optimise a function that is called 200 times. */
function optimised(before: string): boolean {
  const script = `${before}; ${packet} for (let n = 0; n < 200; n++) packet(n);`;
  const args = ["--trace-opt", "--no-concurrent-recompilation", "--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toBe("");
  return /marking .*<JSFunction packet .* for optimization/.test(stdout);
}

test("what is called 200 times is optimised, which it is not at V8's own thresholds", () => {
  expect(optimised("")).toBe(false);
  expect(optimised(`import { optimiseSooner } from "${module}"; optimiseSooner()`)).toBe(true);
});
