import { Box, useApp, useInput, usePaste } from "ink";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import type { Clock } from "../../shared/clock.ts";
import type { Paint, Theme } from "../draw/paint.ts";
import { keysOf } from "../keys/split.ts";
import { isStale } from "../model/state.ts";
import type { Store } from "../model/store.ts";
import { screen } from "../screens/screen.ts";
import { Rows } from "./rows.tsx";
import type { HandBack } from "./suspend.ts";

interface ConsoleProps {
  readonly store: Store;
  readonly paints: Readonly<Record<Theme, Paint>>;
  readonly clock: Clock;
  /** Gets what hands the terminal back for a while. */
  readonly attach: (handBack: HandBack) => void;
}

const ignorePaste = (): void => {};

/** The console: the store's state as a screen, input events as keys. */
export function Console({ store, paints, clock, attach }: ConsoleProps): ReactNode {
  const state = useSyncExternalStore(store.subscribe, () => store.state);
  const { suspendTerminal } = useApp();
  useEffect(() => attach((run) => suspendTerminal(run)), [attach, suspendTerminal]);
  useInput((input, key) => store.send({ kind: "keys", keys: keysOf(input, key), now: clock.now() }));
  // Mounted always: without it Ink delivers pasted text as keys.
  usePaste(ignorePaste);
  const { title, above, table, below } = screen(state);
  const paint = paints[state.theme];
  const stale = isStale(state) && state.snapshot !== undefined;
  return (
    <Box flexDirection="column" width={state.columns} height={state.rows}>
      <Rows lines={[title]} paint={paint} stale={false} />
      <Rows lines={above} paint={paint} stale={stale} />
      <Rows lines={table} paint={paint} stale={stale} />
      <Rows lines={below} paint={paint} stale={stale} />
    </Box>
  );
}
