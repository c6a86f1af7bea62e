// What every view does in the browser. All of it is an addition: without scripts the page can still be read.

import { copyButtons } from "./copy.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { inLocalZone } from "./times.js";

inLocalZone(document);
keys();
const title = document.querySelector("[data-title]"); // known after the head was sent
if (title) document.title = `${title.textContent} · ACS events`;
copyButtons();

for (const form of document.querySelectorAll("form[method=get]")) {
  for (const select of form.querySelectorAll("select")) {
    select.addEventListener("change", () => form.requestSubmit());
    // Somebody was faster than this script. The forms switch autocompletion off, so the browser did not restore it.
    const shown = Math.max([...select.options].findIndex((option) => option.defaultSelected), 0);
    if (select.selectedIndex !== shown) form.requestSubmit();
  }
  // Addresses are shared: fields that are empty stay out of them.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value.trim()) formData.delete(name);
  });
}

const posted = document.body.dataset.posted;
if (posted) history.replaceState(null, "", posted); // reloading the page does not do again what it did

const section = document.getElementById("live");
if (section) live(section);
