import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { paramSchemas } from "../../src/daemon/control/params.ts";
import { errorCodeOf, exitCodeFor } from "../../src/shared/control/exit.ts";
import { type Method, methods, rpcErrors } from "../../src/shared/control/protocol.ts";
import { SssonectorError } from "../../src/shared/errors.ts";

const page = readFileSync(new URL("../../docs/control-protocol.md", import.meta.url), "utf8");

function section(name: string): string {
  return page.split(`<!-- ${name} -->\n`)[1]?.split(`<!-- /${name} -->`)[0] ?? "";
}

function table(titles: string[], rows: string[][]): string {
  return [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

it("the page's methods are the protocol's", () => {
  const rows = Object.entries(methods).map(([name, row]) => [
    `\`${name}\``,
    row.role,
    row.params,
    row.result,
    row.does,
  ]);
  expect(section("methods")).toBe(table(["method", "role", "parameters", "result", "does"], rows));
});

it("the page's errors are the protocol's", () => {
  const rows = Object.entries(rpcErrors).map(([kind, { code, means }]) => {
    const exit = exitCodeFor(new SssonectorError(errorCodeOf(kind), ""));
    return [`\`${kind}\``, String(code), means, String(exit)];
  });
  expect(section("errors")).toBe(table(["kind", "code", "means", "exit"], rows));
});

it("the methods' parameters are those that the daemon takes", () => {
  for (const name of Object.keys(methods) as Method[]) {
    const schema = paramSchemas[name] as unknown as {
      shape: Record<string, { safeParse(value: unknown): { success: boolean } }>;
    };
    const params = Object.entries(schema.shape).map(([key, value]) =>
      value.safeParse(undefined).success ? `${key}?` : key,
    );
    expect(methods[name].params).toBe(params.join(", "));
  }
});
