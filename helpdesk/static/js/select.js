// Selecting lines of a list: x and the boxes select one, Shift selects all between, Ctrl+click on a line selects it.
// The boxes belong to the form #bulk, so all of it works as a form without this script.

const form = document.getElementById("bulk");
if (form) start();

function start() {
  const boxes = () => [...document.querySelectorAll("[data-row] input[name=ticket]")];
  const every = document.querySelector("[data-selects-all]");
  const said = form.querySelector("[data-selected]");
  let last = null;

  const tell = () => {
    const all = boxes();
    const chosen = all.filter((box) => box.checked);
    said.textContent = said.dataset.selected.replace("{n}", String(chosen.length));
    for (const box of all) box.closest("[data-row]").classList.toggle("is-selected", box.checked);
    if (every) {
      every.checked = chosen.length > 0 && chosen.length === all.length;
      every.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
  };
  // From the line selected last up to this one; what that one is, all between become.
  const extend = (box) => {
    const all = boxes();
    const ends = [all.indexOf(last ?? box), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(Math.max(0, ends[0]), ends[1] + 1)) between.checked = true;
    last = box;
    tell();
  };
  const toggle = (box) => {
    box.checked = !box.checked;
    last = box;
    tell();
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-row] input[name=ticket]");
    if (box) {
      if (event.shiftKey && last) return extend(box);
      last = box;
      return tell();
    }
    const row = event.target.closest("[data-row]");
    if (!row || !(event.shiftKey || event.ctrlKey || event.metaKey) || event.target.closest("button, input")) return;
    event.preventDefault();
    const own = row.querySelector("input[name=ticket]");
    if (event.shiftKey) extend(own);
    else toggle(own);
  }, true);
  // Shift+click marks text between two places: not here.
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest("[data-row]")) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "X" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
    const row = document.querySelector("[data-row].is-cursor");
    if (row) extend(row.querySelector("input[name=ticket]"));
  });
  every?.addEventListener("change", () => {
    for (const box of boxes()) box.checked = every.checked;
    tell();
  });
  form.addEventListener("reset", () => setTimeout(tell));
  document.addEventListener("htmx:after:swap", tell);
  tell(); // a browser may have kept the boxes across a reload
}
