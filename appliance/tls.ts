// TLS for the front, from files that somebody else renews: they are read again when they change, without a restart.
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Log } from './log.ts';
import { messageOf, StartRefused } from './start-refused.ts';

const LOOK_EVERY_MS = 60_000;

export interface TlsFiles {
  /** PEM: the server's certificate, then those between it and the root. */
  readonly certificateFile: string;
  /** PEM, not encrypted. */
  readonly keyFile: string;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws StartRefused when a file cannot be read or the two do not belong together */
export function readTlsFiles({ certificateFile, keyFile }: TlsFiles): TlsMaterial {
  try {
    const material = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
    createSecureContext(material); // throws on anything that could not serve
    return material;
  } catch (cause) {
    throw new StartRefused(
      `The certificate (${certificateFile}) and its key (${keyFile}) cannot be used: ${messageOf(cause)}. ` +
        'Correct TLS_CERT_FILE and TLS_KEY_FILE: PEM files that belong together, readable for this user.',
      { cause },
    );
  }
}

/** Takes renewed files over. Files that are half replaced or wrong leave the present ones in use. @returns what ends it */
export function followTlsFiles(server: Server, files: TlsFiles, log: Log, lookEveryMs = LOOK_EVERY_MS): () => void {
  let seen = stamp(files);
  const timer = setInterval(() => {
    const now = stamp(files);
    if (now === seen) return;
    seen = now;
    try {
      server.setSecureContext(readTlsFiles(files));
      log('info', 'The TLS certificate was renewed.');
    } catch (thrown) {
      log('error', `${messageOf(thrown)} The previous certificate stays in use.`);
    }
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function stamp({ certificateFile, keyFile }: TlsFiles): string {
  return [certificateFile, keyFile]
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? 'absent' : `${found.mtimeMs}:${found.size}:${found.ino}`;
    })
    .join();
}
