// Files as a button and chips: choosing again adds, a chip's cross leaves one out, what is too large says so
// before it is sent. Without this script the browser's own control does the same work.
// <div data-files data-limit="26214400"> around <input type="file" multiple> and <span data-chips>.

for (const place of document.querySelectorAll("[data-files]")) enhance(place);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picks]");
  if (button) document.getElementById(button.dataset.picks)?.click();
});

function enhance(place) {
  const input = place.querySelector("input[type=file]");
  const chips = place.querySelector("[data-chips]");
  const limit = Number(place.dataset.limit) || Infinity;
  let chosen = [];

  const apply = () => {
    const transfer = new DataTransfer();
    for (const file of chosen) transfer.items.add(file);
    input.files = transfer.files;
    chips.replaceChildren(...chosen.map((file) => chip(file, file.size > limit, () => {
      chosen = chosen.filter((other) => other !== file);
      apply();
      input.focus();
    }, chips.dataset)));
  };
  input.addEventListener("change", () => {
    const same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
    chosen = [...chosen, ...[...input.files].filter((file) => !chosen.some((known) => same(known, file)))];
    apply();
  });
  input.form?.addEventListener("reset", () => { chosen = []; chips.replaceChildren(); });
}

function chip(file, isTooLarge, remove, words) {
  const element = document.createElement("span");
  element.className = `file-chip${isTooLarge ? " file-chip-bad" : ""}`;
  const size = document.createElement("span");
  size.className = "num";
  size.textContent = isTooLarge ? `${amount(file.size)}, ${words.tooLarge}` : amount(file.size);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.setAttribute("aria-label", `${words.remove}: ${file.name}`);
  button.addEventListener("click", remove);
  element.append(file.name, size, button);
  return element;
}

function amount(bytes) {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  const megabytes = bytes / 1024 / 1024;
  return `${megabytes.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
}
