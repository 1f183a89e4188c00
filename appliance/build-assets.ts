// Copies the vendors' browser files into public/static/vendor/, so that the pages load nothing from elsewhere.
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'public/static/vendor');

/** File in node_modules → name under /static/vendor/. The names carry no version: the pages need no change on an update. */
const VENDOR_FILES: Readonly<Record<string, string>> = {
  'htmx.org/dist/htmx.min.js': 'htmx.min.js',
};

mkdirSync(target, { recursive: true });
for (const [from, to] of Object.entries(VENDOR_FILES)) {
  const source = path.join(root, 'node_modules', from);
  const destination = path.join(target, to);
  const existing = statSync(destination, { throwIfNoEntry: false });
  // An unchanged file keeps its time, so that watchers and caches are left in peace.
  if (existing === undefined || !readFileSync(source).equals(readFileSync(destination))) {
    copyFileSync(source, destination);
  }
}
