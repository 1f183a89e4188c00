/**
 * The page that a person sees at a stand-in's address: what it is and what it has counted.
 */
import type { Answer } from './answer.ts';

export function homePage(title: string, counts: Record<string, number | string>): Answer {
  const rows = Object.entries(counts)
    .map(
      ([name, value]) =>
        `<tr><th scope="row">${escaped(spaced(name))}</th><td>${escaped(shown(name, value))}</td></tr>`,
    )
    .join('\n');
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem;color-scheme:light dark}
th{text-align:left;font-weight:normal;padding-right:2rem}td{text-align:right;font-variant-numeric:tabular-nums}</style></head>
<body><h1>${escaped(title)}</h1>
<p>A model of the vendor's service for demonstrations and tests, on this machine only. Nothing here is real.</p>
<table>${rows}</table>
<p>Truth: <a href="/_truth/summary">summary</a>, <a href="/_truth/requests">requests</a>. Rules that make it misbehave:
<a href="/_control/faults">faults</a>.</p></body></html>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function shown(name: string, value: number | string): string {
  return name === 'startedMs' ? new Date(Number(value)).toISOString() : String(value);
}

function spaced(name: string): string {
  return name
    .replace(/^startedMs$/, 'started')
    .replace(/Ms$/, ' in ms')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
