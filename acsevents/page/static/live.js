// The list that new events join. The server writes the lines, and what to order them by, the newest first; here they
// are put where they belong. No more lines than the cap are kept, so the tab does not grow.

import { inLocalZone } from "./times.js";

const SHOWN_NEW_MS = 4000;
const FEW = 20;
const AGAIN_MS = 5000;

export function live(section) {
  new Live(section).connect();
}

class Live {
  constructor(section) {
    this.section = section;
    this.cap = Number(section.dataset.cap);
    this.list = document.getElementById("list");
    this.older = document.getElementById("older"); // leads to what is behind the end of the list
    this.empty = document.getElementById("empty");
    this.pulse = document.getElementById("pulse");
    this.connection = document.getElementById("connection");
    this.more = document.getElementById("more");
    this.pause = document.getElementById("pause");
    this.waiting = []; // lines that arrived while the list was paused, oldest arrival first
    this.waitingLeftOut = 0;
    this.torn = false; // whether lines may be missing between those that are waiting and the list
    this.leftOut = 0; // lines that arrived and are not shown any more
    this.pause.addEventListener("click", () => this.togglePause());
    // Browsers open six connections to one server: tabs that nobody sees leave them to the others.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.source?.close() : this.connect()));
  }

  connect() {
    this.source?.close();
    if (document.hidden) return;
    const source = new EventSource(this.section.dataset.stream);
    this.source = source;
    const hear = (kind, react) =>
      source.addEventListener(kind, ({ data, lastEventId }) => {
        this.section.dataset.stream = after(this.section.dataset.stream, lastEventId);
        react(parsed(data));
      });
    source.addEventListener("open", () => this.tell("live"));
    hear("lines", (page) => this.arrive(page.querySelector("ol")));
    hear("pulse", (page) => this.pulse && this.beat(page));
    source.addEventListener("lost", () => this.readAnew());
    source.addEventListener("error", () => {
      this.tell("away");
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.readAnew(), AGAIN_MS);
    });
  }

  // Too much was missed, or the server is another one: the page is asked for the list as it is now.
  async readAnew() {
    this.source.close();
    let page;
    try {
      const answer = await fetch(location.href);
      if (answer.status === 403) return this.tell("locked");
      if (!answer.ok) throw new Error(answer.statusText);
      page = parsed(await answer.text());
      if (!page.getElementById("list")) throw new Error("the tables did not answer");
    } catch {
      setTimeout(() => this.readAnew(), AGAIN_MS);
      return;
    }
    const [section, list] = [page.getElementById("live"), page.getElementById("list")];
    if (!section) return;
    this.section.dataset.stream = section.dataset.stream;
    if (this.paused) {
      this.arrive(list);
      this.torn = true;
    } else this.show(list, page.getElementById("older"));
    this.connect();
  }

  show(list, older) {
    this.list.replaceChildren(...list.children);
    inLocalZone(this.list);
    if (this.older && older) [this.older.href, this.older.hidden] = [older.getAttribute("href"), older.hidden];
    this.leftOut = 0;
    this.cut();
    this.count();
  }

  arrive(lines) {
    const leftOut = Number(lines.dataset.leftOut ?? 0);
    const arrived = [...lines.children].reverse().filter(({ dataset: { handle } }) => !this.has(handle));
    if (this.paused) {
      this.waiting.push(...arrived);
      const surplus = this.waiting.splice(0, Math.max(this.waiting.length - this.cap, 0)).length;
      this.waitingLeftOut += leftOut + surplus;
    } else {
      this.leftOut += leftOut;
      this.insertAll(arrived);
    }
    this.count();
  }

  // Several ways may tell of one event: the page itself, the stream, and the stream of another connection.
  has(handle) {
    return document.getElementById(`e-${handle}`) ?? this.waiting.some(({ dataset }) => dataset.handle === handle);
  }

  insertAll(lines) {
    for (const line of lines) this.insert(line);
    this.cut();
    if (lines.length > FEW) return; // where everything is new, nothing stands out
    for (const line of lines) line.classList.add("new");
    setTimeout(() => lines.forEach((line) => line.classList.remove("new")), SHOWN_NEW_MS);
  }

  insert(line) {
    let next = this.list.firstElementChild;
    while (next && next.dataset.order < line.dataset.order) next = next.nextElementSibling;
    if (!next && this.older && !this.older.hidden) return; // it is behind that link, with all that is as old
    this.list.insertBefore(line, next);
    inLocalZone(line);
  }

  cut() {
    while (this.list.childElementCount > this.cap) {
      const focused = this.list.lastElementChild.contains(document.activeElement);
      this.list.lastElementChild.remove();
      if (focused) this.list.lastElementChild.querySelector("[data-row]").focus();
      this.leftOut += 1;
      if (this.older) this.older.hidden = false;
    }
    const last = this.list.lastElementChild;
    this.empty.hidden = last !== null;
    if (this.older && last) {
      const address = new URL(this.older.href);
      address.searchParams.set("before", last.dataset.handle);
      this.older.href = address.href;
    }
  }

  togglePause() {
    this.paused = !this.paused;
    this.pause.setAttribute("aria-pressed", String(this.paused));
    this.pause.textContent = this.paused ? "Go on" : "Pause";
    if (this.torn && !this.paused) {
      this.waiting = [];
      this.waitingLeftOut = 0;
      this.torn = false;
      this.readAnew();
    } else if (!this.paused) {
      this.leftOut += this.waitingLeftOut;
      this.insertAll(this.waiting);
      this.waiting = [];
      this.waitingLeftOut = 0;
    }
    this.count();
  }

  count() {
    const parts = [];
    const waiting = this.waiting.length + this.waitingLeftOut;
    if (waiting) parts.push(`${waiting.toLocaleString()} new, waiting`);
    if (this.leftOut) parts.push(`newest ${this.cap} shown; ${this.leftOut.toLocaleString()} more since this page was opened`);
    this.more.textContent = parts.join(" · ");
  }

  beat(page) {
    inLocalZone(page);
    this.pulse.replaceChildren(...page.body.children);
  }

  tell(state) {
    const words = {
      live: "live",
      away: "no connection: trying again",
      locked: "the page has another key now: open the address that the terminal shows",
    };
    this.connection.dataset.state = state;
    if (this.connection.textContent !== words[state]) this.connection.textContent = words[state];
  }
}

function after(stream, position) {
  const address = new URL(stream, location.href);
  address.searchParams.set("after", position);
  return address.href;
}

// Scripts in what is parsed so do not run; the content security policy would not let them either.
function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}
