import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytes, count, rate, rateLong, roughly, roundTrip, span } from "../../src/tui/draw/format.ts";
import { asciiGlyphs, unicodeGlyphs } from "../../src/tui/draw/glyphs.ts";
import { graph, sparkline } from "../../src/tui/draw/graph.ts";
import { beside, fit, overlay, seg, slice, spread, width } from "../../src/tui/draw/line.ts";
import { colourDepth, painter } from "../../src/tui/draw/paint.ts";
import { cut, drawable } from "../../src/tui/draw/text.ts";
import { parseOptions } from "../../src/tui/options.ts";
import { wrap } from "../../src/tui/screens/dialog.ts";
import { hostileText } from "./arbitrary.ts";
import { textOf } from "./driver.ts";

describe("numbers", () => {
  test("fit their columns", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9e14, noNaN: true }), (value) => {
        expect(rate(value).length).toBeLessThanOrEqual(6);
        expect(rateLong(value).length).toBeLessThanOrEqual(10);
        expect(span(value / 1e6).length).toBeLessThanOrEqual(6);
      }),
    );
  });

  test("read well", () => {
    expect([0, 950, 999.6, 12_345, 212_000_000, 1.84e9].map(rate)).toEqual([
      "0",
      "950",
      "1.0k",
      "12.3k",
      "212M",
      "1.8G",
    ]);
    expect([42, 725, 11_220, 1_051_200, 35_596_800].map(span)).toEqual(["42s", "12m05s", "3h07m", "12d04h", "412d"]);
    expect([42, 725, 11_220, 97_200, 1_051_200].map(roughly)).toEqual(["42s", "12m", "3h", "27h", "12d"]);
    expect([null, 0.42, 12.34, 240.4, 1234].map((ms) => roundTrip(ms, "-"))).toEqual([
      "-",
      "0.4",
      "12.3",
      "240",
      "1.2s",
    ]);
    expect([bytes(1536), bytes(500), count(1_234_567), rateLong(1e6)]).toEqual([
      "1.5 KiB",
      "500 B",
      "1,234,567",
      "1.0 Mb/s",
    ]);
  });
});

describe("lines", () => {
  const line = [seg("abc", "rx"), seg("def", "tx")];

  test("are cut and filled by the cell", () => {
    expect(textOf(slice(line, 2, 5))).toBe("cde");
    expect(textOf(fit(line, 4))).toBe("abcd");
    expect(textOf(fit(line, 8))).toBe("abcdef  ");
    expect(textOf(spread(line, [seg("XY")], 7))).toBe("abcdeXY");
    expect(
      textOf(
        beside([
          { lines: [line], columns: 2 },
          { lines: [line, line], columns: 3 },
        ])[1] ?? [],
      ),
    ).toBe("  abc");
    expect(overlay([line, line, line], [[seg("--")]], 6).map(textOf)).toEqual(["abcdef", "ab--ef", "abcdef"]);
  });

  test("text from outside is one cell a character, and cut", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(drawable(text, 50)).toMatch(/^[\x20-\x7e\u00a1-\u017f]{0,50}$/);
        expect(width(fit([seg(drawable(text))], 10))).toBe(10);
      }),
    );
    expect(cut("laptop-ann", 7, "…")).toBe("laptop…");
    expect(wrap("17 connections move to be-1", 12)).toEqual(["17", "connections", "move to be-1"]);
  });
});

describe("graphs", () => {
  test("gaps are blank and nothing is the lowest sign", () => {
    expect(sparkline([null, 0, 5, 10], 5, 10, unicodeGlyphs)).toBe("  ▁▅█");
    expect(sparkline([null, 0, 5, 10], 5, 10, asciiGlyphs)).toBe("  _+#");
    expect(graph([null, null, 0, 0, 10, 10], 3, 2, 10, unicodeGlyphs)).toEqual(["  ⣿", " ⣀⣿"]);
    expect(graph([null, 0, 10], 3, 2, 10, asciiGlyphs)).toEqual(["  #", " _#"]);
  });
});

describe("colour", () => {
  test("follows NO_COLOR and the terminal", () => {
    expect(colourDepth({ NO_COLOR: "1", TERM: "xterm-256color" })).toBe(0);
    expect(colourDepth({ TERM: "xterm-256color" })).toBe(256);
    expect(colourDepth({ TERM: "xterm" })).toBe(16);
    expect(colourDepth({ TERM: "dumb" })).toBe(0);
  });

  test("without colour there is weight and reversal only", () => {
    const tones = [
      "text",
      "strong",
      "dim",
      "faint",
      "rx",
      "tx",
      "good",
      "warn",
      "critical",
      "key",
      "selected",
    ] as const;
    const painted = tones.map((tone) => painter(0)([seg("x", tone)])).join("");
    // eslint-disable-next-line no-control-regex -- the control sequences are the subject
    expect(painted.replace(/\u001b\[(0|1|2|7|1;7)m/g, "")).toBe("x".repeat(tones.length));
    expect(painter(256)([seg("x", "rx")], true)).toBe("\u001b[38;5;240mx\u001b[0m");
  });
});

describe("options", () => {
  test("are those of the contract", () => {
    const all = parseOptions(["--socket", "/run/x.sock", "--read-only", "--plain", "--ascii", "--fps", "5"]);
    expect(all).toEqual({ socket: "/run/x.sock", readOnly: true, plain: true, ascii: true, fps: 5, help: false });
    expect(parseOptions([]).fps).toBe(10);
  });

  test("nonsense is a usage error", () => {
    for (const argv of [["--fps", "0"], ["--fps", "x"], ["--sockets"], ["extra"], ["--socket"]]) {
      expect(() => parseOptions(argv)).toThrow(expect.objectContaining({ code: "usage" }));
    }
  });
});
