// A page's form as a browser would send it back: every field with what stands in it.
const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&lt;': '<',
  '&gt;': '>',
  '&#39;': "'",
  '&amp;': '&',
};

/**
 * The fields of the form that goes to `action`, with those changed that `typed` names.
 * @throws Error when there is no such form, or no field of a name that is typed
 */
export function filledForm(html: string, action: string, typed: Readonly<Record<string, string>>): URLSearchParams {
  const forms = html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g);
  const inner = [...forms].find(([, attributes = '']) => attributeOf(attributes, 'action') === action)?.[2];
  if (inner === undefined) throw new Error(`The page has no form for ${action}.`);
  const fields = new URLSearchParams();
  for (const [, tag = '', attributes = '', rest = ''] of inner.matchAll(
    /<(input|select|textarea)\b([^>]*)>((?:(?!<(?:input|select|textarea)\b)[\s\S])*)/g,
  )) {
    const name = attributeOf(attributes, 'name');
    const isOff = /type="(?:checkbox|radio)"/.test(attributes) && !/\bchecked\b/.test(attributes);
    if (name !== undefined && !isOff) fields.append(name, fieldValue(tag, attributes, rest));
  }
  for (const [name, value] of Object.entries(typed)) {
    if (!fields.has(name)) throw new Error(`The form for ${action} has no field "${name}".`);
    fields.set(name, value);
  }
  return fields;
}

function fieldValue(tag: string, attributes: string, rest: string): string {
  if (tag === 'textarea') return unescaped(/^([\s\S]*?)<\/textarea>/.exec(rest)?.[1] ?? '');
  if (tag === 'input') return attributeOf(attributes, 'value') ?? (attributes.includes('type="checkbox"') ? 'on' : '');
  const options = [...rest.matchAll(/<option\b([^>]*)>/g)].map(([, option = '']) => option);
  const chosen = options.find((option) => /\bselected\b/.test(option)) ?? options[0] ?? '';
  return attributeOf(chosen, 'value') ?? '';
}

function attributeOf(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return value === undefined ? undefined : unescaped(value);
}

const unescaped = (text: string) =>
  text.replaceAll(/&(?:quot|lt|gt|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity);
