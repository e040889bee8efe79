/** The editor of a bucket's rate: it only chooses one, the act has its dialog. */
import { formatRate, parseRate, type Rate } from "../../shared/units.ts";
import { openDialog } from "./dialog.ts";
import { confirmWithin } from "./edit.ts";
import { type Step, step } from "./message.ts";
import { activeList, type RateEditor, type State } from "./state.ts";

/** Milliseconds that a rate may be set for; null: until it is changed. */
const times: readonly (number | null)[] = [null, 60_000, 600_000, 3_600_000];
const textLength = 16;

function withEditor(state: State, editor: RateEditor): State {
  return { ...state, mode: { kind: "rate", editor } };
}

function edit(change: (editor: RateEditor) => RateEditor): (state: State) => Step {
  return (state) => step(state.mode.kind === "rate" ? withEditor(state, change(state.mode.editor)) : state);
}

export function openRateEditor(state: State): Step {
  const name = activeList(state).selected;
  const row = state.snapshot?.buckets.find((bucket) => bucket.name === name);
  if (row === undefined) return step(state);
  const rate: Rate = row.rate === null ? { kind: "unlimited" } : { kind: row.unit, per_second: row.rate };
  const from = formatRate(rate);
  return step(withEditor(state, { bucket: row.name, from, text: from, confirm: true, time: null }));
}

/** What was typed; undefined: no rate. */
export function rateOf({ text }: Pick<RateEditor, "text">): Rate | "auto" | undefined {
  return text === "auto" ? text : parseRate(text);
}

/** A rate of three digits, so that it can be read: what steps of 10 % lead to. */
function rounded(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 2);
  return Math.max(1, Math.round(value / step) * step);
}

function changed(rate: Rate, share: number): Rate {
  if (rate.kind === "unlimited") return rate;
  if (rate.kind === "packets") return { ...rate, per_second: rounded(rate.per_second * (1 + share)) };
  return { ...rate, per_second: Math.max(1, Math.round(rounded(rate.per_second * 8 * (1 + share)) / 8)) };
}

/** Changes the rate by a share of what it is. */
export function nudgeRate(share: number): (state: State) => Step {
  return edit((editor) => {
    const now = rateOf(editor);
    return now === undefined || now === "auto" ? editor : { ...editor, text: formatRate(changed(now, share)) };
  });
}

export const toggleRateConfirm: (state: State) => Step = edit((editor) => ({ ...editor, confirm: !editor.confirm }));

/** The next time that it is set for. */
export const nextTime: (state: State) => Step = edit((editor) => {
  return { ...editor, time: times[(times.indexOf(editor.time) + 1) % times.length] ?? null };
});

export const eraseRate: (state: State) => Step = edit((editor) => ({ ...editor, text: editor.text.slice(0, -1) }));
export const emptyRate: (state: State) => Step = edit((editor) => ({ ...editor, text: "" }));

/** A character of a rate; the first one takes the place of what was there. */
export function typeRate(state: State, text: string): State {
  if (state.mode.kind !== "rate" || !/^[0-9a-zA-Z./]$/.test(text)) return state;
  const { editor } = state.mode;
  const next = editor.text === editor.from ? text : editor.text + text;
  return next.length > textLength ? state : withEditor(state, { ...editor, text: next });
}

/** Goes on to the dialog. */
export function submitRate(state: State): Step {
  if (state.mode.kind !== "rate") return step(state);
  const { editor } = state.mode;
  const rate = rateOf(editor);
  if (rate === undefined)
    return step({ ...state, notice: "a rate is 50mbit, 6MB/s, 10000 (packets), unlimited or auto" });
  const { time, confirm } = editor;
  const args = { rate, ...(time === null ? {} : { for: time }), ...(confirm ? { confirmWithin } : {}) };
  return openDialog("set_rate", { ...state, mode: { kind: "browse" } }, args);
}
