/** Numbers with thousands separators, in figures of one width. */
const NUMBER = new Intl.NumberFormat('en-US');

export function numberText(value: number): string {
  return NUMBER.format(value);
}

export function Num({ value, alarm = false }: { value: number; alarm?: boolean }) {
  return (
    <span class={`num${alarm && value !== 0 ? ' alarm' : ''}${value === 0 ? ' quiet' : ''}`}>{numberText(value)}</span>
  );
}
