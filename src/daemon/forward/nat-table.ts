import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { formatNetwork, type Prefix } from "../../shared/address.ts";
import type { NftCommand } from "./nft-command.ts";

/**
 * Our own nftables table, by which packets of the sessions leave under this server's address. A file in the state
 * directory says, from before it is made until after it is gone, that there may be one.
 */
export class NatTable {
  readonly #name: string;
  readonly #note: string;
  readonly #nft: NftCommand;

  constructor(tunnel: string, stateDirectory: string, nft: NftCommand) {
    this.#name = `sssonector_${tunnel}`;
    this.#note = path.join(stateDirectory, `nat-${tunnel}.made`);
    this.#nft = nft;
  }

  /** Replaces whatever table of this name there is. */
  async create(prefixes: readonly Prefix[], lan: string): Promise<void> {
    mkdirSync(path.dirname(this.#note), { recursive: true, mode: 0o700 });
    writeFileSync(this.#note, "", { mode: 0o600, flush: true });
    try {
      await this.#nft(`${this.#removal()}${masquerade(this.#name, prefixes, lan)}`);
    } catch (error) {
      // A script that fails has changed nothing.
      rmSync(this.#note, { force: true });
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.#nft(this.#removal());
    rmSync(this.#note, { force: true });
  }

  /** For the table of a process that was killed. */
  async undoLeftOver(): Promise<void> {
    if (existsSync(this.#note)) await this.remove();
  }

  /** Deleting what isn't there is an error; adding what is there is none. */
  #removal(): string {
    return `add table inet ${this.#name}\ndelete table inet ${this.#name}\n`;
  }
}

function masquerade(table: string, prefixes: readonly Prefix[], lan: string): string {
  const rules = prefixes.map((prefix) => {
    const source = prefix.address.family === 4 ? "ip saddr" : "ip6 saddr";
    return `    ${source} ${formatNetwork(prefix)} oifname "${lan}" masquerade\n`;
  });
  return `table inet ${table} {
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
${rules.join("")}  }
}
`;
}
