// The npm packages that the host needs at run time, as the lock file fixes them: found in it, taken from node_modules,
// where `npm ci` put them after checking their sums.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** What appliance/ imports outside of Node. */
const ROOTS = ['miniflare', 'zod', 'age-encryption', 'modern-tar'];
/** Miniflare's images binding, which the bridge does not have: 20 MB. It is loaded only when it is used. */
const LEFT_OUT = /^(?:sharp|@img\/.*)$/;
/** Needed by nobody who runs the packages; of workerd a second copy of its binary, which nobody calls. */
const NOT_COPIED =
  /node_modules\/workerd\/bin$|\.(?:map|d\.[cm]?ts|[cm]?ts|md|markdown)$|\/(?:test|tests|docs|example|examples|local-explorer-ui)$/;

const names = z.record(z.string(), z.string()).default({});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), dependencies: names, optionalDependencies: names }),
  ),
});

/** Places of the needed packages ("node_modules/x/node_modules/y") with their versions. */
export function findPackages(root: string): Map<string, string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')));
  const found = new Map<string, string>();
  const visit = (name: string, from: string, isOptional: boolean): void => {
    if (LEFT_OUT.test(name)) return;
    const place = placeOf(name, from, (candidate) => candidate in packages);
    const entry = place === undefined ? undefined : packages[place];
    if (place === undefined || entry === undefined || !existsSync(path.join(root, place))) {
      if (isOptional) return; // for another platform
      throw new Error(`${name} is in package-lock.json or node_modules no more than half. Run npm ci.`);
    }
    if (found.has(place)) return;
    found.set(place, entry.version ?? '');
    for (const dependency of Object.keys(entry.dependencies)) visit(dependency, place, false);
    for (const dependency of Object.keys(entry.optionalDependencies)) visit(dependency, place, true);
  };
  for (const name of ROOTS) visit(name, '', false);
  return found;
}

/** As Node looks for a package: beside the one that asks, then further out. */
function placeOf(name: string, from: string, isThere: (place: string) => boolean): string | undefined {
  for (let directory = from; ; ) {
    const place = `${directory === '' ? '' : `${directory}/`}node_modules/${name}`;
    if (isThere(place)) return place;
    if (directory === '') return undefined;
    directory = directory.slice(0, Math.max(0, directory.lastIndexOf('node_modules/') - 1));
  }
}

/** Copies the packages to `target`/node_modules, without what only their developers need. */
export function copyPackages(root: string, target: string, places: Iterable<string>): void {
  for (const place of places) {
    const from = path.join(root, place);
    cpSync(from, path.join(target, place), {
      recursive: true,
      dereference: true,
      // Packages inside are copied for themselves, where they are needed.
      filter: (file) => file === from || (path.basename(file) !== 'node_modules' && !NOT_COPIED.test(file)),
    });
  }
}
