import { fileURLToPath } from "node:url";
import type { DaemonProcess } from "../src/cli/demo/daemon-process.ts";
import type { Lab } from "../src/cli/demo/lab.ts";
import type { Namespace } from "../src/cli/demo/namespace.ts";
import type { Running } from "../src/cli/demo/running.ts";

/** Inner address of the server's end of the relay. */
export const relayInner = "10.95.0.2";
const clientInner = "10.95.0.1";
const device = "relay0";
const port = 8555;

/**
 * The plaintext relay of load/plain-relay.ts between the namespaces of a lab's server and its first client, beside the
 * daemons. The results are its two processes.
 */
export async function startRelay(lab: Lab, client: DaemonProcess): Promise<[server: Running, client: Running]> {
  const endpoint = `198.18.1.1:${port}`;
  const start = (namespace: Namespace, role: string): Running => {
    const script = fileURLToPath(new URL("load/plain-relay.ts", import.meta.url));
    return lab.use(namespace.start("relay", [process.execPath, script, device, role, endpoint]));
  };
  const server = start(lab.server.namespace, "listen");
  await server.line(/listening/);
  const other = start(client.namespace, "connect");
  await Promise.all([server.line(/ready/), other.line(/ready/)]);
  await bringUp(lab.server.namespace, relayInner);
  await bringUp(client.namespace, clientInner);
  return [server, other];
}

async function bringUp(namespace: Namespace, address: string): Promise<void> {
  await namespace.ip("addr", "add", `${address}/24`, "dev", device);
  await namespace.ip("link", "set", device, "up", "mtu", "1500", "txqueuelen", "1000");
}
