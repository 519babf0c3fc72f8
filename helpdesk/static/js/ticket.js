// Links such as /tickets/1042#hold open what they point at, here and when arriving from the queue.

function open() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target) return;
  target.closest("details")?.setAttribute("open", "");
  if (target.matches("details")) target.querySelector("input, select, textarea")?.focus();
}

open();
window.addEventListener("hashchange", open);

// On a narrow screen the way and the moves come up as a sheet; without the script the link leads down to them.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-sheet]");
  if (opener && matchMedia("(max-width: 767.98px)").matches) {
    event.preventDefault();
    toggle(opener, !sheetOf(opener).classList.contains("is-sheet"));
  } else if (!event.target.closest(".is-sheet")) {
    close();
  }
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

const sheetOf = (opener) => document.getElementById(opener.dataset.sheet);

function toggle(opener, isOpen) {
  sheetOf(opener).classList.toggle("is-sheet", isOpen);
  opener.setAttribute("aria-expanded", String(isOpen));
  (isOpen ? sheetOf(opener) : opener).focus({ preventScroll: true });
}

function close() {
  const opener = document.querySelector("[data-sheet][aria-expanded=true]");
  if (opener) toggle(opener, false);
}
