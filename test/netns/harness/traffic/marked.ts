/**
 * A marker in clear: `marked.ts send HOST PORT MARKER COUNT` sends it in datagrams to an echo service, prints {"echoed"};
 * `marked.ts watch INTERFACE MARKER` counts packets that hold it until SIGTERM, prints "capturing" and {"marked"}.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { capture } from "./interface-socket.ts";

async function send(host: string, port: number, marker: string, count: number): Promise<void> {
  const socket = createSocket("udp4");
  let echoed = 0;
  for (; echoed < count; echoed += 1) {
    const reply = once(socket, "message", { signal: AbortSignal.timeout(2000) });
    socket.send(`${marker} ${echoed}`, port, host);
    await reply;
  }
  socket.close();
  console.log(JSON.stringify({ echoed }));
}

function watch(interfaceName: string, marker: string): void {
  let marked = 0;
  const poller = capture(interfaceName, (packet) => {
    if (packet.includes(marker)) marked += 1;
  });
  console.log("capturing");
  process.once("SIGTERM", () => {
    poller.close();
    console.log(JSON.stringify({ marked }));
  });
}

const [mode, target = "", ...rest] = process.argv.slice(2);
if (mode === "watch") watch(target, rest[0] ?? "");
else await send(target, Number(rest[0]), rest[1] ?? "", Number(rest[2]));
