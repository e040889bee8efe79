import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFields } from "../../src/daemon/link/fields.ts";
import { frameBounds, frameType } from "../../src/daemon/link/frame.ts";
import {
  type Capabilities,
  closeCodes,
  decodeHello,
  encodeHello,
  encodeWelcome,
  fieldTag,
} from "../../src/daemon/link/messages.ts";
import {
  flagDataValid,
  flagEcn,
  flagNeedsChecksum,
  kindNone,
  kindTcp4,
  kindTcp6,
  kindUdp4,
  kindUdp6,
} from "../../src/daemon/packet/vnet.ts";
import { anyHello, anyWelcome } from "./greetings.ts";

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** Rows of a marked table on the page, its first `columns` cells each. */
function rows(name: string, columns: number): string[][] {
  const text = page.split(`<!-- ${name} -->\n`)[1]?.split(`<!-- /${name} -->`)[0] ?? "";
  const lines = text.trimEnd().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, columns + 1)
      .map((cell) => cell.trim()),
  );
}

describe("docs/protocol.md", () => {
  it("has every frame with its type and bounds", () => {
    const frames = Object.entries(frameType).map(([name, type]) => {
      const { min, max } = frameBounds.get(type) ?? { min: Number.NaN, max: Number.NaN };
      return [name.toUpperCase(), String(type), String(min), String(max)];
    });
    expect(rows("frames", 4)).toEqual(frames);
  });

  it("has every close code", () => {
    expect(rows("codes", 2)).toEqual(Object.entries(closeCodes).map(([reason, code]) => [reason, String(code)]));
  });

  it("has every capability with its bit", () => {
    const names = rows("capabilities", 2);
    const all: Capabilities = { checksum: true, tso4: true, tso6: true, uso: true, zstd: true };
    expect(names.map(([name]) => name)).toEqual(Object.keys(all));
    const none: Capabilities = { checksum: false, tso4: false, tso6: false, uso: false, zstd: false };
    for (const [name = "", bit] of names) {
      const capabilities = { ...none, [name]: true };
      const body = encodeHello({ version: 1, intent: "new", epoch: 0n, linkIndex: 0, capabilities, mtu: 1500 });
      expect(readFields(body)?.get(fieldTag.capabilities)?.readUInt32BE()).toBe(2 ** Number(bit));
      expect(decodeHello(body)?.capabilities).toEqual(capabilities);
    }
  });

  it("has every kind and flag of OFFLOAD", () => {
    const kinds = { none: kindNone, tcp4: kindTcp4, tcp6: kindTcp6, udp4: kindUdp4, udp6: kindUdp6 };
    const flags = { "needs checksum": flagNeedsChecksum, ecn: flagEcn, "data valid": flagDataValid };
    expect(rows("kinds", 2)).toEqual(Object.entries(kinds).map(([name, value]) => [name, String(value)]));
    expect(rows("flags", 2)).toEqual(Object.entries(flags).map(([name, value]) => [name, String(value)]));
  });

  it.each([
    ["hello", anyHello.map(encodeHello)],
    ["welcome", anyWelcome.map(encodeWelcome)],
  ])("has every field of %s with its tag and size", (name, bodies) => {
    const table = rows(name, 3);
    const tags: Readonly<Record<string, number>> = fieldTag;
    expect(table.map(([field = "", tag]) => [field, Number(tag)])).toEqual(
      table.map(([field = ""]) => [field, tags[field]]),
    );
    const seen = new Set<number>();
    fc.assert(
      fc.property(bodies, (body) => {
        for (const [tag, value] of readFields(body) ?? []) {
          seen.add(tag);
          const size = table.find((row) => row[1] === String(tag))?.[2] ?? "no such row";
          const [least = Number.NaN, most = least] = size.split(" to ").map(Number);
          if (size === "name") expect(value.length).toBeLessThanOrEqual(64);
          else if (size !== "list") expect(value.length >= least && value.length <= most, size).toBe(true);
        }
      }),
    );
    expect([...seen].toSorted((a, b) => a - b)).toEqual(table.map((row) => Number(row[1])));
  });
});
