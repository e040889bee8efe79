/** Numbers as people read them, at fixed widths where a column needs them. */

function scaled(value: number, base: number, units: readonly string[]): { digits: string; unit: string } {
  let rest = value;
  let step = 0;
  while (rest >= 999.5 && step < units.length - 1) {
    rest /= base;
    step++;
  }
  const digits = step === 0 || rest >= 99.95 ? rest.toFixed(0) : rest.toFixed(1);
  return { digits, unit: units[step] ?? "" };
}

/** Bits a second, at most 6 characters: `0`, `950`, `12.3k`, `212M`, `1.8G`. */
export function rate(bps: number): string {
  const { digits, unit } = scaled(Math.max(0, bps), 1000, ["", "k", "M", "G", "T"]);
  return digits + unit;
}

/** Bits a second with the unit written out: `212 Mb/s`. */
export function rateLong(bps: number): string {
  const { digits, unit } = scaled(Math.max(0, bps), 1000, ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"]);
  return `${digits} ${unit}`;
}

/** Bytes, binary units: `1.5 GiB`. */
export function bytes(count: number): string {
  const { digits, unit } = scaled(Math.max(0, count), 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
  return `${digits} ${unit}`;
}

/** A count with thousands set apart: `1,204`. */
export function count(value: number): string {
  return Math.trunc(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}

/** A span of time in its two largest units, at most 6 characters: `42s`, `12m05s`, `3h07m`, `12d04h`, `412d`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
  const days = Math.floor(s / 86_400);
  return days < 100 ? `${days}d${two(Math.floor((s % 86_400) / 3600))}h` : `${days}d`;
}

/** A span of time in its largest unit only: `42s`, `12m`, `3h`, `12d`. */
export function roughly(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m`;
  return s < 172_800 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86_400)}d`;
}

/** Milliseconds of a round trip, at most 6 characters: `0.4`, `12.3`, `240`, `1.2s`. */
export function roundTrip(ms: number | null, none: string): string {
  if (ms === null) return none;
  if (ms < 99.95) return ms.toFixed(1);
  return ms < 999.5 ? ms.toFixed(0) : `${(ms / 1000).toFixed(1)}s`;
}

/** Local time of day, `14:02:11`. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "--:--:--";
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}
