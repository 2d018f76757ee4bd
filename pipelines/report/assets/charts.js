// Plots over time and by hour, drawn by uPlot. A drawer gets a figure and its values, and may be called again.

const PALETTE = ["one", "two", "three", "four", "five"];
const tint = (register) => (register.startsWith("gas") ? "gas" : register.startsWith("production") ? "down" : "up");
const solid = (name) => () => colour(name);
const bars = (options) => uPlot.paths.bars({ size: [0.86, 64, 1], align: 1, ...options });

const state = (figure, initial) => (figure.state ||= { off: new Set(), ...initial });
const again = (figure, change) => { Object.assign(figure.state, change); draw(figure); };
const toggled = (figure, name) => () => {
  const { off } = figure.state;
  if (!off.delete(name)) off.add(name);
  draw(figure);
};

// x: starts; bars: whether a place stretches from its start to the next; describe: the words for a place.
const plot = (figure, { x, series, calendar = DATES, axis, describe, range, ends, bar = true, height = 260, before, after, gaps }) => {
  const drawing = figure.querySelector(".drawing");
  const [low, high] = range || [x[0], ends];
  const place = (shown) => {
    let found = shown.cursor.idx;
    if (found != null && bar && x[found] > shown.posToVal(shown.cursor.left, "x")) found -= 1;
    return found != null && found >= 0 ? found : null;
  };
  const made = new uPlot({
    width: drawing.clientWidth,
    height: innerWidth < 640 ? height * 0.85 : height,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
    scales: {
      x: { time: false, range: (shown, from, to) => (shown.zoomed ? [from, to] : [low, high]) },
      y: { range: (_shown, from, to) => [Math.min(0, (from ?? 0) * 1.08), Math.max(0, (to ?? 0) * 1.08) || ((from ?? 0) < 0 ? 0 : 1)] },
    },
    axes: [axis || timeAxis(calendar), valueAxis()],
    series: [{}, ...series.map(({ v, ...rest }) => ({ spanGaps: false, points: { show: false }, ...rest }))],
    hooks: {
      drawClear: before ? [before] : [],
      draw: after ? [after] : [],
      setSelect: [(shown) => { shown.zoomed = true; }],
      setCursor: [(shown) => {
        const found = shown.cursor.left < 0 ? null : place(shown);
        if (found == null || (!shown.over.matches(":hover") && document.activeElement !== shown.over)) return hideTipOf(shown);
        const { left, top } = shown.over.getBoundingClientRect();
        return showTip(describe(found), left + shown.cursor.left, top + Math.max(shown.cursor.top, 0), shown);
      }],
    },
  }, [x, ...series.map(({ v }) => v)], drawing);
  made.over.addEventListener("dblclick", () => { made.zoomed = false; made.setScale("x", { min: low, max: high }); });
  made.over.addEventListener("mouseleave", hideTip);
  made.over.addEventListener("blur", () => hideTipOf(made));
  made.over.tabIndex = 0;
  made.over.setAttribute("aria-label", "Arrow keys move from value to value");
  let at = null;
  made.over.addEventListener("keydown", ({ key: pressed, preventDefault }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[pressed];
    if (!step) return;
    const first = x.findIndex((start) => start >= made.scales.x.min), last = x.findLastIndex((start) => start < made.scales.x.max);
    at = Math.min(Math.max((at ?? (step > 0 ? first - 1 : last + 1)) + step, first), last);
    const middle = bar ? (x[at] + (x[at + 1] ?? ends)) / 2 : x[at];
    made.setCursor({ left: made.valToPos(middle, "x"), top: 20 });
  });
  figure.plot = made;
};

