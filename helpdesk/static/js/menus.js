// Menus (<details class="menu">), dialogs, copying, closing notices. Each works or is absent without this.

const menus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const act = event.target.closest("[data-opens], [data-closes-dialog], [data-copies], [data-dismisses], [data-submits]");
  if (!act) return;
  if (act.dataset.opens) openDialog(act, event);
  else if ("closesDialog" in act.dataset) act.closest("dialog")?.close();
  else if (act.dataset.copies) copy(act);
  else if ("dismisses" in act.dataset) act.closest(".notice")?.remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// One menu at a time.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches?.("details.menu[open]")) return;
  for (const menu of menus()) {
    if (menu !== event.target && !menu.contains(event.target)) menu.open = false;
  }
}, true);

// A select that is a choice in itself sends its form at once; the form's button is for people without scripts.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

function openDialog(opener, event) {
  const dialog = document.getElementById(opener.dataset.opens);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
  dialog.querySelector("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  const text = source.value ?? source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard without https: select the text, so that one keystroke copies it.
    source.select?.();
    return;
  }
  const label = button.querySelector("[data-copy-label]") ?? button;
  label.dataset.before ??= label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => { label.textContent = label.dataset.before; }, 2000);
}
