/** Numbers as people read them; `--json` has the raw ones. */

const steps = ["", "k", "M", "G", "T", "P"] as const;

/** Bits a second: 34000000 is "34.0 Mb/s". */
export function bitRate(bps: number): string {
  return `${scaled(bps)}b/s`;
}

/** Bytes in powers of 1000, as traffic is counted: 20000000 is "20.0 MB". */
export function byteCount(bytes: number): string {
  return `${scaled(bytes)}B`;
}

/** The two largest units of a time: 93784 s is "1d 2h". */
export function timeSpan(seconds: number): string {
  if (seconds < 0) return `-${timeSpan(-seconds)}`;
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join(" ");
}

/** Milliseconds of a round trip. */
export function roundTrip(milliseconds: number | null): string {
  return milliseconds === null ? "-" : `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}

function scaled(value: number): string {
  let rest = value;
  let step = 0;
  for (; rest >= 999.95 && step < steps.length - 1; step += 1) rest /= 1_000;
  return `${step === 0 ? String(Math.round(rest)) : rest.toFixed(1)} ${steps[step] ?? ""}`;
}
