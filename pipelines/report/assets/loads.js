// Load in kW: the months' highest hours against steps, quarter-hours, and how long a load lasts.

// Dashed lines across, where a step ends.
const levels = (lines, unit) => (made) => {
  const { ctx, bbox } = made, { max } = made.scales.y;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("soft");
  ctx.font = `${11 * devicePixelRatio}px ${colour("sans")}`;
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const line of lines.filter((level) => level < max)) {
    const y = made.valToPos(line, "y", true);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(`${line}\u00a0${unit}`, bbox.left + bbox.width, y - 2 * devicePixelRatio);
  }
  ctx.restore();
};
const drawGrouped = (figure, { unit, x: months, groups, lines = [], notes = [] }) => {
  const shown = state(figure, {}), x = months.map((start) => start + MONTH / 2);
  const series = groups.map((group, at) => ({
    v: group.v, paths: bars({ size: [0.4, 40, 1], align: at ? 1 : -1 }), fill: solid(PALETTE[at]), width: 0, show: !shown.off.has(group.label),
  }));
  const describe = (at) => [monthName(months[at]), ...groups.map((group) => `${group.label}: ${quantity(group.v[at], unit)}`), ...(notes[at] ? [notes[at]] : [])].join("\n");
  plot(figure, { x, series, describe, ends: months[months.length - 1] + MONTH, range: [months[0], months[months.length - 1] + MONTH], bar: false, height: 220, after: levels(lines, unit) });
  return [legend(figure, groups.map((group, at) => [group.label, colour(PALETTE[at]), group.label]))];
};

const drawCaps = (figure, { x, actual, caps, lines, cap }) => {
  const shown = state(figure, { cap }), chosen = caps.find((one) => one.cap === shown.cap);
  const notes = chosen.saved.map((kroner) => (kroner == null ? "" : `saved: ${number(kroner, 0)}\u00a0kr`));
  const groups = [{ label: "as it was", v: actual }, { label: "with the cap", v: chosen.v }];
  const marks = drawGrouped(figure, { unit: "kW", x, groups, lines, notes });
  return [choice("Cap", caps.map((one) => [`${one.cap} kW`, one.cap]), shown.cap, (now) => again(figure, { cap: now })), ...marks];
};

const QUARTER = 900;
const drawLoad = (figure, { t0, offsets, series: lists }) => {
  const shown = state(figure, { days: innerWidth < 640 ? 2 : 7, back: 0 }), calendar = zoned(offsets), count = lists[0].v.length;
  const x = Array.from({ length: count + 1 }, (_, place) => t0 + place * QUARTER), ends = x[count];
  const series = lists.map((list) => ({
    v: [...list.v, null], stroke: solid(tint(list.register)), width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), show: !shown.off.has(list.register),
  }));
  const clock = (instant) => { const local = calendar.local(instant); return `${two(parts(local).hour)}:${two(Math.floor((local % HOUR) / 60))}`; };
  const describe = (at) => [`${dayName(calendar.local(x[at]))}, ${clock(x[at])} to ${clock(x[at] + QUARTER)}`, ...lists.filter((list) => !shown.off.has(list.register))
    .map((list) => `${list.label}: ${list.v[at] == null ? "no reading" : quantity(list.v[at], "kW")}`)].join("\n");
  const width = shown.days * DAY, until = Math.max(ends - shown.back * width, Math.min(t0 + width, ends));
  plot(figure, { x, series, calendar, describe, ends, range: [Math.max(until - width, t0), until] });
  const spans = choice("Span", [["2 days", 2], ["1 week", 7], ["1 month", 31], ["3 months", 92]], shown.days, (days) => again(figure, { days, back: 0 }));
  const step = choice("Move", [["\u25c0 earlier", 1], ["later \u25b6", -1]], null, (by) => again(figure, { back: Math.max(0, shown.back + by) }));
  return [spans, step, legend(figure, lists.map((list) => [list.label, colour(tint(list.register)), lists.length > 1 && list.register]))];
};

const drawDuration = (figure, { series: lists }) => {
  const shown = state(figure, {}), last = lists[0].v.length - 1, x = lists[0].v.map((_, place) => (100 * place) / last);
  const series = lists.map((list) => ({ v: list.v, stroke: solid(tint(list.register)), width: 2.5, show: !shown.off.has(list.register) }));
  const describe = (at) => [`${number(x[at], x[at] < 10 ? 2 : 0)}\u00a0% of the time`, ...lists.filter((list) => !shown.off.has(list.register))
    .map((list) => `${list.label}: ${quantity(list.v[at], "kW")} or more`)].join("\n");
  const axis = { ...look(), size: 30, splits: () => [0, 25, 50, 75, 100], values: (_made, shares) => shares.map((share) => `${share}\u00a0%`) };
  plot(figure, { x, series, axis, describe, ends: 100, bar: false, height: 220 });
  return [legend(figure, lists.map((list) => [list.label, colour(tint(list.register)), lists.length > 1 && list.register]))];
};
