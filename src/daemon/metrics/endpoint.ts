import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { DaemonState } from "../../shared/control/snapshot.ts";
import { describeError, SssonectorError } from "../../shared/errors.ts";
import type { Exposition } from "./exposition.ts";

export interface EndpointSettings {
  readonly address: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly path: string;
}

export interface EndpointParts {
  state(): DaemonState;
  write(): Promise<Exposition>;
}

const connections = 64;
const patience = 5_000;
const headerBytes = 8 * 1024;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/**
 * Serves metrics, /healthz (200 as long as the daemon answers) and /readyz (200 while it carries traffic, else 503) over
 * HTTP. Bounded: few connections, short requests, no bodies.
 * @throws SssonectorError metrics_busy, metrics_failed
 */
export async function openEndpoint(settings: EndpointSettings, parts: EndpointParts): Promise<Endpoint> {
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: patience,
      requestTimeout: patience,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void serve(request, response, settings.path, parts),
  );
  server.maxConnections = connections;
  server.maxRequestsPerSocket = 1_000;
  await listen(server, settings);
  return new Endpoint(server);
}

export class Endpoint implements AsyncDisposable {
  readonly #server: Server;
  readonly port: number;

  constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }
}

function listen(server: Server, { address, port }: EndpointSettings): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (error: NodeJS.ErrnoException): void => {
    const code = error.code === "EADDRINUSE" ? "metrics_busy" : "metrics_failed";
    reject(new SssonectorError(code, `monitoring.prometheus ${address}:${port}: ${error.message}`, { cause: error }));
  };
  server.once("error", failed);
  server.listen(port, address, () => {
    server.off("error", failed);
    // Without descriptors a connection can't be accepted; the next one may.
    server.on("error", () => undefined);
    resolve();
  });
  return promise;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: EndpointParts,
): Promise<void> {
  const { status, type, text } = await answer(request, path, parts).catch((error: unknown) =>
    plain(500, describeError(error)),
  );
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 405 ? { allow: "GET, HEAD" } : {}),
    // A body that nobody reads must not be taken for the next request.
    ...(hasBody(request) ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

async function answer(request: IncomingMessage, path: string, parts: EndpointParts): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "GET and HEAD only");
  const [asked = ""] = (request.url ?? "").split("?", 1);
  if (asked === path) {
    const { type, text } = await parts.write();
    return { status: 200, type, text };
  }
  if (asked === "/healthz") return plain(200, "ok");
  if (asked === "/readyz") return plain(parts.state() === "ready" ? 200 : 503, parts.state());
  return plain(404, "not found");
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", text: `${text}\n` };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}
