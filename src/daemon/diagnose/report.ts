import { checks, exitCodeOf, type Finding } from "./finding.ts";

const marks = { ok: "ok", warning: "WARN", failed: "FAIL", skipped: "-" } as const;

/** One finding a line, with what mends it below. */
export function reportText(findings: readonly Finding[]): string {
  const width = Math.max(...Object.keys(checks).map((name) => name.length));
  const lines = findings.flatMap(({ check, verdict, message, next }) => {
    const line = `${marks[verdict].padEnd(4)}  ${check.padEnd(width)}  ${message}`;
    return next === null ? [line] : [line, `${" ".repeat(8 + width)}→ ${next}`];
  });
  return `${lines.join("\n")}\n${summary(findings)}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Finding["verdict"]): number => findings.filter((one) => one.verdict === verdict).length;
  if (exitCodeOf(findings) === 0) return "nothing to mend";
  return `${count("failed")} to mend, ${count("warning")} warnings`;
}

export function reportJson(findings: readonly Finding[]): string {
  return `${JSON.stringify({ v: 1, findings })}\n`;
}
