/** `announce.js INTERFACE ADDRESS`: says once on a LAN that this host has an IPv4 address, whether that is so or not. */
import { arpAnnouncement } from "../../../../src/daemon/forward/arp.ts";
import { openLanPort } from "../../../../src/daemon/forward/packet-socket.ts";
import { addressBytes } from "./raw.ts";

const [interfaceName = "", address = ""] = process.argv.slice(2);
const port = openLanPort(interfaceName, [4]);
console.log(JSON.stringify({ sent: port.send(arpAnnouncement(port.mac, addressBytes(address)), 4) }));
port.close();
