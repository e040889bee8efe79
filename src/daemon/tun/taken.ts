import { z } from "zod";
import { SssonectorError } from "../../shared/errors.ts";
import type { IpCommand } from "./ip-command.ts";

/** A row of `ip -json address`; interfaces that the selection leaves out come as empty rows. */
const rows = z.array(z.object({ ifname: z.string().optional() }));

/**
 * The kernel gives one address to several interfaces without a word, and then answers for the wrong one.
 * `addresses` are ADDRESS/LENGTH. Throws host_address_in_use when an interface other than `device` has one of them.
 */
export async function refuseTaken(ip: IpCommand, addresses: readonly string[], device: string): Promise<void> {
  for (const address of addresses) {
    const [plain = ""] = address.split("/");
    const holders = rows.parse(await ip.query(["address", "show", "to", plain]));
    const other = holders.find(({ ifname }) => ifname !== undefined && ifname !== device)?.ifname;
    if (other !== undefined) throw new SssonectorError("host_address_in_use", `${plain} is an address of ${other}`);
  }
}
