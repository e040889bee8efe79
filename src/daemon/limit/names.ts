/** up: from client to server, on both daemons. */
export type Direction = "up" | "down";

export const directions: readonly Direction[] = ["up", "down"];

/** Whose bucket it is; `id` is an identity, a session's public id or a service, and empty for the daemon's own. */
export interface BucketOwner {
  readonly scope: "global" | "identity" | "session" | "service";
  readonly id: string;
}

/** `global/up`, `identity/NAME/down`, `session/ID/up`, `service/NAME/down`. */
export function bucketName({ scope, id }: BucketOwner, direction: Direction): string {
  return scope === "global" ? `global/${direction}` : `${scope}/${id}/${direction}`;
}

/** Undefined when the text is no bucket's name. */
export function parseBucketName(name: string): { owner: BucketOwner; direction: Direction } | undefined {
  const match = /^(?:(global)|(identity|session|service)\/([^/]+))\/(up|down)$/.exec(name);
  if (match === null) return undefined;
  const scope = (match[1] ?? match[2]) as BucketOwner["scope"];
  return { owner: { scope, id: match[3] ?? "" }, direction: match[4] as Direction };
}
