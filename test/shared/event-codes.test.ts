import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { eventRows } from "../../src/shared/event-codes.ts";
import { logKeys } from "../../src/shared/log-keys.ts";

const root = new URL("../../src/daemon/", import.meta.url);
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(name, root), "utf8"))
  .join("\n");

it.each(Object.keys(eventRows))("%s is an event that the daemon has", (code) => {
  expect(sources).toContain(`"${code}"`);
});

it.each(Object.entries(eventRows))("%s says what it means and what to do", (_code, { means, next = "look" }) => {
  expect(means).toMatch(/^[A-Z].*\.$/);
  expect(next).toMatch(/^\S.*[^.]$/);
});

it.each(Object.keys(logKeys))("field %s is written as JSON keys are", (key) => {
  expect(key).toMatch(/^[a-z]+(_[a-z]+)*$/);
});
