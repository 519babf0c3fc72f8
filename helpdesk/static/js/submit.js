// The customer's form: only the chosen kind's questions are shown. Without this script all of them stand there,
// each group under its own heading, and the server reads only the chosen kind's.
// <div data-for-kind="billing"> groups; the promise is refreshed by htmx from the form's own attributes.

const form = document.querySelector("[data-submit-form]");
if (form) {
  const show = () => {
    const kind = form.querySelector("input[name=kind]:checked")?.value ?? "";
    for (const group of form.querySelectorAll("[data-for-kind]")) {
      const isShown = group.dataset.forKind === kind;
      group.hidden = !isShown;
      // What is hidden is neither checked nor sent; what was typed there stays for a change of mind.
      for (const control of group.querySelectorAll("input, select, textarea")) control.disabled = !isShown;
    }
  };
  form.addEventListener("change", show);
  show();

  // Changing the language reloads the page: what was typed comes along in this tab.
  const name = "submit-draft";
  const texts = () => [...form.querySelectorAll("input:not([type=hidden], [type=file], [type=password]), select, textarea")]
    .filter((control) => control.name);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a[hreflang]")) return;
    const state = texts().map((control) => [control.id, control.type === "radio" || control.type === "checkbox" ? control.checked : control.value]);
    sessionStorage.setItem(name, JSON.stringify(state));
  });
  const kept = sessionStorage.getItem(name);
  sessionStorage.removeItem(name);
  for (const [id, value] of kept ? JSON.parse(kept) : []) {
    const control = document.getElementById(id);
    if (!control) continue;
    if (typeof value === "boolean") control.checked = value;
    else control.value = value;
  }
  if (kept) {
    show();
    form.querySelector("input[name=kind]:checked")?.dispatchEvent(new Event("change", { bubbles: true }));
  }
}
