// The keyboard: rows are links, so the focus is what is chosen, and Enter opens it by itself.

export function keys() {
  const help = document.getElementById("help");
  document.querySelector("[data-help]").addEventListener("click", () => help.showModal());
  const actions = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => help.showModal(),
    j: () => move(1),
    k: () => move(-1),
    p: () => document.getElementById("pause")?.click(),
    r: replay,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (event.key === "Escape") {
      leave();
    } else if (!isField(document.activeElement) && actions[event.key]) {
      event.preventDefault();
      actions[event.key]();
    }
  });
}

function isField(element) {
  return element?.matches("input, select, textarea") ?? false;
}

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function move(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? all[0] : all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function leave() {
  const active = document.activeElement;
  if (active && active !== document.body && active.id !== "main") active.blur();
  else if (document.body.dataset.up) location.assign(document.body.dataset.up);
}

function replay() {
  const chosen = document.activeElement?.closest("li, tr")?.querySelector("form[data-replay]");
  (chosen ?? document.querySelector("form[data-replay-shown]"))?.requestSubmit();
}
