// What the site adds where there is script; everything works without it.

// A form that was not accepted: its list of errors is read out and scrolled to.
document.getElementById('form-errors')?.focus();

// The Overview says so when it could not refresh itself.
const stale = document.getElementById('stale');
if (stale) {
  const show = (isStale) => () => {
    stale.hidden = !isStale;
  };
  document.addEventListener('htmx:error', show(true));
  document.addEventListener('htmx:response:error', show(true));
  document.addEventListener('htmx:after:swap', show(false));
}

// Charts whose table somebody has opened stay as they are: refreshed, it would close.
document.addEventListener('htmx:before:request', (event) => {
  if (event.target.id === 'charts' && event.target.querySelector('details[open]')) event.preventDefault();
});

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'true';
});
globalThis.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The heat map by keyboard: one stop for Tab, then the arrow keys. Without script, each day leads to its intervals.
const GRID_MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const cellLink = (cell) => cell?.querySelector(':scope > a') ?? null;
const openGrids = () => {
  for (const grid of document.querySelectorAll('table[data-grid]')) {
    const first = grid.querySelector('td > a');
    if (first && !grid.querySelector('td > a[tabindex="0"]')) first.tabIndex = 0;
  }
};
openGrids();
document.addEventListener('htmx:after:swap', openGrids);
document.addEventListener('keydown', (event) => {
  const move = GRID_MOVES[event.key];
  const cell = event.target.closest?.('table[data-grid] td');
  if (!move || !cell || event.target.tagName !== 'A') return;
  const rows = [...cell.closest('tbody').rows];
  let row = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  let link = null;
  while (!link) {
    row += move[0];
    column += move[1];
    if (!rows[row]?.cells[column]) return;
    link = cellLink(rows[row].cells[column]);
  }
  event.preventDefault();
  event.target.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
});

// A table that is edited in place: one tick for all rows, and no change lost by leaving the page unsaved.
for (const all of document.querySelectorAll('input[data-check-all]')) {
  all.closest('[hidden]')?.removeAttribute('hidden');
  all.addEventListener('change', () => {
    for (const box of all.form.querySelectorAll(`input[name="${all.dataset.checkAll}"]`)) box.checked = all.checked;
  });
}
for (const form of document.querySelectorAll('form[data-edit]')) {
  let isChanged = false;
  form.addEventListener('change', () => {
    isChanged = true;
  });
  globalThis.addEventListener('beforeunload', (event) => {
    if (isChanged && !form.dataset.sent) event.preventDefault();
  });
}
