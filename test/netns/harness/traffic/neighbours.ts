/**
 * `neighbours.js INTERFACE ADDRESS`: watches who speaks for an address on a LAN. On SIGTERM prints
 * {"answers": [MAC, …], "announcements": [{mac, at_ms}, …]}: the hardware addresses that answered questions for it, each
 * once, and every announcement that it was taken.
 */
import { addressBytes } from "./raw.ts";
import { capture } from "./interface-socket.ts";

const [interfaceName = "", text = ""] = process.argv.slice(2);
const address = addressBytes(text);
const answers = new Set<string>();
const announcements: { mac: string; at_ms: number }[] = [];

function mac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function arp(frame: Buffer): void {
  const [sender, senderAddress, targetAddress] = [
    frame.subarray(22, 28),
    frame.subarray(28, 32),
    frame.subarray(38, 42),
  ];
  if (!senderAddress.equals(address)) return;
  if (targetAddress.equals(address)) announcements.push({ mac: mac(sender), at_ms: Date.now() });
  else if (frame.readUInt16BE(20) === 2) answers.add(mac(sender));
}

function advertisement(frame: Buffer): void {
  if (frame[20] !== 58 || frame[54] !== 136 || !frame.subarray(62, 78).equals(address)) return;
  const sender = mac(frame.subarray(80, 86));
  const solicited = ((frame[58] ?? 0) & 0x40) !== 0;
  if (solicited) answers.add(sender);
  else announcements.push({ mac: sender, at_ms: Date.now() });
}

const poller = capture(interfaceName, (frame) => {
  const type = frame.readUInt16BE(12);
  if (type === 0x0806) arp(frame);
  if (type === 0x86dd) advertisement(frame);
});
process.once("SIGTERM", () => {
  poller.close();
  console.log(JSON.stringify({ answers: [...answers], announcements }));
});
console.log("capturing");
