import { type ActionName, actions } from "../model/actions.ts";
import { openDialog, whyNot } from "../model/dialog.ts";
import type { TabName } from "../tables/table.ts";
import type { KeyRow } from "./row.ts";

function actionRow(key: string, action: ActionName, what: string, hintOn: readonly TabName[]): KeyRow {
  return {
    keys: [key],
    layer: "list",
    shown: key,
    what: `${what}; asks first`,
    hint: [key, actions[action].word],
    hintOn,
    alone: true,
    disabled: (state) => whyNot(action, state),
    act: (state) => openDialog(action, state),
  };
}

/** Keys that act on the selected row: each opens a dialog. */
export const actionRows: readonly KeyRow[] = [
  actionRow("u", "undo", "take back your last change", []),
  actionRow("x", "kick", "kick the selected connection or session", ["connections", "sessions"]),
  actionRow("d", "drain", "drain the selected backend: what can move is moved", ["backends"]),
  actionRow("e", "ready", "take the selected backend back after drain or maint", ["backends"]),
  actionRow("m", "maint", "take the selected backend out: no traffic, no checks", ["backends"]),
  actionRow("R", "reset_breaker", "reset the selected backend's breaker", ["breakers"]),
  actionRow("O", "open_breaker", "force the selected backend's breaker open", ["breakers"]),
  actionRow("C", "close_breaker", "have the selected backend's breaker admit everything", ["breakers"]),
];
