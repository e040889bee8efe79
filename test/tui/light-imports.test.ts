import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Files of es-toolkit that loading Ink reads, in a program of its own. */
function filesRead(lightly: boolean): number {
  const script = `
    import { registerHooks } from "node:module";
    import { lightImports } from "./src/tui/ink/light-imports.ts";
    let files = 0;
    registerHooks({
      load: (url, context, next) => {
        if (url.includes("/es-toolkit/")) files += 1;
        return next(url, context);
      },
    });
    using _ = ${lightly ? "lightImports()" : "undefined"};
    const { render } = await import("ink");
    if (typeof render !== "function") throw new Error("no Ink");
    console.log(files);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: root, encoding: "utf8" }));
}

test("Ink loads with the two files of es-toolkit that it needs in place of hundreds", () => {
  expect(filesRead(false)).toBeGreaterThan(100);
  expect(filesRead(true)).toBeLessThan(10);
});
