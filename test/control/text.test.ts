import * as fc from "fast-check";
import { expect, it } from "vitest";
import { printable } from "../../src/shared/text.ts";

it("keeps plain text of any language", () => {
  expect(printable("laptop-ann Zürich 東京")).toBe("laptop-ann Zürich 東京");
});

it.each([
  ["escape sequences", "\u001b[2Jx", "?[2Jx"],
  ["8-bit controls", "a\u009b31mb", "a?31mb"],
  ["lines", "a\r\nb\u2028c", "a??b?c"],
  ["bidirectional overrides", "a\u202eb", "a?b"],
  ["lone surrogates", "a\ud800b", "a?b"],
])("takes out %s", (_what, text, shown) => expect(printable(text)).toBe(shown));

it("cuts by characters, not by code units", () => {
  expect(printable("😀😀😀😀", 3)).toBe("😀😀…");
  expect(printable("abc", 3)).toBe("abc");
});

it("never yields a control character or more than asked", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const shown = printable(text, max);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(Array.from(shown).length).toBeLessThanOrEqual(max);
    }),
  );
});
