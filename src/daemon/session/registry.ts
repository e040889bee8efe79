import { randomBytes } from "node:crypto";
import { formatAddress, parseAddress, type Prefix, prefixContains } from "../../shared/address.ts";
import type { Lease, LeaseStore, StoredLease } from "./leases.ts";
import type { TokenClaims, TokenSealer } from "./token.ts";

/** What the registry must know of a HELLO. */
export interface AdmissionRequest {
  readonly link: number;
  readonly identity: string;
  readonly intent: "new" | "join" | "takeover" | "guest";
  readonly session?: string;
  readonly epoch: bigint;
  readonly token?: string;
  readonly mtu: number;
}

/** A session on the control plane: who it is, what it holds, and which links it has. */
export interface ServerSession {
  readonly id: string;
  readonly identity: string;
  epoch: bigint;
  readonly addresses: readonly string[];
  /** The server whose slice the addresses come from: it alone writes their leases. */
  readonly home: string;
  mtu: number;
  /** Another server has the session; this one carries flows of it. */
  guest: boolean;
  readonly links: Set<number>;
  readonly since: number;
  /** Milliseconds since the Unix epoch at which the newest token expires. */
  expires: number;
}

/** Why a peer with a good certificate gets no session: reasons of the registry, then those of the server around it. */
export const sessionRefusals = [
  "denied",
  "not_here",
  "superseded",
  "token_invalid",
  "no_address",
  "server_full",
  "stopping",
  "internal",
] as const;

export type SessionRefusal = (typeof sessionRefusals)[number];
export type RefusalReason = Exclude<SessionRefusal, "stopping" | "internal">;

export type AdmissionOutcome =
  | {
      readonly kind: "admitted";
      readonly session: ServerSession;
      readonly token: string;
      /** The session's older links end. */
      readonly supersede: boolean;
      /** Sessions that this one took an address from; they are removed, and whatever links they have must end. */
      readonly displaced: readonly ServerSession[];
    }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly text: string };

/** What the access rules say of an identity; undefined: it may not come in. */
export type IdentityRule = { readonly fixed: readonly string[] } | undefined;

export interface RegistryRules {
  readonly mtu: number;
  /** The inner prefixes of this server. */
  readonly prefixes: readonly Prefix[];
  readonly home: string;
  readonly region: string;
  /** How long a token is good for, in milliseconds. */
  readonly tokenLifetime: number;
  /** Links that one identity may have, in all of its sessions together. */
  readonly linksPerIdentity: number;
}

