import type { TLSSocket } from "node:tls";
import type { Millis } from "../../shared/clock.ts";
import { controlFrame, frameHeaderBytes, frameType } from "../link/frame.ts";
import { decodeClose, encodeHello } from "../link/messages.ts";
import { failed, type Finding, ok } from "./finding.ts";

/** No version of the protocol: the server answers it without making a session, which would displace others. */
const noVersion = 0;

/**
 * Says HELLO and waits for the answer. In TLS 1.3 a server judges the client's certificate after the client thinks the
 * handshake done, so that only an answer proves that it is accepted.
 */
export async function greet(socket: TLSSocket, within: Millis): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("silent"), within);
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const reason = closeReason(received);
    if (reason !== undefined) resolve(reason);
  });
  socket.on("close", () => resolve("closed"));
  const capabilities = { checksum: false, tso4: false, tso6: false, uso: false, zstd: false };
  const hello = encodeHello({ version: noVersion, intent: "new", epoch: 0n, linkIndex: 0, capabilities, mtu: 1500 });
  socket.write(controlFrame(frameType.hello, hello));
  const reason = await promise;
  clearTimeout(timer);
  socket.destroy();
  return judge(reason);
}

function judge(reason: string): Finding {
  if (reason === "version") return ok("hello", "the server accepts our certificate and answers");
  if (reason === "silent") {
    return failed("hello", "the server took the handshake and does not answer", "see what listens there: ss -ltnp");
  }
  if (reason === "closed") {
    const next = "the server's log has the reason (revoked, wrong CA, expired): journalctl -u sssonectord";
    return failed("hello", "the server closed the connection after the handshake: it refuses our certificate", next);
  }
  return failed("hello", `the server answers CLOSE ${reason}`, "the server's log says more: journalctl -u sssonectord");
}

/** The reason of a CLOSE that is there whole. */
function closeReason(received: Buffer): string | undefined {
  if (received.length < frameHeaderBytes || received[0] !== frameType.close) return undefined;
  const length = received.readUIntBE(1, 3);
  if (length < 2 || received.length < frameHeaderBytes + length) return undefined;
  return decodeClose(received.subarray(frameHeaderBytes, frameHeaderBytes + length)).reason;
}
