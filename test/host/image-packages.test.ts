// What goes into the image, as far as that can be told without building it: the packages of the lock file.
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findPackages } from '../../appliance/image/packages.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** Of the development machine: not in the image (appliance/image/build-image.ts). */
const NOT_IN_IMAGE = /^appliance\/(?:image\/|build-|.*\.d\.ts$)/;

it('takes every package that the host imports, and what those need, and no tools', () => {
  const places = [...findPackages(root).keys()];
  const imported = globSync(['appliance/**/*.ts', 'src/crypto/*.ts', 'src/runtime.ts'], { cwd: root })
    .filter((file) => !NOT_IN_IMAGE.test(file))
    .flatMap((file) => [...readFileSync(path.join(root, file), 'utf8').matchAll(/from '([^.'][^']*)'/g)])
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  expect(imported).toContain('miniflare');
  for (const name of new Set(imported)) expect(places).toContain(`node_modules/${name}`);
  expect(places.some((place) => place.startsWith('node_modules/@cloudflare/workerd-'))).toBe(true);
  expect(places.filter((place) => /\/(?:sharp|wrangler|esbuild|vitest|typescript|npm)$|@img\//.test(place))).toEqual(
    [],
  );
});

it('copies programs and settings from places that the Containerfile names', () => {
  const recipe = readFileSync(path.join(root, 'appliance/Containerfile'), 'utf8');
  expect(recipe).toMatch(/^FROM scratch$/m);
  expect(recipe).toMatch(/^USER 10001:10001$/m);
  expect(recipe).not.toMatch(/^RUN/m);
  const mentioned = [...recipe.matchAll(/\/usr\/(?:local\/)?bin\/([\w-]+)/g)].map(([, name]) => name);
  expect(new Set(mentioned)).toEqual(new Set(['bridge', 'tini-static']));
});
