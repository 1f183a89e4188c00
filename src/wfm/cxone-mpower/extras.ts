/**
 * What NICE's own connectors do beside the reports, with unpublished paths and bodies (contracts/cxone-mpower.md, "ACD
 * details and heartbeat"): both are off until somebody names a path. Pure.
 */

const TEXT_CHARS_MAX = 2_000;
const TYPES_MAX = 20;
const DEPTH_MAX = 6;

/** The answer about ACDs, cut to what a page shows, as indented JSON where it is JSON. */
export function detailsText(text: string): string {
  const value = parsed(text);
  const whole = value === undefined ? text.trim() : JSON.stringify(value, null, 2);
  return whole.length > TEXT_CHARS_MAX ? `${whole.slice(0, TEXT_CHARS_MAX).toWellFormed()}…` : whole;
}

/** Every text under a name like "acdType" or "acdTypes" in the answer, each once. */
export function acdTypesIn(text: string): string[] {
  const found = new Set<string>();
  collect(parsed(text), false, found, 0);
  return [...found].slice(0, TYPES_MAX);
}

/** The heartbeat's body. `template` is JSON; the names in braces are replaced inside its texts, and nothing else is. */
export function heartbeatBody(template: string, values: { acdType: string; acdId: string; time: string }): string {
  return JSON.stringify(JSON.parse(template), (_, value: unknown) =>
    typeof value === 'string'
      ? value.replaceAll(/\{(acdType|acdId|time)\}/g, (whole, name: string) =>
          name === 'acdType' || name === 'acdId' || name === 'time' ? values[name] : whole,
        )
      : value,
  );
}

function collect(value: unknown, isType: boolean, found: Set<string>, depth: number): void {
  if (typeof value === 'string') {
    if (isType && value !== '' && value.length <= 200) found.add(value);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  for (const [name, item] of Object.entries(value)) {
    const isNamed = Array.isArray(value)
      ? isType
      : /^acd_?types?$/i.test(name) || (isType && /^(?:name|value)$/i.test(name));
    collect(item, isNamed, found, depth + 1);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
