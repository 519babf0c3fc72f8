// Keys of the desk. A key presses what is there: the control with data-key="t" on the cursor's row, else on the
// page. So a key does nothing that a button does not, and it appears and vanishes with its button.

const list = () => document.querySelector("[data-rows]");
const rows = () => [...(list()?.querySelectorAll("[data-row]") ?? [])];
const link = (row) => row.querySelector("[data-open]");

// The row the cursor is on: the one that has the focus, else the one that had it last.
function current() {
  const focused = document.activeElement?.closest("[data-row]");
  return focused ?? rows().find((row) => row.classList.contains("is-cursor"));
}

function moveTo(row) {
  if (!row) return;
  mark(row);
  link(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function mark(row) {
  for (const other of rows()) other.classList.toggle("is-cursor", other === row);
}

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  moveTo(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]);
}

function press(key) {
  const row = current();
  const control = row?.querySelector(`[data-key="${key}"]`) ?? document.querySelector(`[data-key="${key}"]:not([data-row] *)`);
  control?.click();
  return Boolean(control);
}

const fixed = {
  "/": () => document.getElementById("search")?.select(),
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => step(1),
  k: () => step(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && event.target.id === "search") return event.target.blur();
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
  if (event.key === "Enter" && current() && event.target === document.body) return link(current())?.click();
  const act = fixed[event.key];
  if (act && (!"jk".includes(event.key) || list())) {
    event.preventDefault();
    act();
  } else if (/^[a-z]$/.test(event.key) && press(event.key)) {
    event.preventDefault();
  }
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (row) mark(row);
});

// A row that was swapped keeps the cursor and the focus.
document.addEventListener("htmx:before:swap", () => {
  const row = document.activeElement?.closest("[data-row]");
  if (row) list().dataset.cursor = row.id;
});
document.addEventListener("htmx:after:swap", () => {
  const id = list()?.dataset.cursor;
  if (!id) return;
  delete list().dataset.cursor;
  if (document.activeElement === document.body) moveTo(document.getElementById(id));
});