// Bands where nothing is: hatched from top to bottom, so that a hole is never taken for a zero.
const bands = (runs) => (shown) => {
  const { ctx, bbox } = shown, { min, max } = shown.scales.x;
  ctx.save();
  ctx.fillStyle = striped(ctx, colour("missing"), colour("missing-pale"));
  for (const [from, to] of runs) {
    if (to <= min || from >= max) continue;
    const left = shown.valToPos(Math.max(from, min), "x", true), right = shown.valToPos(Math.min(to, max), "x", true);
    ctx.fillRect(left, bbox.top, Math.max(right - left, 2 * devicePixelRatio), bbox.height);
  }
  ctx.restore();
};

const legend = (figure, entries) => make("div", {}, ...entries.map(([label, fill, name]) =>
  key(label, fill, !figure.state.off.has(name), name && toggled(figure, name))));
const stripes = (fore, back) => `repeating-linear-gradient(135deg, ${fore} 0 2px, ${back} 2px 5px)`;

const drawHours = (figure, { series: ids }) => {
  const lists = ids.map(values), shown = state(figure, { days: innerWidth < 640 ? 7 : 21, back: 0 });
  const t0 = Math.min(...lists.map((list) => list.t0));
  const ends = Math.max(...lists.map((list) => list.t0 + list.v.length * HOUR));
  const count = (ends - t0) / HOUR, calendar = zoned(lists.reduce((a, b) => (a.t0 <= b.t0 ? a : b)).offsets);
  const x = Array.from({ length: count }, (_, place) => t0 + place * HOUR);
  const seen = lists.filter((list) => !shown.off.has(list.register)), holes = [], corrected = new Set(), series = [];
  for (const list of seen) {
    const shift = (list.t0 - t0) / HOUR, sign = list.register === "production" && lists.length > 1 ? -1 : 1;
    const settled = new Array(count).fill(null), pale = new Array(count).fill(null);
    list.v.forEach((value, place) => { if (value != null) settled[shift + place] = sign * value; });
    for (const [from, to] of list.provisional) for (let place = shift + from; place < shift + to; place += 1) {
      pale[place] = settled[place];
      settled[place] = null;
    }
    list.corrected.forEach((place) => corrected.add(shift + place));
    holes.push(...list.missing.map(([from, to]) => [list.t0 + from * HOUR, list.t0 + to * HOUR]));
    const name = tint(list.register);
    series.push({ v: settled, paths: bars(), fill: solid(name), width: 0 }, { v: pale, paths: bars(), fill: solid(`${name}-pale`), width: 0 });
  }
  const describe = (place) => [hourName(calendar, x[place]), ...seen.map((list) => {
    const own = place - (list.t0 - t0) / HOUR, value = list.v[own], inside = ([from, to]) => own >= from && own < to;
    if (value == null) return `${list.label}: ${list.missing.some(inside) ? "missing" : "no reading"}`;
    const notes = [list.provisional.some(inside) && "provisional", list.corrected.includes(own) && "corrected"].filter(Boolean);
    return `${list.label}: ${quantity(value, list.unit)}${notes.length ? `, ${notes.join(", ")}` : ""}`;
  })].join("\n");
  // A dot at the foot of what the operator has corrected.
  const dots = (made) => {
    made.ctx.fillStyle = colour("ink");
    for (const place of corrected) {
      if (x[place] < made.scales.x.min || x[place] > made.scales.x.max) continue;
      made.ctx.beginPath();
      made.ctx.arc(made.valToPos(x[place] + HOUR / 2, "x", true), made.valToPos(0, "y", true), 2.5 * devicePixelRatio, 0, 7);
      made.ctx.fill();
    }
  };
  const width = shown.days && shown.days * DAY, until = width ? Math.max(ends - shown.back * width, t0 + width) : ends;
  plot(figure, { x, series, calendar, describe, ends, range: width ? [Math.max(until - width, t0), until] : null, before: bands(holes), after: dots });
  const spans = [["1 week", 7], ["3 weeks", 21], ["3 months", 91], ["1 year", 365], ["All", 0]];
  const step = choice("Move", [["\u25c0 earlier", 1], ["later \u25b6", -1]], null, (by) => again(figure, { back: Math.max(0, shown.back + by) }));
  const names = lists.map((list) => [list.label, colour(tint(list.register)), lists.length > 1 && list.register]);
  const marks = [["provisional", colour(`${tint(lists[0].register)}-pale`)]];
  if (holes.length) marks.push(["missing", stripes(colour("missing"), colour("missing-pale"))]);
  if (corrected.size) marks.push(["dot: corrected", colour("ink")]);
  return [choice("Span", spans, shown.days, (days) => again(figure, { days, back: 0 })), step, legend(figure, [...names, ...marks])];
};

