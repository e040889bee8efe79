import { render } from "ink-testing-library";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/shared/clock.ts";
import { Console } from "../../src/tui/ink/console.tsx";
import { initialState } from "../../src/tui/model/state.ts";
import { Store } from "../../src/tui/model/store.ts";
import { aSnapshot } from "../fakes/snapshot.ts";
import { unicodeSetup } from "./driver.ts";

test("input becomes keys, a repeat several of them, and Ink itself draws nothing", async () => {
  const store = new Store(initialState(unicodeSetup, 80, 24), () => {});
  store.send({ kind: "snapshot", snapshot: aSnapshot(), now: 0 });
  const ready = vi.fn<() => void>();
  const attach = vi.fn<() => void>();
  const app = render(<Console store={store} clock={systemClock} attach={attach} ready={ready} />);
  await vi.waitFor(() => expect(ready).toHaveBeenCalledTimes(1));
  app.stdin.write("jj");
  await vi.waitFor(() => expect(store.state.lists.connections.selected).toBe("c2"));
  expect(attach).toHaveBeenCalledTimes(1);
  expect((app.lastFrame() ?? "").trim()).toBe("");
  app.unmount();
});
