// Certificates for tests, made on the spot: no key lies in the repository, and none runs out. DER by hand (RFC 5280), as
// much of it as a TLS client looks at; P-256 keys.
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Identity {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly name: string;
}

export interface CertificateOptions {
  readonly name: string;
  /** Who signs it; undefined: itself. */
  readonly issuer?: Identity;
  /** Names and addresses that it is for. */
  readonly hosts?: readonly string[];
  readonly isAuthority?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Default SHA-256. */
  readonly hash?: 'sha256' | 'sha1';
}

const DAY_MS = 86_400_000;
const SIGNATURE_OIDS = { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' } as const;

/** Makes a key and a certificate for it. Default: good for the day before and the day after. */
export function makeCertificate(options: CertificateOptions): Identity {
  const { name, issuer, hosts = [], isAuthority = false, hash = 'sha256' } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const notBefore = options.notBefore ?? new Date(Date.now() - DAY_MS);
  const notAfter = options.notAfter ?? new Date(Date.now() + DAY_MS);
  const algorithm = sequence(oid(SIGNATURE_OIDS[hash]));
  const toSign = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(hosts, isAuthority))),
  );
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const certificate = sequence(toSign, algorithm, bitString(sign(hash, toSign, signer)));
  return { name, certificate: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function extensions(hosts: readonly string[], isAuthority: boolean): Buffer[] {
  const alternatives = hosts.map((host) => {
    const octets = /^\d+(?:\.\d+){3}$/.test(host) ? host.split('.').map(Number) : undefined;
    return octets ? tlv(0x87, Buffer.from(octets)) : tlv(0x82, Buffer.from(host));
  });
  const constraints = sequence(...(isAuthority ? [tlv(0x01, Buffer.from([0xff]))] : []));
  return [
    extension('2.5.29.19', constraints, true),
    // keyCertSign and cRLSign, or digitalSignature.
    extension('2.5.29.15', tlv(0x03, Buffer.from(isAuthority ? [1, 0x06] : [7, 0x80])), true),
    ...(alternatives.length === 0 ? [] : [extension('2.5.29.17', sequence(...alternatives), false)]),
  ];
}

function extension(id: string, value: Buffer, isCritical: boolean): Buffer {
  return sequence(oid(id), ...(isCritical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}

function distinguishedName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));
}

function tlv(tag: number, content: Buffer): Buffer {
  const bytes: number[] = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  const length = content.length < 128 ? [content.length] : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Buffer[]) => tlv(0x30, Buffer.concat(parts));
const explicit = (number: number, content: Buffer) => tlv(0xa0 + number, content);
const integer = (bytes: Buffer) => tlv(0x02, bytes);
const bitString = (bytes: Buffer) => tlv(0x03, Buffer.concat([Buffer.from([0]), bytes]));

function time(at: Date): Buffer {
  const text = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  // UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5).
  return at.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part % 128];
    for (let high = Math.floor(part / 128); high > 0; high = Math.floor(high / 128))
      groups.unshift(0x80 + (high % 128));
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