const drawBars = (figure, spans) => {
  const shown = state(figure, { span: "month" }), lists = spans[shown.span].map((list) => dated(list.v ? list : values(list))), SPANS = { day: DAY, week: 7 * DAY, month: 31 * DAY };
  const seen = lists.filter((list) => !shown.off.has(list.register)), holes = [], series = [];
  const x = [...new Set(lists.flatMap((list) => list.x))].sort((a, b) => a - b), place = new Map(x.map((start, at) => [start, at]));
  const ends = x[x.length - 1] + SPANS[shown.span];
  for (const list of seen) {
    const sign = list.register === "production" && lists.length > 1 ? -1 : 1, name = tint(list.register);
    const fills = { s: solid(name), p: solid(`${name}-pale`), i: (made) => striped(made.ctx, colour("missing"), colour(`${name}-pale`)) };
    const split = { s: new Array(x.length).fill(null), p: new Array(x.length).fill(null), i: new Array(x.length).fill(null) };
    split.b = split.p;
    list.x.forEach((start, at) => {
      const kind = list.state[at], next = list.x[at + 1] ?? start + SPANS[shown.span];
      if (split[kind]) split[kind][place.get(start)] = sign * list.v[at];
      else if (kind === "m") holes.push([start, next]);
    });
    for (const kind of "spi") series.push({ v: split[kind], paths: bars(), fill: fills[kind], width: 0 });
  }
  const title = { day: dayName, week: (start) => `Week from ${dayName(start)}`, month: monthName }[shown.span];
  const describe = (at) => [title(x[at]), ...seen.map((list) => {
    const own = list.x.indexOf(x[at]), kind = list.state[own];
    if (own < 0 || kind === "n") return `${list.label}: no reading`;
    const lacking = { i: `, ${list.missing[own]} readings missing`, b: `, readings begin on ${dayName(list.first)}`, p: ", may still change" }[kind] || "";
    return `${list.label}: ${quantity(list.v[own], list.unit)}${lacking}`;
  })].join("\n");
  const range = shown.span === "day" ? [Math.max(ends - 120 * DAY, x[0]), ends] : null;
  plot(figure, { x, series, describe, ends, range: shown.whole ? null : range, before: bands(holes) });
  const names = lists.map((list) => [list.label, colour(tint(list.register)), lists.length > 1 && list.register]);
  const marks = [["may still change", colour(`${tint(lists[0].register)}-pale`)]];
  if (lists.some((list) => list.state.includes("i"))) marks.push(["hours missing", stripes(colour("missing"), colour(`${tint(lists[0].register)}-pale`))]);
  const entries = [["Days", "day"], ["Weeks", "week"], ["Months", "month"]];
  const controls = [choice("Span", entries, shown.span, (span) => again(figure, { span, whole: false }))];
  if (range) controls.push(choice("Range", [["4 months", false], ["All", true]], Boolean(shown.whole), (whole) => again(figure, { whole })));
  return [...controls, legend(figure, [...names, ...marks])];
};

