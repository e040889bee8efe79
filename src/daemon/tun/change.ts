import { z } from "zod";
import { parseAddress, parsePrefix } from "../../shared/address.ts";

/** One thing that the daemon changes on the host. Texts of addresses are as the kernel accepts them. */
export type Change =
  /** An address with prefix length on the tunnel's interface. */
  | { readonly kind: "address"; readonly device: string; readonly address: string }
  /** A prefix that leads into the tunnel. */
  | { readonly kind: "route"; readonly device: string; readonly prefix: string }
  /** Keeps packets for a prefix from leaking to the default route when the tunnel's interface is gone. */
  | { readonly kind: "unreachable"; readonly prefix: string }
  /** Keeps the way to an outer address outside the tunnel. */
  | { readonly kind: "pin"; readonly address: string; readonly device: string; readonly gateway?: string | undefined };

const device: z.ZodType<string> = z.string().regex(/^[^-"'#\\/\s][^"'#\\/\s]{0,14}$/);
const address: z.ZodType<string> = z.string().refine((text) => parseAddress(text) !== undefined);
const prefix: z.ZodType<string> = z.string().refine((text) => parsePrefix(text) !== undefined);

/** What a journal may hold: what is read back becomes arguments of a privileged command. */
export const changeSchema: z.ZodType<Change> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("address"), device, address: prefix }),
  z.strictObject({ kind: z.literal("route"), device, prefix }),
  z.strictObject({ kind: z.literal("unreachable"), prefix }),
  z.strictObject({ kind: z.literal("pin"), address, device, gateway: address.optional() }),
]);

/** Marks our routes, so that an undo can't hit a route that somebody else made (rtnetlink(7), rtm_protocol). */
export const routeProtocol = 151;
/** Worse than any route that somebody is likely to make; both families accept it. */
const worstMetric = 4_278_198_272;

/** The words for `ip` that make the change. */
export function applyWords(change: Change): string[] {
  return change.kind === "address"
    ? ["address", "add", change.address, "dev", change.device, ...(change.address.includes(":") ? ["nodad"] : [])]
    : ["route", "add", ...routeWords(change)];
}

/** The words for `ip` that put a pin in place of an older one of the same address, without a gap. */
export function replaceWords(change: Extract<Change, { kind: "pin" }>): string[] {
  return ["route", "replace", ...routeWords(change)];
}

/** The words for `ip` that take the change back. */
export function undoWords(change: Change): string[] {
  return change.kind === "address"
    ? ["address", "del", change.address, "dev", change.device]
    : ["route", "del", ...routeWords(change)];
}

function routeWords(change: Exclude<Change, { kind: "address" }>): string[] {
  const protocol = ["proto", String(routeProtocol)];
  switch (change.kind) {
    case "route":
      return [change.prefix, "dev", change.device, ...protocol];
    case "unreachable":
      return ["unreachable", change.prefix, "metric", String(worstMetric), ...protocol];
    case "pin": {
      return [change.address, ...gatewayWords(change.address, change.gateway), "dev", change.device, ...protocol];
    }
  }
}

/** An IPv4 host may lie behind a gateway that has only an IPv6 address (RFC 5549). */
function gatewayWords(address: string, gateway: string | undefined): string[] {
  if (gateway === undefined) return [];
  return gateway.includes(":") && !address.includes(":") ? ["via", "inet6", gateway] : ["via", gateway];
}

/** Two changes with the same text are the same change. */
export function changeKey(change: Change): string {
  return applyWords(change).join(" ");
}
