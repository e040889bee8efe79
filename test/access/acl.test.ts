import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileAcl } from "../../src/daemon/access/acl.ts";
import type { FilterRule } from "../../src/daemon/packet/filter.ts";
import { formatAddress, parsePrefix, prefixContains } from "../../src/shared/address.ts";
import { packet } from "../flow/parts.ts";
import { addressOf, prefixOf } from "../session/addresses.ts";

function rule(text: string): FilterRule {
  const [action, to, protocol = "any", port] = text.split(" ");
  const [from, last = from] = (port ?? "").split("-");
  return {
    action: action === "deny" ? "deny" : "allow",
    to: to === "any" ? undefined : prefixOf(to ?? ""),
    protocol: protocol as FilterRule["protocol"],
    port: port === undefined ? undefined : { from: Number(from), to: Number(last) },
  };
}

/** What a packet shows to somebody who reads it by the book. */
interface Facts {
  readonly version: 4 | 6;
  readonly destination: string;
  readonly protocol: number;
  /** Undefined: a later fragment, or cut. */
  readonly port: number | undefined;
}

/** The packet with these facts; UDP and TCP ports lie at the same place. */
function build({ version, destination, protocol, port }: Facts): Buffer {
  const bytes = packet(version === 4 ? "10.8.0.2" : "fd00:8::2", destination);
  const transport = version === 4 ? 20 : 40;
  bytes.writeUInt8(protocol, version === 4 ? 9 : 6);
  if (port !== undefined) bytes.writeUInt16BE(port, transport + 2);
  if (port !== undefined) return bytes;
  if (version === 4) {
    bytes.writeUInt16BE(185, 6);
    return bytes;
  }
  const header = Buffer.of(protocol, 0, 0x05, 0xc8, 0, 0, 0, 1);
  const whole = Buffer.concat([bytes.subarray(0, 40), header, bytes.subarray(40)]);
  whole.writeUInt8(44, 6);
  whole.writeUInt16BE(whole.length - 40, 4);
  return whole;
}

/** The rules' meaning, written as plainly as can be. */
function reference(rules: readonly FilterRule[], { version, destination, protocol, port }: Facts): boolean {
  const numbers = { tcp: 6, udp: 17, icmp: version === 4 ? 1 : 58 };
  for (const { action, to, protocol: wanted, port: range } of rules) {
    if (to !== undefined && !prefixContains(to, addressOf(destination))) continue;
    if (wanted !== "any" && numbers[wanted] !== protocol) continue;
    if (range !== undefined) {
      if (port === undefined) return false;
      if (port < range.from || port > range.to) continue;
    }
    return action === "allow";
  }
  return false;
}

const ports = fc.integer({ min: 1, max: 6 });
const addresses = {
  4: fc.integer({ min: 0, max: 0xffff }).map((low) => `10.20.${low >>> 8}.${low & 255}`),
  6: fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
    .map(([high, low]) => formatAddress(addressOf(`fd00:20:${high}::${low}`))),
};
const prefixes = fc.oneof(
  fc.tuple(addresses[4], fc.integer({ min: 0, max: 32 })),
  fc.tuple(addresses[6], fc.integer({ min: 0, max: 128 })),
);
const rules: fc.Arbitrary<FilterRule[]> = fc.array(
  fc
    .record({
      action: fc.constantFrom<"allow" | "deny">("allow", "deny"),
      to: fc.option(
        prefixes.map(([address, length]) => parsePrefix(`${address}/${length}`)),
        { nil: undefined },
      ),
      protocol: fc.constantFrom<FilterRule["protocol"]>("any", "tcp", "udp", "icmp"),
      range: fc.option(fc.tuple(ports, ports), { nil: undefined }),
    })
    .map(({ range, ...rest }) => {
      const ported = rest.protocol === "tcp" || rest.protocol === "udp";
      const port = ported && range !== undefined ? { from: Math.min(...range), to: Math.max(...range) } : undefined;
      return { ...rest, port };
    }),
  { minLength: 1, maxLength: 8 },
);
const facts: fc.Arbitrary<Facts> = fc.constantFrom<4 | 6>(4, 6).chain((version) =>
  fc.record({
    version: fc.constant(version),
    destination: addresses[version],
    protocol: fc.constantFrom(6, 17, version === 4 ? 1 : 58, 132),
    port: fc.option(ports, { nil: undefined }),
  }),
);

