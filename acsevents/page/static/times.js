// Times in the reader's zone; their titles keep UTC.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const minute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

export function inLocalZone(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.textContent = written(moment, now);
    element.dataset.local = "";
    if (!isToday(moment, now)) element.closest(".list")?.classList.add("days"); // which needs wider columns
  }
  for (const title of root.querySelectorAll("title[data-time]")) {
    const moment = new Date(title.dataset.time);
    title.textContent = `${minute.format(moment)} (${title.textContent.replace(" UTC", " UTC)")}`;
    title.removeAttribute("data-time");
  }
}

function isToday(moment, now) {
  return moment.toDateString() === now.toDateString();
}

function written(moment, now) {
  if (isToday(moment, now)) return time.format(moment);
  return `${(moment.getFullYear() === now.getFullYear() ? day : dayAndYear).format(moment)} ${time.format(moment)}`;
}
