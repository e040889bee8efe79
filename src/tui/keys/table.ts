/** Every key of the console: what it does, when it can't and why. Help, footer and docs/keys.md are drawn from it. */
import { step } from "../model/message.ts";
import { actionRows } from "./action-rows.ts";
import { dialogRows } from "./dialog-rows.ts";
import { editRows } from "./edit-rows.ts";
import { frontRows } from "./front-rows.ts";
import { listRows } from "./list-rows.ts";
import { rateRows } from "./rate-rows.ts";
import type { KeyRow } from "./row.ts";
import { timeRows } from "./time-rows.ts";

export const keyRows: readonly KeyRow[] = [
  { keys: ["ctrl+c"], layer: "always", shown: "Ctrl-C", what: "quit", act: (state) => step(state, { kind: "quit" }) },
  {
    keys: ["ctrl+z"],
    layer: "always",
    shown: "Ctrl-Z",
    what: "suspend; `fg` brings the console back",
    act: (state) => step(state, { kind: "suspend" }),
  },
  ...listRows,
  ...timeRows,
  ...actionRows,
  ...editRows,
  ...rateRows,
  {
    keys: ["?"],
    layer: "list",
    shown: "?",
    what: "help",
    hint: ["?", "help"],
    act: (state) => step({ ...state, mode: { kind: "help", top: 0 } }),
  },
  {
    keys: ["q"],
    layer: "list",
    shown: "q",
    what: "quit",
    hint: ["q", "quit"],
    act: (state) => step(state, { kind: "quit" }),
  },
  ...dialogRows,
  ...frontRows,
];
