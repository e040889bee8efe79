import type { Prefix } from "../../shared/address.ts";
import { u16, u32 } from "../packet/bytes.ts";
import type { FilterRule, PacketFilter } from "../packet/filter.ts";
import {
  isLaterFragment,
  isSourceRouted,
  locateTransport,
  protocolIcmp,
  protocolIcmpv6,
  protocolTcp,
  protocolUdp,
  transportOffset,
  transportProtocol,
} from "../packet/transport.ts";

/** Numbers of one rule: allow, protocol, first port, last port, then for each word of an address network and mask. */
const head = 4;
const anyProtocol = 256;
const anyPort = 65_536;

interface Compiled {
  readonly numbers: Uint32Array;
  /** Numbers of one rule. */
  readonly stride: number;
  /** Where the destination lies in the packet. */
  readonly destination: number;
}

/**
 * Rules for what a peer may send: the first that fits decides, and what none fits is refused. Where a rule names ports and
 * the packet shows none, since it is a later fragment or is cut, the packet is refused: it can't be known whether it fits.
 */
class Acl implements PacketFilter {
  readonly #v4: Compiled;
  readonly #v6: Compiled;

  constructor(rules: readonly FilterRule[]) {
    this.#v4 = compile(rules, 4);
    this.#v6 = compile(rules, 6);
  }

  permits(bytes: Uint8Array, at: number, length: number): boolean {
    const { numbers, stride, destination } = bytes[at]! >>> 4 === 4 ? this.#v4 : this.#v6;
    const transport = locateTransport(bytes, at, length);
    // Its destination is not where it ends.
    if (transport < 0 || isSourceRouted(transport)) return false;
    const protocol = transportProtocol(transport);
    const offset = transportOffset(transport);
    const shown = !isLaterFragment(transport) && offset + 4 <= length;
    const first = u32(bytes, at + destination);
    for (let rule = 0; rule < numbers.length; rule += stride) {
      const wanted = numbers[rule + 1]!;
      if (wanted !== protocol && wanted !== anyProtocol) continue;
      if ((first & numbers[rule + head + 1]!) >>> 0 !== numbers[rule + head]) continue;
      if (stride > head + 2 && !containsRest(numbers, rule + head, bytes, at + destination)) continue;
      const from = numbers[rule + 2]!;
      if (from !== anyPort) {
        if (!shown) return false;
        const port = u16(bytes, at + offset + 2);
        if (port < from || port > numbers[rule + 3]!) continue;
      }
      return numbers[rule] === 1;
    }
    return false;
  }
}

/** The matcher of a list of rules; undefined for an empty list, which permits everything. */
export function compileAcl(rules: readonly FilterRule[]): PacketFilter | undefined {
  return rules.length === 0 ? undefined : new Acl(rules);
}

/** Whether the last three words of the IPv6 address at `at` fit the rule's. */
function containsRest(numbers: Uint32Array, rule: number, bytes: Uint8Array, at: number): boolean {
  for (let word = 1; word < 4; word += 1) {
    if ((u32(bytes, at + word * 4) & numbers[rule + 2 * word + 1]!) >>> 0 !== numbers[rule + 2 * word]) return false;
  }
  return true;
}

function compile(rules: readonly FilterRule[], family: 4 | 6): Compiled {
  const words = family === 4 ? 1 : 4;
  const fitting = rules.filter(({ to }) => to === undefined || to.address.family === family);
  return {
    numbers: Uint32Array.from(fitting.flatMap((rule) => numbersOf(rule, family, words))),
    stride: head + 2 * words,
    destination: family === 4 ? 16 : 24,
  };
}

function numbersOf({ action, to, protocol, port }: FilterRule, family: 4 | 6, words: number): number[] {
  const protocols = {
    any: anyProtocol,
    tcp: protocolTcp,
    udp: protocolUdp,
    icmp: family === 4 ? protocolIcmp : protocolIcmpv6,
  };
  const address = Array.from({ length: words }, (_, word) => {
    const bits = mask(to === undefined ? 0 : to.length - word * 32);
    return [(wordOf(to, word) & bits) >>> 0, bits];
  });
  return [
    action === "allow" ? 1 : 0,
    protocols[protocol],
    port?.from ?? anyPort,
    port?.to ?? anyPort,
    ...address.flat(),
  ];
}

function wordOf(prefix: Prefix | undefined, word: number): number {
  if (prefix === undefined) return 0;
  return prefix.address.family === 4 ? prefix.address.word : (prefix.address.words[word] ?? 0);
}

/** The mask of one word of which `bits` leading ones count; more than 32 mean all, less than 0 none. */
function mask(bits: number): number {
  if (bits >= 32) return 0xffffffff;
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}
