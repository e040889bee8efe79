import { describe } from "vitest";
import { missingRequirement } from "../../../src/cli/demo/requirements.ts";

const missing = await missingRequirement();
if (missing !== undefined) console.warn(`tests with real namespaces are skipped: this ${missing}`);

/** A suite that needs root, TUN and namespaces; skipped with the reason where they are missing (never in the gate). */
export const describeNetns: ReturnType<typeof describe.skipIf> = describe.skipIf(missing !== undefined);

/** Prefix of the names of the namespaces of tests. */
export const prefix = "ssstest";
