/**
 * Watches a TUN until SIGTERM and tells who spoke to whom: `parties.ts INTERFACE`.
 * Prints "capturing", and at the end {"parties": [[source, destination, packets]]}.
 */
import { addressFromBytes, formatAddress } from "../../../../src/shared/address.ts";
import { capture } from "./interface-socket.ts";

const [interfaceName = ""] = process.argv.slice(2);
const counts = new Map<string, number>();

const poller = capture(interfaceName, (packet) => {
  const v4 = (packet[0] ?? 0) >> 4 === 4;
  const [at, length] = v4 ? [12, 4] : [8, 16];
  const source = formatAddress(addressFromBytes(packet.subarray(at, at + length)));
  const destination = formatAddress(addressFromBytes(packet.subarray(at + length, at + 2 * length)));
  const pair = `${source} ${destination}`;
  counts.set(pair, (counts.get(pair) ?? 0) + 1);
});
console.log("capturing");
process.once("SIGTERM", () => {
  poller.close();
  console.log(JSON.stringify({ parties: [...counts].map(([pair, packets]) => [...pair.split(" "), packets]) }));
});
