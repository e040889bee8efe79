import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { errorsPage } from "../../scripts/docs/errors.ts";
import { pages, stalePages, writePages } from "../../scripts/docs/pages.ts";
import { errorCodes } from "../../src/shared/errors.ts";

test("a page that is missing or was edited is stale until it is written", () => {
  const root = mkdtempSync(join(tmpdir(), "sssonector-pages-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const stale = (): string[] => stalePages(root).map(({ path }) => path);
  expect(stale()).toEqual(pages.map(({ path }) => path));
  writePages(root);
  expect(stale()).toEqual([]);
  appendFileSync(join(root, "docs/errors.md"), "by hand\n");
  expect(stale()).toEqual(["docs/errors.md"]);
});

test("every error code is on its page", () => {
  const page = errorsPage();
  for (const [code, { means }] of Object.entries(errorCodes)) {
    expect(page).toContain(`| \`${code}\` | ${means.replaceAll("|", "\\|")} |`);
  }
});