// The newest year is strong, those before it ever paler.
const faded = (register, age) => () => mixed(colour(tint(register)), colour("card"), [1, 0.55, 0.32, 0.18][Math.min(age, 3)]);
const drawYears = (figure, told) => {
  const shown = state(figure, { adding: false }), lines = addingUp(dated(values(told.days)));
  const marks = told.months.map((year, at) => [year.label, faded(told.register, told.months.length - 1 - at)(), year.label]).reverse();
  (shown.adding ? drawAddingUp : drawMonths)(figure, { ...told, lines }, shown);
  const controls = lines.length ? [choice("What", [["Months", false], ["Adding up", true]], shown.adding, (adding) => again(figure, { adding }))] : [];
  return [...controls, legend(figure, marks)];
};

// Each year from 1 January on, day by day, on the days of one leap year; a year that begins later has no line.
const addingUp = (days) => {
  const found = new Map();
  days.x.forEach((start, at) => {
    const { year, month, day } = parts(start);
    if (!found.has(year)) found.set(year, { label: String(year), x: [], v: [], lacks: false, whole: month === 0 && day === 1 });
    const line = found.get(year), before = line.v.length ? line.v[line.v.length - 1] : 0;
    line.x.push(Date.UTC(2000, month, day) / 1000);
    line.v.push(before + (days.v[at] ?? 0));
    line.lacks ||= "im".includes(days.state[at]);
  });
  return [...found.values()].filter((line) => line.whole);
};

const drawMonths = (figure, { unit, register, months: years }, shown) => {
  const count = years.length, starts = MONTHS.map((_, month) => month), x = starts.map((month) => month + 0.5);
  const width = 0.84 / count;
  // Bars of one month stand beside each other: each year's are shifted by a path of its own.
  const beside = (place) => (made, series, from, to) => {
    const path = new Path2D(), zero = made.valToPos(0, "y", true);
    for (let month = from; month <= to; month += 1) {
      const value = made.data[series][month];
      if (value == null) continue;
      const left = made.valToPos(month + 0.08 + place * width, "x", true), right = made.valToPos(month + 0.08 + (place + 0.92) * width, "x", true);
      const top = made.valToPos(value, "y", true);
      path.rect(left, Math.min(top, zero), right - left, Math.abs(zero - top));
    }
    return { fill: path, stroke: null, clip: null, flags: 1 };
  };
  const series = years.map((year, at) => ({ v: year.v, paths: beside(at), fill: faded(register, count - 1 - at), width: 0, show: !shown.off.has(year.label) }));
  const describe = (month) => [MONTHS[month], ...[...years].reverse().filter((year) => year.v[month] != null && !shown.off.has(year.label))
    .map((year) => `${year.label}: ${quantity(year.v[month], unit)}${year.note[month] ? `, ${year.note[month]}` : ""}`)].join("\n");
  const axis = { ...look(), size: 30, grid: { show: false }, splits: () => x, values: (made) => MONTHS.map((name) => (made.width < 560 ? name[0] : name)) };
  plot(figure, { x: starts, series, axis, describe, ends: 12, range: [0, 12] });
};

const drawAddingUp = (figure, { unit, register, months, lines }, shown) => {
  const x = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const series = [], tables = lines.map((line) => new Map(line.x.map((start, at) => [start, line.v[at]])));
  lines.forEach((line, at) => {
    if (shown.off.has(line.label)) return;
    const age = Number(months[months.length - 1].label) - Number(line.label);
    series.push({ v: x.map((start) => tables[at].get(start) ?? null), stroke: faded(register, age), width: age ? 2 : 3, dash: line.lacks ? [6, 4] : [], spanGaps: true });
  });
  const describe = (at) => {
    const { day, month } = parts(x[at]);
    const told = lines.map((line, own) => [line, tables[own].get(x[at])]).filter(([line, value]) => value != null && !shown.off.has(line.label));
    return [`To ${day} ${MONTHS[month]}`, ...told.map(([line, value]) => `${line.label}: ${quantity(value, unit)}${line.lacks ? ", hours missing" : ""}`)].join("\n");
  };
  const axis = timeAxis(DATES, (calendar, instant, step) => tickLabel(calendar, instant, step, false).split("\n")[0]);
  plot(figure, { x, series, axis, describe, ends: x[x.length - 1], bar: false });
};

