// htmx: the CSRF token goes with every request, a thin bar shows slow ones, failures say what to do.
// Settings stand in <meta name="htmx-config">. Nothing here is evaluated text: no hx-on, no js: values.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const bar = document.getElementById("working");
let running = 0;

const show = (change) => {
  running = Math.max(0, running + change);
  bar?.classList.toggle("is-on", running > 0);
};

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (!["GET", "HEAD"].includes(request.method)) request.headers["X-CSRFToken"] = meta("csrf-token");
});
document.addEventListener("htmx:before:request", () => show(1));
document.addEventListener("htmx:finally:request", () => show(-1));

// The server answers a failed request with a fragment for #notices (HX-Retarget) and so says it itself.
// These are the cases in which it can't.
document.addEventListener("htmx:error", () => say(document.body.dataset.offline));
document.addEventListener("htmx:before:response", (event) => {
  const { response } = event.detail.ctx;
  if (response.status >= 500 && !response.headers.has("HX-Retarget")) {
    event.preventDefault();
    say(document.body.dataset.failed);
  }
});
document.addEventListener("htmx:after:swap", (event) => {
  const invalid = event.target.querySelector?.("[aria-invalid=true]");
  if (invalid) invalid.focus();
});

function say(sentence) {
  const place = document.getElementById("notices");
  const template = document.getElementById("notice-template");
  if (!place || !template || !sentence) return;
  const notice = template.content.cloneNode(true);
  notice.querySelector("[data-sentence]").textContent = sentence;
  place.replaceChildren(notice);
}
