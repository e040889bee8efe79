import { useApp, useInput, usePaste } from "ink";
import { type ReactNode, useEffect } from "react";
import type { Clock } from "../../shared/clock.ts";
import { keysOf } from "../keys/split.ts";
import type { Store } from "../model/store.ts";
import type { HandBack } from "./suspend.ts";

interface ConsoleProps {
  readonly store: Store;
  readonly clock: Clock;
  /** Gets what hands the terminal back for a while. */
  readonly attach: (handBack: HandBack) => void;
  /** Ink has the terminal now. */
  readonly ready: () => void;
}

const ignorePaste = (): void => {};

/** What Ink does for the console: it has the terminal, and makes keys of input. Frames draws. */
export function Console({ store, clock, attach, ready }: ConsoleProps): ReactNode {
  const { suspendTerminal } = useApp();
  useEffect(() => {
    attach((run) => suspendTerminal(run));
    ready();
  }, [attach, suspendTerminal, ready]);
  useInput((input, key) => store.send({ kind: "keys", keys: keysOf(input, key), now: clock.now() }));
  // Mounted always: without it Ink delivers pasted text as keys.
  usePaste(ignorePaste);
  return null;
}
