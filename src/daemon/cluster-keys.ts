import { join } from "node:path";
import { isServer, type Settings } from "./config/settings.ts";
import { loadClusterSecret } from "./session/cluster-secret.ts";
import type { ClusterKey } from "./session/token.ts";
import { writeAtomically } from "./store/journal.ts";

/** The keys of a server's cluster, from the file that the settings name or its own; none for a client. */
export function clusterKeysOf(settings: Settings): readonly ClusterKey[] {
  if (!isServer(settings)) return [];
  const own = join(settings.core.state_dir, "cluster.key");
  return loadClusterSecret(settings.cluster.secret_file, own, writeAtomically);
}
