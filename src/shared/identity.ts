/** A peer's identity is its one URI SAN of this scheme: `sssonector:NAME`. */
export const identityScheme = "sssonector:";

/** Longest name, in characters; X.520's bound for a common name, which also carries it. */
export const identityNameLimit = 64;

const printable = /^[!-~]+$/;

/** True for printable ASCII of 1 to 64 characters without spaces, colons and slashes: fit for a URI and a file name. */
export function isIdentityName(name: string): boolean {
  return name.length <= identityNameLimit && printable.test(name) && !/[:/]/.test(name);
}

/** Who a certificate speaks for, or why it speaks for nobody. */
export type Identity =
  | { readonly kind: "identity"; readonly name: string }
  | { readonly kind: "refused"; readonly reason: "identity_missing" | "identity_ambiguous" | "identity_malformed" };

/** One entry of the list: a type, and a value that Node writes as a JSON string when it has odd characters. */
const altName = /([^:",]+):("(?:[^"\\]|\\.)*"|[^",]*)(, |$)/y;

/**
 * Reads the identity from Node's `X509Certificate.subjectAltName`. The common name never counts, a second URI makes
 * the identity ambiguous whatever it says, and a name with a NUL or anything else that is not printable is malformed.
 */
export function identityOfAltNames(altNames: string | undefined): Identity {
  const uris: string[] = [];
  const text = altNames ?? "";
  for (let at = 0; at < text.length; at = altName.lastIndex) {
    altName.lastIndex = at;
    const [, type, value] = altName.exec(text) ?? [];
    if (type === undefined || value === undefined) return refused("identity_malformed");
    if (type === "URI") uris.push(value);
  }
  const [uri, second] = uris;
  if (uri === undefined) return refused("identity_missing");
  return second === undefined ? identityOfUri(uri) : refused("identity_ambiguous");
}

function identityOfUri(value: string): Identity {
  const uri = value.startsWith('"') ? unquoted(value) : value;
  const name = uri?.startsWith(identityScheme) ? uri.slice(identityScheme.length) : "";
  return isIdentityName(name) ? { kind: "identity", name } : refused("identity_malformed");
}

function unquoted(value: string): string | undefined {
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function refused(reason: "identity_missing" | "identity_ambiguous" | "identity_malformed"): Identity {
  return { kind: "refused", reason };
}