/** Sessions of this server, admitted one after another. */
export class SessionRegistry {
  readonly #leases: LeaseStore;
  readonly #sealer: TokenSealer;
  readonly #wall: () => number;
  readonly #sessions = new Map<string, ServerSession>();
  readonly #byLink = new Map<number, ServerSession>();
  /** Links that each identity has. */
  readonly #linksOf = new Map<string, number>();
  /** Who has the use of an address now. */
  readonly #byAddress = new Map<string, ServerSession>();
  #rules: RegistryRules;
  #ruleOf: (identity: string) => IdentityRule;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    leases: LeaseStore;
    sealer: TokenSealer;
    rules: RegistryRules;
    ruleOf: (identity: string) => IdentityRule;
    wall: () => number;
  }) {
    this.#leases = parts.leases;
    this.#sealer = parts.sealer;
    this.#rules = parts.rules;
    this.#ruleOf = parts.ruleOf;
    this.#wall = parts.wall;
  }

  get size(): number {
    return this.#sessions.size;
  }

  sessions(): IteratorObject<ServerSession> {
    return this.#sessions.values();
  }

  get(id: string): ServerSession | undefined {
    return this.#sessions.get(id);
  }

  ofLink(link: number): ServerSession | undefined {
    return this.#byLink.get(link);
  }

  /** Who has the use of an inner address. */
  ofAddress(address: string): ServerSession | undefined {
    return this.#byAddress.get(address);
  }

  /** New access rules, for those who come from now on. */
  useRules(ruleOf: (identity: string) => IdentityRule): void {
    this.#ruleOf = ruleOf;
  }

  /** Admissions wait for each other, so that two links can't take one address. */
  admit(request: AdmissionRequest): Promise<AdmissionOutcome> {
    return this.#inTurn(() => this.#admit(request));
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  linkClosed(link: number): void {
    const session = this.#byLink.get(link);
    if (session === undefined) return;
    session.links.delete(link);
    this.#byLink.delete(link);
    this.#countLinks(session.identity, -1);
  }

  /** Ends a session; its addresses stay reserved until the last token for them expires. */
  remove(id: string): ServerSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    this.#sessions.delete(id);
    for (const link of session.links) this.#byLink.delete(link);
    this.#countLinks(session.identity, -session.links.size);
    for (const address of session.addresses) {
      if (this.#byAddress.get(address) === session) this.#byAddress.delete(address);
    }
    return session;
  }

  /** Sessions without a link whose last token has expired; they are removed. */
  expire(): ServerSession[] {
    const wall = this.#wall();
    const isOver = ({ links, expires }: ServerSession): boolean => links.size === 0 && expires <= wall;
    const gone = this.#sessions.values().filter(isOver).toArray();
    for (const session of gone) this.remove(session.id);
    return gone;
  }

  /** Sessions with links whose token is past half its life. */
  stale(): ServerSession[] {
    const half = this.#wall() + this.#rules.tokenLifetime / 2;
    const isStale = ({ links, expires }: ServerSession): boolean => links.size > 0 && expires < half;
    return this.#sessions.values().filter(isStale).toArray();
  }

  /** A fresh token, and the leases extended to its expiry; undefined when the session has ended meanwhile. */
  renew(session: ServerSession): Promise<string | undefined> {
    return this.#inTurn(async () =>
      this.#sessions.get(session.id) === session ? await this.#renew(session) : undefined,
    );
  }

  async #renew(session: ServerSession): Promise<string> {
    session.expires = this.#wall() + this.#rules.tokenLifetime;
    if (session.home === this.#rules.home) {
      for (const address of session.addresses) {
        const held = await this.#leases.get(address);
        await this.#leases.putIfRevision(this.#lease(session, address), held?.revision ?? 0);
      }
    }
    return this.#seal(session);
  }

  async #admit(request: AdmissionRequest): Promise<AdmissionOutcome> {
    const rule = this.#ruleOf(request.identity);
    if (rule === undefined) return refused("denied", "this identity has no access");
    const { linksPerIdentity: most } = this.#rules;
    if (this.#linksBeside(request) >= most) {
      return refused("server_full", `${request.identity} has ${most} links, as many as one identity may have here`);
    }
    if (request.intent === "new") return this.#begin(request, rule.fixed);
    const claims = this.#sealer.open(request.token ?? "");
    if (claims === undefined || claims.expires <= this.#wall())
      return refused("token_invalid", "not a token of this cluster, or expired");
    if (claims.identity !== request.identity || claims.session !== request.session) {
      return refused("token_invalid", "the token is for somebody else");
    }
    if (rule.fixed.length > 0 && !rule.fixed.every((address) => claims.addresses.includes(address))) {
      return refused("token_invalid", "the identity's fixed address has changed");
    }
    const session = this.#sessions.get(claims.session);
    if (request.intent === "join") return this.#join(request, session);
    if (request.intent === "guest") return this.#receive(request, claims, session, rule.fixed);
    if (request.epoch > BigInt(claims.epoch) + 1n) {
      return refused("token_invalid", `epoch ${request.epoch} is more than one after the token's`);
    }
    if (session === undefined) return this.#revive(request, claims, rule.fixed);
    if (request.epoch < session.epoch) return refused("superseded", `epoch ${session.epoch} is known`);
    // Equal: the client asks again because WELCOME never reached it. Links of a guest are as good as they were.
    session.epoch = request.epoch;
    const supersede = !session.guest;
    session.guest = false;
    return this.#admitted(request, session, supersede, []);
  }

  /** Links of the identity, without those that a takeover ends. */
  #linksBeside({ identity, intent, session = "" }: AdmissionRequest): number {
    const known = intent === "takeover" ? this.#sessions.get(session) : undefined;
    const ending = known?.identity === identity && !known.guest ? known.links.size : 0;
    return (this.#linksOf.get(identity) ?? 0) - ending;
  }

  #countLinks(identity: string, step: number): void {
    const count = (this.#linksOf.get(identity) ?? 0) + step;
    if (count === 0) this.#linksOf.delete(identity);
    else this.#linksOf.set(identity, count);
  }

  /** A link for flows of a session that another server of the cluster has, or that this one has itself. */
  #receive(
    request: AdmissionRequest,
    claims: TokenClaims,
    session: ServerSession | undefined,
    fixed: readonly string[],
  ): Promise<AdmissionOutcome> | AdmissionOutcome {
    if (request.epoch !== BigInt(claims.epoch)) return refused("token_invalid", "the epoch is not the token's");
    if (session === undefined) return this.#revive(request, claims, fixed);
    if (request.epoch < session.epoch) return refused("superseded", `epoch ${session.epoch} is known`);
    // It was here, and is elsewhere by now.
    if (request.epoch > session.epoch) session.guest = true;
    session.epoch = request.epoch;
    return this.#admitted(request, session, false, []);
  }

  #join(request: AdmissionRequest, session: ServerSession | undefined): Promise<AdmissionOutcome> | AdmissionOutcome {
    if (session === undefined) return refused("not_here", "this server does not know the session");
    if (request.epoch !== session.epoch) return refused("superseded", `epoch ${session.epoch} is known`);
    return this.#admitted(request, session, false, []);
  }

  async #begin(request: AdmissionRequest, fixed: readonly string[]): Promise<AdmissionOutcome> {
    const id = randomBytes(16).toString("hex");
    const addresses: string[] = [];
    for (const family of [4, 6] as const) {
      const own = fixed.find((address) => address.includes(":") === (family === 6));
      const inPrefix = this.#rules.prefixes.some(({ address }) => address.family === family);
      const address = own ?? (inPrefix ? await this.#leaseNew(family, request.identity, id) : undefined);
      if (address === undefined && inPrefix) return refused("no_address", "no inner address is free");
      if (address !== undefined) addresses.push(address);
    }
    const displaced = [...new Set(addresses.flatMap((address) => this.#byAddress.get(address) ?? []))];
    for (const { id: other } of displaced) this.remove(other);
    return this.#admitted(request, this.#put(id, request.identity, 1n, addresses, this.#rules.home), false, displaced);
  }

  /** Leases a free address to the new session. */
  async #leaseNew(family: 4 | 6, identity: string, session: string): Promise<string | undefined> {
    const inUse = (address: string): boolean => (this.#byAddress.get(address)?.links.size ?? 0) > 0;
    const address = await this.#leases.free(family, identity, this.#wall(), inUse);
    if (address === undefined) return undefined;
    const held = await this.#leases.get(address);
    const expires = this.#wall() + this.#rules.tokenLifetime;
    const lease = { address, session, identity, epoch: "1", expires };
    return (await this.#leases.putIfRevision(lease, held?.revision ?? 0)) ? address : undefined;
  }

  /** A session of this cluster that this server doesn't have: it was elsewhere, or this server was restarted. */
  async #revive(request: AdmissionRequest, claims: TokenClaims, fixed: readonly string[]): Promise<AdmissionOutcome> {
    const known = BigInt(claims.epoch);
    for (const text of claims.addresses) {
      const address = parseAddress(text);
      if (address === undefined || !this.#rules.prefixes.some((prefix) => prefixContains(prefix, address))) {
        return refused("token_invalid", `${text} is not an address of this server's network`);
      }
      if (!fixed.includes(text) && this.#leases.isReserved(address)) {
        return refused("token_invalid", `${text} is the fixed address of another identity now, or the server's own`);
      }
      const user = this.#byAddress.get(formatAddress(address));
      const held = await this.#leases.get(text);
      if ((user !== undefined && user.id !== claims.session) || this.#leasedToAnother(held, claims.session)) {
        return refused("token_invalid", `${text} belongs to another session now`);
      }
      if (held !== undefined && BigInt(held.lease.epoch) > request.epoch) {
        return refused("superseded", `epoch ${held.lease.epoch} is known`);
      }
    }
    const guest = request.intent === "guest";
    const epoch = guest || request.epoch > known ? request.epoch : known + 1n;
    const session = this.#put(claims.session, claims.identity, epoch, claims.addresses, claims.home);
    session.guest = guest;
    return this.#admitted(request, session, false, []);
  }

  #leasedToAnother(held: StoredLease | undefined, session: string): boolean {
    return held !== undefined && held.lease.session !== session && held.lease.expires > this.#wall();
  }

  #put(id: string, identity: string, epoch: bigint, addresses: readonly string[], home: string): ServerSession {
    const session: ServerSession = {
      id,
      identity,
      epoch,
      addresses,
      home,
      mtu: this.#rules.mtu,
      guest: false,
      links: new Set(),
      since: this.#wall(),
      expires: 0,
    };
    this.#sessions.set(id, session);
    for (const address of addresses) this.#byAddress.set(address, session);
    return session;
  }

  async #admitted(
    request: AdmissionRequest,
    session: ServerSession,
    supersede: boolean,
    displaced: readonly ServerSession[],
  ): Promise<AdmissionOutcome> {
    session.mtu = Math.min(this.#rules.mtu, request.mtu);
    session.links.add(request.link);
    this.#byLink.set(request.link, session);
    this.#countLinks(session.identity, 1);
    const token = await this.#renew(session);
    return { kind: "admitted", session, token, supersede, displaced };
  }

  #lease(session: ServerSession, address: string): Lease {
    const { id, identity, epoch, expires } = session;
    return { address, session: id, identity, epoch: epoch.toString(), expires };
  }

  #seal(session: ServerSession): string {
    return this.#sealer.seal({
      identity: session.identity,
      session: session.id,
      addresses: session.addresses,
      home: session.home,
      region: this.#rules.region,
      epoch: session.epoch.toString(),
      expires: session.expires,
    });
  }
}

function refused(reason: RefusalReason, text: string): AdmissionOutcome {
  return { kind: "refused", reason, text };
}
