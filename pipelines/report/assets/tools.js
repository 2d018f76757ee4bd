// Numbers, dates and elements, as the page's other scripts need them.

const HOUR = 3600, DAY = 86400;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Colours are written as #rrggbb; a part of the first, the rest of the second.
const channels = (hex) => [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));
const mixed = (first, second, part) => {
  const [a, b] = [channels(first), channels(second)];
  return `rgb(${a.map((value, place) => Math.round(value * part + b[place] * (1 - part))).join(" ")})`;
};

const parsed = new Map();
const values = (id) => {
  if (!parsed.has(id)) parsed.set(id, JSON.parse(document.getElementById(id).textContent));
  return parsed.get(id);
};

// Bars by day, week or month, with the date of each, in epoch seconds.
const dated = (list) => {
  const { year, month } = parts(list.from);
  const start = {
    day: (place) => list.from + place * DAY, week: (place) => list.from + place * 7 * DAY, month: (place) => Date.UTC(year, month + place, 1) / 1000,
  }[list.span];
  list.x ||= list.v.map((_, place) => start(place));
  return list;
};

const make = (tag, attributes, ...content) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...content);
  return made;
};

const decimals = (value) => (Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
const number = (value, places = decimals(value)) =>
  value.toFixed(places).replace("-", "\u2212").replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
const quantity = (value, unit) => (value == null ? "missing" : `${number(value)}\u00a0${unit}`);

// A calendar turns instants (epoch seconds) into local clock time, told as if it were UTC, and back.
const DATES = { local: (instant) => instant, instant: (local) => local };
const zoned = (offsets) => {
  const at = (test) => {
    let place = offsets.length - 1;
    while (place > 0 && !test(offsets[place])) place -= 1;
    return offsets[place][1];
  };
  return {
    local: (instant) => instant + at(([from]) => from <= instant),
    instant: (local) => local - at(([from, offset]) => from <= local - offset),
  };
};

const parts = (local) => {
  const date = new Date(local * 1000);
  return {
    year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate(),
    weekday: WEEKDAYS[date.getUTCDay()], hour: date.getUTCHours(),
  };
};
const two = (value) => String(value).padStart(2, "0");
const dayName = (local) => {
  const { weekday, day, month, year } = parts(local);
  return `${weekday} ${day} ${MONTHS[month]} ${year}`;
};
const monthName = (local) => `${MONTHS[parts(local).month]} ${parts(local).year}`;
const hourName = (calendar, instant) => {
  const from = calendar.local(instant), to = calendar.local(instant + HOUR);
  return `${dayName(from)}, ${two(parts(from).hour)}:00 to ${two(parts(to).hour)}:00`;
};

const tip = document.getElementById("tip");
let toldBy = null;
const hideTip = () => { tip.hidden = true; };
// A plot hears late that pointer or focus left it: by then another may be telling.
const hideTipOf = (plot) => { if (toldBy === plot) hideTip(); };
const showTip = (text, x, y, plot = null) => {
  toldBy = plot;
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${y - height - 12 > 0 ? y - height - 12 : y + 18}px`;
};

// A button that chooses one of several, and one that shows or hides.
const choice = (group, entries, chosen, choose) =>
  make("div", { role: "group", "aria-label": group }, ...entries.map(([label, value]) => {
    const button = make("button", { type: "button", "aria-pressed": String(value === chosen) }, label);
    button.addEventListener("click", () => choose(value));
    return button;
  }));
const key = (label, fill, shown, toggle) => {
  const mark = make("i");
  mark.style.background = fill;
  if (!toggle) return make("span", { class: "sample" }, mark, label);
  const button = make("button", { type: "button", class: "key", "aria-pressed": String(shown) }, mark, label);
  button.addEventListener("click", toggle);
  return button;
};
