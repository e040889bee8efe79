/**
 * Units as operators write them: sizes ("32KB"), durations ("300s"), rates ("100mbit", "12MB/s", 10000).
 *
 * Sizes are memory, so K, M and G are powers of 1024: `32KB` = `32KiB` = 32768 bytes. Rates are traffic, so k, m and g
 * are powers of 1000: `100mbit` = 100,000,000 bits a second, `12MB/s` = 12,000,000 bytes a second.
 */

/** A rate: bytes a second or packets a second, both whole and at least 1, or no limit. */
export type Rate =
  | { kind: "bytes"; per_second: number }
  | { kind: "packets"; per_second: number }
  | { kind: "unlimited" };

/** An amount that may pass at once: bytes or packets, whole and at least 1. */
export type Burst = { kind: "bytes"; amount: number } | { kind: "packets"; amount: number };

type Scale = readonly (readonly [unit: string, factor: number])[];

// Largest first, because formatting takes the first unit that divides the value.
const sizeScale: Scale = [
  ["GB", 1024 ** 3],
  ["MB", 1024 ** 2],
  ["KB", 1024],
  ["B", 1],
];
const durationScale: Scale = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];
const bitScale: Scale = [
  ["gbit", 125_000_000],
  ["mbit", 125_000],
  ["kbit", 125],
];
const byteScale: Scale = [
  ["GB/s", 1e9],
  ["MB/s", 1e6],
  ["kB/s", 1e3],
  ["B/s", 1],
];

function scaled(text: string, scale: Scale): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z/]+)$/i.exec(text.trim());
  const factor = scale.find(([unit]) => unit.toLowerCase() === match?.[2]?.toLowerCase())?.[1];
  if (match === null || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

function written(value: number, scale: Scale): string | undefined {
  const fit = scale.find(([, factor]) => value >= factor && value % factor === 0);
  return fit === undefined ? undefined : `${value / fit[1]}${fit[0]}`;
}

function count(text: string): number | undefined {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes of "32KB", "32KiB", "4M", "512B"; undefined when the text is not a size. The unit is needed, also for bytes. */
export function parseSize(text: string): number | undefined {
  return scaled(text.replace(/([kmg])(?:iB)?$/i, "$1B"), sizeScale);
}

/** The shortest exact text of a number of bytes: 32768 is "32KB". */
export function formatSize(bytes: number): string {
  return written(bytes, sizeScale) ?? "0B";
}

/** Milliseconds of "250ms", "30s", "1m", "24h", "365d"; undefined when the text is not a duration. The unit is needed. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, durationScale);
}

/** The shortest exact text of a number of milliseconds: 90000 is "90s", 60000 is "1m". */
export function formatDuration(milliseconds: number): string {
  return written(milliseconds, durationScale) ?? "0s";
}

/** "100mbit" and "12MB/s" are bytes a second, a bare 10000 is packets a second, "unlimited" is no limit; else undefined. */
export function parseRate(text: string): Rate | undefined {
  if (text === "unlimited") return { kind: "unlimited" };
  const packets = count(text);
  if (packets !== undefined) return { kind: "packets", per_second: packets };
  const bytes = scaled(text, bitScale) ?? scaled(text, byteScale);
  return bytes === undefined ? undefined : { kind: "bytes", per_second: bytes };
}

/** The shortest exact text of a rate; bits where they come out even. */
export function formatRate(rate: Rate): string {
  if (rate.kind === "unlimited") return "unlimited";
  if (rate.kind === "packets") return String(rate.per_second);
  return written(rate.per_second, bitScale) ?? written(rate.per_second, byteScale) ?? "0B/s";
}

/** "4MB" is bytes, a bare 1000 is packets; undefined when the text is neither. */
export function parseBurst(text: string): Burst | undefined {
  const packets = count(text);
  if (packets !== undefined) return { kind: "packets", amount: packets };
  const bytes = parseSize(text);
  return bytes === undefined ? undefined : { kind: "bytes", amount: bytes };
}

/** The shortest exact text of a burst. */
export function formatBurst(burst: Burst): string {
  return burst.kind === "packets" ? String(burst.amount) : formatSize(burst.amount);
}
