// Links such as /tickets/1042#hold open what they point at, here and when arriving from the queue.

function open() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target) return;
  target.closest("details")?.setAttribute("open", "");
  if (target.matches("details")) target.querySelector("input, select, textarea")?.focus();
}

open();
window.addEventListener("hashchange", open);
