import type { Authority } from "../src/cli/demo/authority.ts";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import type { Lab } from "../src/cli/demo/lab.ts";

const port = "1194";
const inner = "10.91.0.1";
const common = "--data-ciphers AES-256-GCM --disable-dco";

/**
 * OpenVPN between the namespaces of a lab's server and client, with certificates of the lab's authority and its
 * own defaults otherwise. The result is its server's inner address.
 */
export async function startOpenVpn(lab: Lab, client: DaemonProcess, over: "tcp" | "udp" = "tcp"): Promise<string> {
  const [serverProtocol, clientProtocol] = over === "tcp" ? ["tcp-server", "tcp-client"] : ["udp", "udp"];
  const options = `--dev tun --proto ${serverProtocol} --port ${port} --topology subnet --dh none --keepalive 10 60 ${common}`;
  const servers = [...options.split(" "), "--server", "10.91.0.0", "255.255.255.0"];
  const server = lab.use(
    lab.server.namespace.start("openvpn", ["openvpn", ...servers, ...credentials(lab.authority, lab.server.name)]),
  );
  await server.line(/Initialization Sequence Completed/);
  const clients =
    `--dev tun --proto ${clientProtocol} --remote 198.18.1.1 ${port} --nobind --tls-client --pull ${common}`.split(" ");
  const own = lab.use(
    client.namespace.start("openvpn", ["openvpn", ...clients, ...credentials(lab.authority, client.name)]),
  );
  await own.line(/Initialization Sequence Completed/);
  return inner;
}

function credentials(authority: Authority, name: string): string[] {
  const { cert, key, ca } = authority.credentials(name);
  return ["--cert", cert, "--key", key, "--ca", ca];
}
