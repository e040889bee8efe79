import { fileURLToPath } from "node:url";
import type { Namespace } from "./namespace.ts";
import type { Running } from "./running.ts";
import type { TransferResult } from "./transfer.ts";

export const servicePort = 8080;

/** A script of this folder, which is TypeScript in the sources and JavaScript in dist/. */
function script(name: "service" | "transfer"): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url));
}

/** Starts the byte service on an address inside a namespace; resolves when it listens. */
export async function startService(namespace: Namespace, address: string): Promise<Running> {
  const service = namespace.start("service", [process.execPath, script("service"), address, String(servicePort)]);
  await service.line(/^listening$/m);
  return service;
}

/** Address of the service as a URL. */
export function serviceUrl(address: string, pathAndQuery: string): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${servicePort}${pathAndQuery}`;
}

/** Starts a transfer in a namespace: `bytes` to the URL, or whatever the URL gives. */
export function startTransfer(namespace: Namespace, url: string, bytes?: number): Running {
  const direction = bytes === undefined ? ["down", url] : ["up", url, String(bytes)];
  return namespace.start("transfer", [process.execPath, script("transfer"), ...direction]);
}

/** Bytes that a running transfer has moved so far. */
export function bytesSoFar(transfer: Running): number {
  const last = transfer.stdout.trimEnd().split("\n").at(-1);
  return last === undefined || last === "" ? 0 : (JSON.parse(last) as { bytes: number }).bytes;
}

/** Waits for the end of a transfer; throws with what it printed when it failed. */
export async function transferResult(transfer: Running): Promise<TransferResult> {
  const { code } = await transfer.exited;
  if (code !== 0) throw new Error(`the transfer ended with ${String(code)}\n${transfer.stdout}${transfer.stderr}`);
  return JSON.parse(transfer.stdout.trimEnd().split("\n").at(-1) ?? "") as TransferResult;
}
