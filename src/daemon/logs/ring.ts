import { logLevelNames, logLevels, type LogLevel, type LogLine } from "../../shared/control/log-line.ts";

const keptLines = 2_000;
const keptCharacters = 1024 * 1024;

/** The newest log lines: 2,000 or a million characters. They are decoded when somebody asks. */
export class LogRing {
  readonly #lines: { readonly seq: number; readonly text: string }[] = [];
  #characters = 0;
  #seq = 0;

  /** Takes a line as pino writes it. */
  add(text: string): void {
    this.#seq += 1;
    this.#lines.push({ seq: this.#seq, text });
    this.#characters += text.length;
    while (this.#lines.length > keptLines || this.#characters > keptCharacters) {
      this.#characters -= this.#lines.shift()?.text.length ?? 0;
    }
  }

  /** The newest `most` lines after number `since` that are at least of `level`, oldest first. */
  since(since: number, level: LogLevel, most: number): LogLine[] {
    const found: LogLine[] = [];
    for (let at = this.#lines.length - 1; at >= 0 && found.length < most; at--) {
      const entry = this.#lines[at];
      if (entry === undefined || entry.seq <= since) break;
      const line = decode(entry.seq, entry.text);
      if (logLevels[line.level] >= logLevels[level]) found.push(line);
    }
    return found.toReversed();
  }
}

function decode(seq: number, text: string): LogLine {
  const {
    level,
    time,
    code,
    msg,
    pid: _pid,
    name: _name,
    ...facts
  } = JSON.parse(text) as {
    level: number;
    time: number;
    code: string;
    msg: string;
    pid: number;
    name: string;
  } & Record<string, string | number>;
  const named = logLevelNames.find((one) => logLevels[one] === level) ?? "info";
  return { seq, time_ms: time, level: named, code, message: msg, facts };
}
