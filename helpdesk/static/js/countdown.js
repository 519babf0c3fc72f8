// Keeps promises counting: "in 18 min", "late by 35 min". The words are those of helpdesk/web/moments.py;
// change both together. Time is the server's: <html data-now> tells how far this machine's clock is off.
//
// <time data-due="2026-11-24T13:30:00Z"   the deadline; without it nothing counts
//       data-closes="..."                 end of the open span: the desk's time stands still from there
//       data-warn="..."                   from here on the promise is at risk
//       data-late="..."                   so long ago as it is late in open time, when it is late
//       data-calendar>                    runs day and night, so it is late by days and not by open hours

const isHungarian = document.documentElement.lang === "hu";
const words = {
  en: {
    in: (t) => `in ${t}`, late: (t) => `late by ${t}`,
    today: (t) => `today ${t}`, yesterday: (t) => `yesterday ${t}`, second: (n) => `${n} s`, minute: (n) => `${n} min`,
    hour: (h, m) => (m ? `${h} h ${String(m).padStart(2, "0")} min` : `${h} h`),
    day: (d, h) => (d > 1 ? `${d} days` : h ? `1 day ${h} h` : "1 day"),
  },
  hu: {
    in: (t) => `${t} múlva`, late: (t) => `${t} késés`,
    today: (t) => `ma ${t}`, yesterday: (t) => `tegnap ${t}`, second: (n) => `${n} mp`, minute: (n) => `${n} perc`,
    hour: (h, m) => (m ? `${h} ó ${m} p` : `${h} óra`),
    day: (d, h) => (d > 1 ? `${d} nap` : h ? `1 nap ${h} ó` : "1 nap"),
  },
};
const say = words[document.documentElement.lang] ?? words.en;
const ahead = (Date.parse(document.documentElement.dataset.now) || Date.now()) - Date.now();
const now = () => Date.now() + ahead;

function duration(seconds) {
  if (seconds < 60) return say.second(seconds);
  if (seconds < 3600) return say.minute(Math.floor(seconds / 60));
  if (seconds < 86400) return say.hour(Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60));
  return say.day(Math.floor(seconds / 86400), Math.floor((seconds % 86400) / 3600));
}

// Open time is said in hours however long it is, from 100 on without minutes: a desk's day is no 24 hours.
function openTime(seconds) {
  if (seconds < 3600) return duration(seconds);
  const hours = Math.floor(seconds / 3600);
  return say.hour(hours, hours < 100 ? Math.floor((seconds % 3600) / 60) : 0);
}

// A countdown shows the minute that has begun: 17 min 40 s is still "18 min".
const begun = (seconds) => (seconds < 60 ? seconds : Math.ceil(seconds / 60) * 60);

// The reader's days, numbered: what never closes counts down within one.
const timeZone = document.documentElement.dataset.zone || undefined;
const dayFormat = new Intl.DateTimeFormat("en-GB", { timeZone });
const timeFormat = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
const clockTime = (at) => (isHungarian ? timeFormat.format(at).replace(/^0/, "") : timeFormat.format(at));

function dayOf(at) {
  const [day, month, year] = dayFormat.format(at).split("/").map(Number);
  return Date.UTC(year, month - 1, day) / 86400000;
}

// A deadline at closing is not late while the desk is closed: its moment is said.
function past(due, at) {
  const days = dayOf(at) - dayOf(due);
  return days > 1 ? null : (days ? say.yesterday : say.today)(clockTime(due));
}

// What a promise says and how it looks at a moment, or null where the server's words must stay.
function reading({ due, closes, warn, late, isCalendar }, at) {
  const open = Number.isNaN(closes) ? at : Math.min(at, closes);
  const lateSince = (since) => say.late((isCalendar ? duration : openTime)(Math.max(0, Math.floor((open - since) / 1000))));
  if (!Number.isNaN(late)) return { text: lateSince(late), tone: "late" };
  if (Number.isNaN(due) || (Number.isNaN(closes) ? due > at && dayOf(due) !== dayOf(at) : due > closes)) return null;
  if (at - due >= 1000) { // at the deadline one is in time: late from the second after
    if (open > due) return { text: lateSince(due), tone: "late" };
    const text = past(due, at);
    return text && { text, tone: null };
  }
  const left = Math.max(0, Math.floor((due - at) / 1000));
  return { text: say.in(openTime(begun(left))), tone: warn <= at ? "warn" : null, left };
}

function show(element) {
  const { due, closes, warn, late, calendar } = element.dataset;
  const found = reading(
    {
      due: Date.parse(due), closes: Date.parse(closes), warn: Date.parse(warn), late: Date.parse(late),
      isCalendar: calendar !== undefined,
    },
    now(),
  );
  if (!found) return Infinity;
  const text = element.querySelector("[data-text]") ?? element;
  if (text.textContent !== found.text) text.textContent = found.text;
  if (found.tone && !element.classList.contains(`due-${found.tone}`)) {
    element.classList.remove("due-plain", "due-warn");
    element.classList.add(`due-${found.tone}`);
    setIcon(element, found.tone === "late" ? "alert-triangle" : "clock");
  }
  return found.left ?? Infinity;
}

// Colour never speaks alone: a promise that turns amber or red gets its icon too.
function setIcon(element, name) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  icon.append(use);
  element.querySelector(".icon")?.remove();
  element.prepend(icon);
}

let timer = 0;
function tick() {
  clearTimeout(timer);
  let soonest = Infinity;
  for (const element of document.querySelectorAll("[data-due]")) {
    const left = show(element);
    if (left >= 0) soonest = Math.min(soonest, left);
  }
  const pause = soonest < 90 ? 1000 : 30000;
  timer = setTimeout(tick, document.hidden ? 30000 : pause);
}

tick();
document.addEventListener("visibilitychange", tick);
document.addEventListener("htmx:after:swap", tick);

// The exact moment on hover and focus, for moments that the server wrote without it (long lists).
const format = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: isHungarian ? "numeric" : "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
  timeZone, timeZoneName: "short",
});
const exact = (at) => {
  const p = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  const time = `${p.minute}:${p.second} ${p.timeZoneName}`;
  if (isHungarian) return `${p.year}. ${Number(p.month)}. ${Number(p.day)}. ${Number(p.hour)}:${time}`;
  return `${p.weekday} ${p.day} ${p.month} ${p.year}, ${p.hour}:${time}`;
};
const complete = (event) => {
  const time = event.target.closest?.("time[datetime]:not([data-exact])");
  if (time) time.dataset.exact = exact(Date.parse(time.dateTime));
};
document.addEventListener("pointerover", complete);
document.addEventListener("focusin", complete);
