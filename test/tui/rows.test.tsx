import { render } from "ink-testing-library";
import { expect, test } from "vitest";
import { seg } from "../../src/tui/draw/line.ts";
import { painter } from "../../src/tui/draw/paint.ts";
import { Rows } from "../../src/tui/ink/rows.tsx";

test("each line is one row, blank lines too, and long ones are cut, not wrapped", () => {
  const lines = [[seg("one", "rx"), seg(" two", "strong")], [], [seg("x".repeat(200))]];
  const { lastFrame, unmount } = render(<Rows lines={lines} paint={painter(0)} stale={false} />);
  const rows = (lastFrame() ?? "").split("\n");
  expect(rows).toHaveLength(3);
  expect(rows[0]).toContain("one");
  expect(rows[1]?.trim()).toBe("");
  expect(rows[2]?.length).toBeLessThanOrEqual(100);
  unmount();
});

test("a stale frame is painted in one tone", () => {
  const { lastFrame, unmount } = render(<Rows lines={[[seg("one", "rx")]]} paint={painter(256)} stale />);
  expect(lastFrame()).toContain("\u001b[38;5;240mone");
  unmount();
});
