import { expect, test } from "vitest";
import { z } from "zod";
import { answers } from "../../../scripts/docs/ctl-schema/answers.ts";
import { ctlSchema } from "../../../scripts/docs/ctl-schema/document.ts";
import { verbs } from "../../../src/cli/ctl/verbs.ts";
import { aStatus } from "../../fakes/snapshot.ts";

const document = JSON.parse(ctlSchema()) as z.core.JSONSchema.BaseSchema;
const status = { v: 1, ...aStatus() };

function published(name: string): z.ZodType {
  return z.fromJSONSchema({ ...document, $ref: `#/$defs/${name}` });
}

test("every verb has its schema", () => {
  expect(Object.keys(document.$defs ?? {})).toEqual(expect.arrayContaining(verbs.map(({ name }) => name)));
});

test("fields say what they mean", () => {
  const fields = document.$defs?.["Bucket"]?.properties?.["burst"];
  expect(fields).toMatchObject({ description: "What may pass at once; null when it is unlimited." });
});

test("readers may meet more fields, our own tests none", () => {
  expect(published("status").safeParse(status).success).toBe(true);
  expect(published("status").safeParse({ ...status, more: 1 }).success).toBe(true);
  expect(answers.status.safeParse(status).success).toBe(true);
  expect(answers.status.safeParse({ ...status, more: 1 }).success).toBe(false);
});

test.each([
  ["a field is missing", { ...status, pid: undefined }],
  ["a state is unknown", { ...status, state: "lost" }],
  ["a part differs", { ...status, resources: { ...status.resources, resident_bytes: "much" } }],
])("an answer does not conform when %s", (_, answer) => {
  expect(published("status").safeParse(answer).success).toBe(false);
  expect(answers.status.safeParse(answer).success).toBe(false);
});
