import { addressBytes, parseAddress } from "../../src/shared/address.ts";
import { addToSum, checksumOf, pseudoHeaderSum } from "../../src/daemon/packet/checksum.ts";

/** Hardware address of the host that asks. */
export const askerMac: Buffer = Buffer.from("020000000099", "hex");
export const asker = "192.168.50.10";
export const asker6 = "fe80::99";

export function bytes(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return addressBytes(address);
}

/** "who has TARGET, tell FROM", as on the wire. */
export function arpQuestion(target: string, from: string = asker, to = "ffffffffffff"): Buffer {
  const head = Buffer.from(`${to}${askerMac.toString("hex")}08060001080006040001`, "hex");
  return Buffer.concat([head, askerMac, bytes(from), Buffer.alloc(6), bytes(target)]);
}

/** A neighbour solicitation for TARGET; from `::` it is a probe for duplicates, which carries no option. */
export function neighbourQuestion(target: string, from: string = asker6): Buffer {
  const goal = bytes(target);
  const probe = from === "::";
  const body = Buffer.concat([
    Buffer.from("8700000000000000", "hex"),
    goal,
    ...(probe ? [] : [Buffer.of(1, 1), askerMac]),
  ]);
  const group = Buffer.concat([Buffer.from("ff0200000000000000000001ff", "hex"), goal.subarray(13)]);
  const header = Buffer.from("6000000000003aff", "hex");
  header.writeUInt16BE(body.length, 4);
  const packet = Buffer.concat([header, bytes(from), group, body]);
  const sum = pseudoHeaderSum(packet, 0, 58, body.length);
  packet.writeUInt16BE(checksumOf(addToSum(packet, 40, body.length, sum)), 42);
  const mac = Buffer.concat([Buffer.from("3333ff", "hex"), goal.subarray(13)]);
  return Buffer.concat([mac, askerMac, Buffer.from("86dd", "hex"), packet]);
}
