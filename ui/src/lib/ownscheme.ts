// A scheme of the user's own, from a form into the scheme file that the program reads.

/** The choice of it among the schemes; no id of one. */
export const OWN = "own:";

export interface OwnScheme {
  header: string;
  /** What stands before the signature in its header. */
  prefix: string;
  algorithm: string;
  encoding: string;
  /** How the secret is written. */
  key: string;
  template: string;
  /** The header that holds the time; empty for none. */
  timestamp: string;
}

export const ALGORITHMS: [string, string][] = [
  ["sha256", "HMAC-SHA256"],
  ["sha1", "HMAC-SHA1"],
  ["sha384", "HMAC-SHA384"],
  ["sha512", "HMAC-SHA512"],
];

export const ENCODINGS: [string, string][] = [
  ["hex", "hex"],
  ["hex-upper", "hex in upper case"],
  ["base64", "base64"],
  ["base64url", "URL-safe base64"],
];

export const KEYS: [string, string][] = [
  ["text", "the text itself"],
  ["hex", "hex, to be decoded"],
  ["base64", "base64, to be decoded"],
];

export function emptyScheme(): OwnScheme {
  return {
    header: "X-Signature",
    prefix: "",
    algorithm: "sha256",
    encoding: "hex",
    key: "text",
    template: "{body}",
    timestamp: "",
  };
}

/** The text of the scheme file. The escapes of JSON's strings are those of TOML's. */
export function schemeFile(own: OwnScheme): string {
  const value = (text: string): string => JSON.stringify(text);
  const lines = [
    `id = "own"`,
    `provider = "Your own scheme"`,
    "[signature]",
    `header = ${value(own.header.trim())}`,
    `prefix = ${value(own.prefix)}`,
    "[sign]",
    `method = "hmac"`,
    `algorithm = ${value(own.algorithm)}`,
    `encoding = ${value(own.encoding)}`,
    `key = ${value(own.key)}`,
    `template = ${value(own.template)}`,
  ];
  if (own.timestamp.trim() !== "") {
    const header = value(own.timestamp.trim());
    lines.push("[timestamp]", `header = ${header}`, "past = 300", "future = 300");
  }
  return `${lines.join("\n")}\n`;
}
