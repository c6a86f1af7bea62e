// What every view does in the browser. All of it is an addition: without scripts the page can still be read.

import { copyButtons } from "./copy.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { inLocalZone } from "./times.js";

inLocalZone(document);
keys();
copyButtons();

const filters = document.getElementById("filters");
if (filters) {
  for (const select of filters.querySelectorAll("select")) select.addEventListener("change", () => filters.requestSubmit());
  // Addresses are shared: fields that are empty stay out of them.
  filters.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (!value.trim()) formData.delete(name);
  });
}

const posted = document.body.dataset.posted;
if (posted) history.replaceState(null, "", posted); // reloading the page does not do again what it did

const section = document.getElementById("live");
if (section) live(section);
