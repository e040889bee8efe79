import type { ProblemCode } from "./problem.ts";
import type {
  AccessSettings,
  ClientSettings,
  CommonSettings,
  CoreSettings,
  HostPort,
  NetworkSettings,
  ServerNetworkSettings,
  ServerSettings,
} from "./settings.ts";

/** Leaves may be missing: they had no default, or could not be read. */
type Loose<T> = T extends readonly (infer Item)[]
  ? Loose<Item>[] | undefined
  : T extends HostPort | { kind: unknown } | string | number | boolean | undefined
    ? T | undefined
    : { [Key in keyof T]: Loose<T[Key]> };

type Section<T> = { [Key in keyof T]: Loose<T[Key]> };

/** Settings as they were read: before derived defaults and before the rules that join several of them. */
export interface Draft extends Section<Omit<CommonSettings, "security">> {
  core: Section<CoreSettings> & { mode: "server" | "client" | undefined };
  network: Section<NetworkSettings> &
    Partial<Section<ServerNetworkSettings>> &
    Partial<Pick<ClientSettings["network"], "accept_routes">>;
  tunnel: Partial<Section<ServerSettings["tunnel"]> & Section<ClientSettings["tunnel"]>>;
  security: { tls: { enabled: boolean | undefined } };
  cluster?: Section<ServerSettings["cluster"]>;
  access?: Section<AccessSettings>;
  services?: Section<ServerSettings>["services"];
}

/** Reports a broken rule at the setting that has to change. */
export type Report = (path: string, message: string, code?: ProblemCode) => void;