describe("an access list", () => {
  it("decides as its rules read", () => {
    fc.assert(
      fc.property(rules, facts, (list, fact) => {
        const bytes = build(fact);
        expect(compileAcl(list)?.permits(bytes, 0, bytes.length)).toBe(reference(list, fact));
      }),
      { numRuns: 5000 },
    );
  });

  it("finds the packet wherever it lies, and looks at nothing else", () => {
    fc.assert(
      fc.property(rules, facts, fc.nat(40), (list, fact, before) => {
        const bytes = build(fact);
        const around = Buffer.concat([Buffer.alloc(before, 6), bytes, Buffer.alloc(8, 0xff)]);
        expect(compileAcl(list)?.permits(around, before, bytes.length)).toBe(reference(list, fact));
      }),
    );
  });

  it("of no rules permits everything", () => {
    expect(compileAcl([])).toBeUndefined();
  });

  it.each([
    ["allow 10.20.0.0/16 tcp 443", "10.20.1.1", 6, 443, true],
    ["allow 10.20.0.0/16 tcp 443", "10.20.1.1", 6, 444, false],
    ["allow 10.20.0.0/16 tcp 443", "10.20.1.1", 17, 443, false],
    ["allow 10.20.0.0/16 tcp 443", "10.21.1.1", 6, 443, false],
    ["allow 10.20.0.0/16 tcp 443", "fd00::1", 6, 443, false],
    ["allow any icmp", "fd00::1", 58, 1, true],
    ["allow any icmp", "10.20.0.1", 1, 1, true],
    ["allow any icmp", "10.20.0.1", 58, 1, false],
    ["allow 0.0.0.0/0", "10.20.0.1", 132, 1, true],
    ["allow 0.0.0.0/0", "fd00::1", 6, 1, false],
    ["deny any tcp 22,allow any", "10.20.0.1", 6, 22, false],
    ["deny any tcp 22,allow any", "10.20.0.1", 6, 23, true],
    ["allow 10.20.0.1 tcp 8000-8100,deny 10.20.0.0/16,allow any", "10.20.0.1", 6, 8100, true],
    ["allow 10.20.0.1 tcp 8000-8100,deny 10.20.0.0/16,allow any", "10.20.0.1", 6, 8101, false],
    ["allow 10.20.0.1 tcp 8000-8100,deny 10.20.0.0/16,allow any", "10.21.0.1", 6, 8101, true],
  ])("%s: %s protocol %d port %d is %s", (list, destination, protocol, port, permitted) => {
    const version = destination.includes(":") ? 6 : 4;
    const bytes = build({ version, destination, protocol, port });
    expect(compileAcl(list.split(",").map(rule))?.permits(bytes, 0, bytes.length)).toBe(permitted);
  });

  it.each([4, 6] as const)("refuses later fragments where only a port would tell, IPv%d", (version) => {
    const destination = version === 4 ? "10.20.0.1" : "fd00::1";
    const fragment = build({ version, destination, protocol: 17, port: undefined });
    const judged = (...list: string[]): boolean | undefined =>
      compileAcl(list.map(rule))?.permits(fragment, 0, fragment.length);
    expect(judged("allow any udp 53")).toBe(false);
    expect(judged("deny any udp 53", "allow any")).toBe(false);
    expect(judged("deny any tcp 22", "allow any")).toBe(true);
    expect(judged("allow any udp")).toBe(true);
    expect(judged("allow any", "deny any udp 53")).toBe(true);
  });

  it.each([
    ["loose source route", [131, 7, 4, 10, 30, 0, 1, 0], false],
    ["strict source route behind others", [1, 1, 137, 3, 4, 0, 0, 0], false],
    ["options that make no sense", [7, 1, 131, 0, 0, 0, 0, 0], false],
    ["an option that runs out of the header", [7, 9, 0, 0, 0, 0, 0, 0], false],
    ["record route", [7, 7, 4, 0, 0, 0, 0, 0], true],
    ["padding in front of what is no option", [0, 131, 3, 4, 0, 0, 0, 0], true],
  ])("of IPv4 with %s: %j", (_what, options, permitted) => {
    const bytes = packet("10.8.0.2", "10.20.0.1");
    const routed = Buffer.concat([bytes.subarray(0, 20), Buffer.from(options), bytes.subarray(20)]);
    routed.writeUInt8(0x47, 0);
    routed.writeUInt16BE(routed.length, 2);
    expect(compileAcl([rule("allow any")])?.permits(routed, 0, routed.length)).toBe(permitted);
  });

  it.each([
    [1, false],
    [0, true],
  ])("of IPv6 with a routing header that has %d segments left: %s", (left, permitted) => {
    const bytes = packet("fd00:8::2", "fd00::1");
    const routed = Buffer.concat([bytes.subarray(0, 40), Buffer.of(17, 0, 4, left, 0, 0, 0, 0), bytes.subarray(40)]);
    routed.writeUInt8(43, 6);
    routed.writeUInt16BE(routed.length - 40, 4);
    expect(compileAcl([rule("allow any")])?.permits(routed, 0, routed.length)).toBe(permitted);
  });

  it("refuses a first fragment that is too short to show its port", () => {
    const bytes = Buffer.from(packet("10.8.0.2", "10.20.0.1").subarray(0, 22));
    bytes.writeUInt16BE(22, 2);
    expect(compileAcl([rule("allow any udp 0-65535")])?.permits(bytes, 0, 22)).toBe(false);
  });

  it("never reads outside or throws, whatever the bytes", () => {
    fc.assert(
      fc.property(rules, fc.uint8Array({ minLength: 20, maxLength: 120 }), fc.boolean(), (list, noise, four) => {
        const bytes = Buffer.from(noise);
        bytes[0] = four ? 0x45 : 0x60;
        const length = four ? bytes.length : Math.max(40, bytes.length);
        const whole = Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))]);
        expect(typeof compileAcl(list)?.permits(whole, 0, length)).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });
});