const drawProfile = (figure, { unit, lines }) => {
  const shown = state(figure, {}), x = Array.from({ length: 25 }, (_, hour) => hour);
  const series = lines.map((line, at) => ({
    v: [...line.v, line.v[23]], stroke: solid(PALETTE[at]), width: 2.5, paths: uPlot.paths.stepped({ align: 1 }), show: !shown.off.has(line.label),
  }));
  const describe = (hour) => [`${two(hour % 24)}:00 to ${two((hour + 1) % 24)}:00`, ...lines.map((line) => `${line.label}: ${quantity(line.v[Math.min(hour, 23)], unit)}`)].join("\n");
  const axis = { ...look(), size: 30, splits: (made) => (made.width < 560 ? [0, 6, 12, 18, 24] : [0, 3, 6, 9, 12, 15, 18, 21, 24]), values: (_made, hours) => hours.map((hour) => `${two(hour)}:00`) };
  plot(figure, { x, series, axis, describe, ends: 24, height: 220 });
  return [legend(figure, lines.map((line, at) => [line.label, colour(PALETTE[at]), line.label]))];
};

const MONTH = 31 * DAY;
// A stroke across each month's bar, at its value.
const strokes = (made, series, from, to) => {
  const path = new Path2D();
  for (let at = from; at <= to; at += 1) {
    const value = made.data[series][at];
    if (value == null) continue;
    const y = made.valToPos(value, "y", true);
    path.moveTo(made.valToPos(made.data[0][at], "x", true), y);
    path.lineTo(made.valToPos(made.data[0][at] + 26 * DAY, "x", true), y);
  }
  return { stroke: path, fill: null, clip: null, flags: 2 };
};
const drawStack = (figure, { unit, line, ...told }) => {
  const shown = state(figure, { span: "month" }), daily = told.days && shown.span === "day";
  const { x, parts: all } = daily ? told.days : told;
  const seen = all.filter((part) => !shown.off.has(part.label)), tops = [];
  const sums = { up: x.map(() => 0), down: x.map(() => 0) };
  for (const part of seen) tops.push(x.map((_, at) => (part.v[at] == null ? null : (sums[part.v[at] < 0 ? "down" : "up"][at] += part.v[at]))));
  const fill = (part) => (line ? { bought: "up", sold: "down" }[part.label] : PALETTE[all.indexOf(part) % PALETTE.length]);
  // The tallest first: what stands before it hides its lower part.
  const series = seen.map((part, at) => ({ v: tops[at], paths: bars(), fill: solid(fill(part)), width: 0 })).reverse();
  if (line && !shown.off.has(line.label)) {
    series.push({ v: line.v, stroke: solid("ink"), width: 2.5, paths: strokes });
  }
  const describe = (at) => [(daily ? dayName : monthName)(x[at]), ...[...seen, ...(line ? [line] : [])].map((part) => `${part.label}: ${quantity(part.v[at] == null || part === line ? part.v[at] : Math.abs(part.v[at]), unit)}`)].join("\n");
  const ends = x[x.length - 1] + (daily ? DAY : MONTH);
  plot(figure, { x, series, describe, ends, range: daily && !shown.whole ? [Math.max(ends - 120 * DAY, x[0]), ends] : null });
  const controls = told.days ? [choice("Span", [["Days", "day"], ["Months", "month"]], shown.span, (span) => again(figure, { span, whole: false }))] : [];
  if (daily) controls.push(choice("Range", [["4 months", false], ["All", true]], Boolean(shown.whole), (whole) => again(figure, { whole })));
  return [...controls, legend(figure, [...all.map((part) => [part.label, colour(fill(part)), part.label]), ...(line ? [[line.label, colour("ink"), line.label]] : [])])];
};
