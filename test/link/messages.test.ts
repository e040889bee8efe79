import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FieldWriter, readFields } from "../../src/daemon/link/fields.ts";
import { frameBounds, frameType } from "../../src/daemon/link/frame.ts";
import {
  type CloseReason,
  closeCodes,
  decodeClose,
  decodeGoaway,
  decodeHello,
  decodePong,
  decodeWelcome,
  encodeClose,
  encodeGoaway,
  encodeHello,
  encodePong,
  encodeWelcome,
  fieldTag,
  type Hello,
  type Welcome,
} from "../../src/daemon/link/messages.ts";
import { anyHello, anyWelcome } from "./greetings.ts";

const capabilities = { checksum: true, tso4: true, tso6: false, uso: false, zstd: false };
const session = "00112233445566778899aabbccddeeff";
const hello: Hello = { version: 1, intent: "new", epoch: 0n, linkIndex: 0, capabilities, mtu: 1500 };
const join: Hello = { ...hello, intent: "join", session, epoch: 7n, token: "dG9rZW4=" };
const welcome: Welcome = {
  version: 1,
  serverId: "edge-01",
  bootId: session,
  clusterId: "0011223344556677",
  region: "",
  session,
  epoch: 1n,
  token: "dG9rZW4=",
  addresses: [{ address: { family: 4, word: 0x0a080002 }, prefixLength: 16 }],
  gateways: [{ family: 4, word: 0x0a080001 }],
  routes: [{ address: { family: 6, words: [0xfd000000, 0, 0, 0] }, length: 48 }],
  mtu: 1500,
  keepaliveMs: 5000,
  keepaliveMisses: 3,
  sessionCount: 2,
  takeoverKeepsFlows: false,
  capabilities,
};

/** The body with the value of one field replaced, or left out. */
function altered(body: Buffer, tag: number, value: Uint8Array | undefined): Buffer {
  const out = new FieldWriter();
  const fields = readFields(body) ?? new Map<number, Buffer>();
  for (const [one, bytes] of fields) if (one !== tag) out.bytes(one, bytes);
  if (value !== undefined) out.bytes(tag, value);
  return out.finish();
}

describe("fields", () => {
  it("come back as they were written", () => {
    const field = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 }));
    const lists = fc.uniqueArray(field, { selector: ([tag]) => tag, maxLength: 20 });
    fc.assert(
      fc.property(lists, (list) => {
        const out = new FieldWriter();
        for (const [tag, value] of list) out.bytes(tag, value);
        const expected = list.map(([tag, value]) => [tag, Buffer.from(value)]);
        expect([...(readFields(out.finish()) ?? [])]).toEqual(expected);
      }),
    );
  });

  it("are numbers in network byte order, and text in UTF-8", () => {
    const body = new FieldWriter().u8(1, 2).u16(2, 0x0102).u32(3, 0xfffefdfc).u64(4, 5n).text(5, "é").finish();
    expect(body.toString("hex")).toBe(
      "0100010202000201020300 04fffefdfc 0400080000000000000005 050002c3a9".replaceAll(" ", ""),
    );
  });

  it("make no body when one is cut or repeated", () => {
    const body = new FieldWriter().u16(1, 7).u8(2, 7).finish();
    const whole = new Set([0, 5, 9]);
    for (let end = 0; end <= body.length; end++) {
      expect(readFields(body.subarray(0, end)) !== undefined).toBe(whole.has(end));
    }
    expect(readFields(Buffer.concat([body, body]))).toBeUndefined();
  });
});

describe("HELLO", () => {
  it("comes back as it was sent", () => {
    fc.assert(
      fc.property(anyHello, (one) => {
        expect(decodeHello(encodeHello(one))).toEqual(one);
      }),
    );
  });

  it("may hold fields that this version does not know", () => {
    expect(decodeHello(altered(encodeHello(join), 200, Buffer.from("later")))).toEqual(join);
  });

  it.each(["version", "intent", "epoch", "linkIndex", "capabilities", "mtu", "session", "token"] as const)(
    "without %s, or with one of a wrong size, is none",
    (name) => {
      const body = encodeHello(join);
      expect(decodeHello(altered(body, fieldTag[name], undefined))).toBeUndefined();
      expect(decodeHello(altered(body, fieldTag[name], Buffer.alloc(0)))).toBeUndefined();
      expect(decodeHello(altered(body, fieldTag[name], Buffer.alloc(1025)))).toBeUndefined();
    },
  );

  it.each([
    ["an intent that is not known", fieldTag.intent, Buffer.of(4)],
    ["a link index above 1023", fieldTag.linkIndex, Buffer.of(4, 0)],
    ["an MTU below 576", fieldTag.mtu, Buffer.of(2, 63)],
  ])("with %s is none", (_what, tag, value) => {
    expect(decodeHello(altered(encodeHello(join), tag, value))).toBeUndefined();
  });

  it("of a new session names none", () => {
    const body = encodeHello(hello);
    expect(decodeHello(altered(body, fieldTag.session, Buffer.alloc(16)))).toBeUndefined();
    expect(decodeHello(altered(body, fieldTag.session, Buffer.alloc(3)))).toBeUndefined();
    expect(decodeHello(altered(body, fieldTag.token, Buffer.alloc(16)))).toBeUndefined();
  });
});

