import { parseAddress } from "../../shared/address.ts";
import type { Destinations, FlowLink, FlowSession } from "../flow/ports.ts";
import type { SessionTable } from "../session/session-table.ts";
import { shortSession } from "../pool/link-book.ts";
import type { DataThreadOptions } from "./messages.ts";
import type { ServiceClient } from "./service-messages.ts";

/** Who gets a packet from the TUN: on a server the owner of its address, on a client the one session. */
export function destinations(
  { mode, clustered, team }: Pick<DataThreadOptions, "mode" | "clustered" | "team">,
  sessions: SessionTable<FlowLink>,
  links: { readonly size: number },
): Destinations {
  if (mode === "server") {
    return {
      owner4: (word) => sessions.owner4(word),
      owner6: (a, b, c, d) => sessions.owner6(a, b, c, d),
      nobody: clustered ? "not_here" : "no_session",
      get exclusive() {
        // What waits for this thread's one link must not hold back what is for another thread's.
        return links.size <= 1 && (team === undefined || sessions.size <= 1);
      },
      only: undefined,
    };
  }
  const only = (): FlowSession | undefined => sessions.first;
  return {
    owner4: only,
    owner6: only,
    nobody: "no_session",
    // A link that stalls must not hold the others' packets back.
    get exclusive() {
      return (only()?.links.length ?? 0) <= 1;
    },
    get only() {
      return only();
    },
  };
}

/** Whose an inner address is. */
export function clientAt(sessions: SessionTable<FlowLink>, text: string): ServiceClient | undefined {
  const address = parseAddress(text);
  const session = address && sessions.owner(address);
  return session && { identity: session.identity, session: shortSession(session.id) };
}
