// Reply or note: one box, two tabs, Ctrl+Enter sends, what is typed survives a closed tab.
// Without this script the two forms stand one under the other and send as forms do.
//
// <section data-composer="1042"> <a data-tab="reply"> ... <div data-panel="reply"><form> <textarea> ...

const composer = document.querySelector("[data-composer]");
if (composer) start(composer);

function start(place) {
  const tabs = [...place.querySelectorAll("[data-tab]")];
  const choose = (name, { focus = true } = {}) => {
    place.classList.toggle("composer-note", name === "note");
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
      tab.tabIndex = tab.dataset.tab === name ? 0 : -1;
    }
    for (const panel of place.querySelectorAll("[data-panel]")) {
      panel.hidden = panel.dataset.panel !== name;
      if (focus && !panel.hidden) panel.querySelector("textarea").focus();
    }
  };
  place.querySelector("[data-tabs]").setAttribute("role", "tablist");
  for (const tab of tabs) {
    tab.setAttribute("role", "tab");
    tab.addEventListener("click", (event) => { event.preventDefault(); choose(tab.dataset.tab); });
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
      choose(other.dataset.tab, { focus: false });
      other.focus();
    });
  }
  for (const panel of place.querySelectorAll("[data-panel]")) {
    panel.setAttribute("role", "tabpanel");
    keep(panel, place.dataset.composer);
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) panel.querySelector("form").requestSubmit();
    });
  }
  const isForNotes = location.hash === "#note" || !place.querySelector("[data-tab=reply]"); // some may only note
  choose(isForNotes ? "note" : "reply", { focus: false });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-writes]");
    if (!opener) return;
    event.preventDefault();
    choose(opener.dataset.writes);
    place.scrollIntoView({ block: "nearest" });
  });
}

// The draft of one ticket and one tab, in this browser; gone once it was sent.
function keep(panel, ticket) {
  const area = panel.querySelector("textarea");
  const form = area.form;
  const said = panel.querySelector("[data-draft]");
  const name = `draft:${ticket}:${panel.dataset.panel}`;
  const stored = read(name);
  if (stored && !area.value) {
    area.value = stored.text;
    tell(said, stored.at);
  }
  let timer = 0;
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const at = Date.now();
      write(name, area.value.trim() ? { text: area.value, at } : null);
      tell(said, area.value.trim() ? at : null);
    }, 400);
  });
  const forget = () => { clearTimeout(timer); write(name, null); tell(said, null); };
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement !== form || ctx.response.status >= 400) return;
    forget();
    form.reset();
    area.blur(); // what comes next are keys: n, h, the moves
  });
  // A plain submission leaves the page: the draft goes, unless the answer brings the text back as an error.
  form.addEventListener("submit", () => { if (!form.matches("[hx-post]")) forget(); });
}

function tell(place, at) {
  if (!place) return;
  const language = document.documentElement.lang;
  const hour = language === "hu" ? "numeric" : "2-digit";
  const time = at && new Date(at).toLocaleTimeString(language, { hour, minute: "2-digit", hour12: false });
  place.textContent = time ? place.dataset.draft.replace("{time}", time) : "";
}

function read(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}

function write(name, value) {
  try {
    if (value) localStorage.setItem(name, JSON.stringify(value));
    else localStorage.removeItem(name);
  } catch { /* private windows may refuse; the text is then only in the page */ }
}
