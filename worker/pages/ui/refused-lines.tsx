/** The lines of a file that were left out, each with the reason, as many as a person reads. */
import type { ComponentChildren } from 'preact';
import { numberText } from './number.tsx';
import { Scroll } from './scroll.tsx';

export const REFUSED_SHOWN_MAX = 100;

/** `action`: the way to all of them. `children`: what is to be said below, such as that there are more. */
export function RefusedLines(props: {
  lines: readonly { readonly line: number; readonly reason: string }[];
  action?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const { lines, action, children } = props;
  return (
    <section class="card flush" aria-labelledby="refused">
      <div class="card-head">
        <h2 id="refused">Lines left out</h2>
        {action}
      </div>
      <Scroll label="Lines left out, with the reason">
        <table>
          <caption class="hidden">Lines left out, with the reason</caption>
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, REFUSED_SHOWN_MAX).map(({ line, reason }) => (
              <tr>
                <th scope="row" class="nowrap num">
                  {numberText(line)}
                </th>
                <td>{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {children}
    </section>
  );
}
