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

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'true';
});
globalThis.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
});
