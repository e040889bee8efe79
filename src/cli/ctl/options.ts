import { SssonectorError } from "../../shared/errors.ts";
import { parseDuration } from "../../shared/units.ts";

/** An option of the command line. */
export interface OptionRow {
  /** What stands for its value in help; none: the option takes no value. */
  value?: string;
  does: string;
}

export type OptionName =
  | "socket"
  | "url"
  | "token-file"
  | "json"
  | "timeout"
  | "help"
  | "watch"
  | "interval"
  | "follow"
  | "since"
  | "level"
  | "by"
  | "reason"
  | "dry-run"
  | "yes"
  | "for"
  | "deadline"
  | "all"
  | "accept-risk"
  | "session"
  | "write"
  | "burst"
  | "confirm-within";

/** Every option of every verb. */
export const optionRows: Readonly<Record<OptionName, OptionRow>> = {
  socket: { value: "PATH", does: "the daemon's control socket; default: the only one in the run directory" },
  url: { value: "URL", does: "the daemon's control.tcp in place of a socket, as in ws://127.0.0.1:7433" },
  "token-file": { value: "FILE", does: "file with the token for --url; default: the token in SSSONECTOR_TOKEN" },
  json: { does: "print JSON, one object per answer" },
  timeout: { value: "DURATION", does: "wait this long for an answer; default 5s" },
  help: { does: "print help" },
  watch: { does: "print again and again" },
  interval: { value: "DURATION", does: "time between prints of --watch; default 1s" },
  follow: { does: "go on with what comes" },
  since: { value: "DURATION|SEQ", does: "only those of the last DURATION, or after number SEQ" },
  level: { value: "LEVEL", does: "only lines of at least this level: trace, debug, info, warn, error, fatal" },
  reason: { value: "TEXT", does: "why; told to the peer and audited" },
  by: { value: "WHAT", does: "identity (the default) or destination" },
  "dry-run": { does: "say what would happen and do nothing" },
  yes: { does: "don't ask" },
  for: {
    value: "WHAT",
    does: "wait: ready, drained, state=S, drained=B, up=B or breaker-closed=B; open-breaker, set-rate, record, capture: a duration",
  },
  deadline: { value: "DURATION", does: "close what is left after that time" },
  "confirm-within": { value: "DURATION", does: "revert by itself unless `confirm` comes within that time" },
  all: { does: "every breaker" },
  burst: { value: "SIZE|N", does: "what may pass at once above the rate; default 100 ms of it" },
  session: { value: "SESSION", does: "only packets of this session" },
  write: { value: "FILE|-", does: "-w: the pcap file to write; -: the standard output" },
  "accept-risk": { does: "do it also when it takes the last healthy backend" },
};

/** Values as they stand on the command line: text, or true for an option without a value. */
export type RawOptions = Partial<Record<OptionName, string | true>>;

/** Options with their values decoded. */
export interface Options {
  socket: string | undefined;
  url: string | undefined;
  tokenFile: string | undefined;
  session: string | undefined;
  write: string | undefined;
  json: boolean;
  /** Milliseconds; undefined when not given. */
  timeout: number | undefined;
  watch: boolean;
  /** Milliseconds. */
  interval: number;
  follow: boolean;
  since: Since | undefined;
  level: string | undefined;
  by: string | undefined;
  reason: string | undefined;
  dryRun: boolean;
  yes: boolean;
  for: string | undefined;
  /** Milliseconds. */
  deadline: number | undefined;
  confirmWithin: number | undefined;
  all: boolean;
  burst: string | undefined;
  acceptRisk: boolean;
}

export type Since = { kind: "age"; milliseconds: number } | { kind: "seq"; seq: number };

/** @throws SssonectorError usage */
export function decodeOptions(raw: RawOptions): Options {
  return {
    socket: text(raw.socket),
    url: text(raw.url),
    tokenFile: text(raw["token-file"]),
    session: text(raw.session),
    write: text(raw.write),
    json: raw.json === true,
    timeout: durationOf("timeout", raw.timeout),
    watch: raw.watch === true,
    interval: durationOf("interval", raw.interval) ?? 1_000,
    follow: raw.follow === true,
    since: since(raw.since),
    level: text(raw.level),
    by: text(raw.by),
    reason: text(raw.reason),
    dryRun: raw["dry-run"] === true,
    yes: raw.yes === true,
    for: text(raw.for),
    deadline: durationOf("deadline", raw.deadline),
    all: raw.all === true,
    burst: text(raw.burst),
    confirmWithin: durationOf("confirm-within", raw["confirm-within"]),
    acceptRisk: raw["accept-risk"] === true,
  };
}

function text(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value;
}

/**
 * Milliseconds from 100 ms to 24 days, the longest that a timer can wait; undefined when there is no value.
 * @throws SssonectorError usage
 */
export function durationOf(name: OptionName, value: string | true | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined && milliseconds >= 100 && milliseconds < 2 ** 31) return milliseconds;
  throw new SssonectorError("usage", `--${name} wants a duration from 100ms to 24d (got ${JSON.stringify(value)})`);
}

function since(value: string | true | undefined): Since | undefined {
  if (typeof value !== "string") return undefined;
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined) return { kind: "age", milliseconds };
  if (/^\d{1,15}$/.test(value)) return { kind: "seq", seq: Number(value) };
  throw new SssonectorError("usage", `--since wants a duration or a number (got ${JSON.stringify(value)})`);
}