describe("WELCOME", () => {
  it("comes back as it was sent", () => {
    fc.assert(
      fc.property(anyWelcome, (one) => {
        expect(decodeWelcome(encodeWelcome(one))).toEqual(one);
      }),
    );
  });

  it("may hold fields that this version does not know", () => {
    expect(decodeWelcome(altered(encodeWelcome(welcome), 200, Buffer.from("later")))).toEqual(welcome);
  });

  const names = Object.keys(fieldTag) as (keyof typeof fieldTag)[];
  it.each(names.filter((name) => name !== "intent" && name !== "linkIndex"))("without %s is none", (name) => {
    const body = encodeWelcome(welcome);
    expect(decodeWelcome(altered(body, fieldTag[name], undefined))).toBeUndefined();
  });

  it.each([
    ["an empty server id", fieldTag.serverId, ""],
    ["a server id with an escape sequence", fieldTag.serverId, "edge\u001b[2J"],
    ["a server id with a space", fieldTag.serverId, "edge 01"],
    ["a server id beyond ASCII", fieldTag.serverId, "édge"],
    ["a server id of 65 characters", fieldTag.serverId, "x".repeat(65)],
    ["a region with a line break", fieldTag.region, "eu\n"],
    ["no address", fieldTag.addresses, ""],
    ["an address that is cut", fieldTag.addresses, "\u0004\u0010\u0001\u0002\u0003"],
    ["an address of an unknown family", fieldTag.addresses, "\u0005\u0010\u0001\u0002\u0003\u0004"],
    ["an IPv4 prefix longer than 32", fieldTag.routes, "\u0004\u0021\u0001\u0002\u0003\u0004"],
    ["a route list that ends in a header", fieldTag.routes, "\u0004"],
    ["an MTU below 576", fieldTag.mtu, "\u0002\u003f"],
    ["a keep-alive below 100 ms", fieldTag.keepaliveMs, "\u0000\u0000\u0000\u0063"],
    ["no misses allowed", fieldTag.keepaliveMisses, "\u0000"],
    ["an empty token", fieldTag.token, ""],
    ["a token of 1025 bytes", fieldTag.token, "x".repeat(1025)],
  ])("with %s is none", (_what, tag, value) => {
    expect(decodeWelcome(altered(encodeWelcome(welcome), tag, Buffer.from(value)))).toBeUndefined();
  });
});

describe("PONG", () => {
  it("comes back as it was sent", () => {
    const echo = Buffer.from("12345678");
    const body = encodePong({ echo, load: 99, drain: 1, sessionCount: 0xffff_ffff });
    expect(body).toHaveLength(frameBounds.get(frameType.pong)?.max ?? 0);
    expect(decodePong(body)).toEqual({ echo, load: 99, drain: 1, sessionCount: 0xffff_ffff });
  });
});

describe("CLOSE and GOAWAY", () => {
  it.each(Object.keys(closeCodes) as CloseReason[])("the reason %s comes back with its text", (reason) => {
    expect(decodeClose(encodeClose(reason, "because"))).toEqual({ reason, text: "because" });
  });

  it("have codes that are all different", () => {
    expect(new Set(Object.values(closeCodes)).size).toBe(Object.keys(closeCodes).length);
  });

  it("take a code that is not known for internal", () => {
    expect(decodeClose(Buffer.from([0xff, 0xff, 0x68, 0x69]))).toEqual({ reason: "internal", text: "hi" });
  });

  it("come back with their scope", () => {
    expect(decodeGoaway(encodeGoaway("link", "full"))).toEqual({ scope: "link", reason: "full" });
    expect(decodeGoaway(encodeGoaway("server", ""))).toEqual({ scope: "server", reason: "" });
    expect(decodeGoaway(Buffer.of(9, 0)).scope).toBe("server");
  });

  it("stay within their bounds whatever the text, and cut no character in two", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
        for (const body of [encodeClose("kicked", text), encodeGoaway("link", text)]) {
          expect(body.length).toBeLessThanOrEqual(frameBounds.get(frameType.close)?.max ?? 0);
          expect(text.startsWith(body.toString("utf8", 2))).toBe(true);
        }
      }),
    );
  });

  it("show no control characters, invisible ones or reversed text of the peer", () => {
    const hostile = "\u001b]0;owned\u0007\u202egnp.exe\u200b\nnext \ud83d\ude00";
    const shown = "?]0;owned??gnp.exe??next \ud83d\ude00";
    expect(decodeClose(encodeClose("kicked", hostile)).text).toBe(shown);
    expect(decodeGoaway(encodeGoaway("server", hostile)).reason).toBe(shown);
    expect(decodeClose(Buffer.from([0, 9, 0xff, 0xc3, 0x41])).text).toBe("??A");
  });
});
