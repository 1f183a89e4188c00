/** Buttons that have intervals read again, sent again or taken for quiet: for one interval, a day or a range. */
import type { Window } from '../../src/domain/interval.ts';
import type { Order } from '../coverage-orders.ts';

const LABELS: Readonly<Record<Order, string>> = {
  'read-again': 'Read again',
  'send-again': 'Send again',
  'confirm-quiet': 'Confirm as quiet',
};

/** One form with a button an order. The span is either `window` or days that the reader enters. */
export function OrderForm(props: {
  readonly base: string;
  /** Path to come back to. */
  readonly back: string;
  readonly orders: readonly Order[];
  /** What the orders are about, for screen readers: buttons of several rows look the same. */
  readonly about: string;
  readonly window?: Window;
  readonly days?: { readonly from: string; readonly to: string };
}) {
  const { base, back, orders, about, window, days } = props;
  return (
    <form method="post" action={`${base}/orders`} class="orders">
      <input type="hidden" name="back" value={back} />
      {window && <input type="hidden" name="from" value={new Date(window.startMs).toISOString()} />}
      {window && <input type="hidden" name="to" value={new Date(window.endMs).toISOString()} />}
      {days && (
        <>
          <div class="filter">
            <label for="order-from">From day</label>
            <input type="date" id="order-from" name="fromDay" value={days.from} />
          </div>
          <div class="filter">
            <label for="order-to">To day</label>
            <input type="date" id="order-to" name="toDay" value={days.to} />
          </div>
        </>
      )}
      {orders.map((order) => (
        <button type="submit" name="order" value={order} class={`secondary${days ? '' : ' small'}`}>
          {LABELS[order]}
          <span class="hidden">: {about}</span>
        </button>
      ))}
    </form>
  );
}
