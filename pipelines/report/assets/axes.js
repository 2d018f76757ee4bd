// Axes: ticks at local midnights, Mondays and months, whatever the clocks do; and patterns for what is not whole.

const STEPS = [
  ["hour", 1, HOUR], ["hour", 3, 3 * HOUR], ["hour", 6, 6 * HOUR], ["hour", 12, 12 * HOUR],
  ["day", 1, DAY], ["day", 2, 2 * DAY], ["week", 1, 7 * DAY], ["week", 2, 14 * DAY],
  ["month", 1, 30 * DAY], ["month", 2, 61 * DAY], ["month", 3, 91 * DAY], ["month", 6, 182 * DAY], ["month", 12, 365 * DAY],
];
const TICK_APART = 74;

const stepFor = (span, width) =>
  STEPS.find(([, , seconds]) => (span / seconds) * TICK_APART <= width) || STEPS[STEPS.length - 1];

const ticks = (calendar, from, to, [unit, count]) => {
  const found = [], first = calendar.local(from), last = calendar.local(to);
  if (unit === "month") {
    let { year, month } = parts(first);
    month -= month % count;
    for (; ; month += count) {
      const local = Date.UTC(year, month, 1) / 1000;
      if (local > last) break;
      found.push(calendar.instant(local));
    }
  } else {
    const step = { hour: HOUR, day: DAY, week: 7 * DAY }[unit] * count;
    // 5 January 1970 was a Monday.
    const origin = unit === "week" ? 4 * DAY : 0;
    for (let local = Math.floor((first - origin) / step) * step + origin; local <= last; local += step) found.push(calendar.instant(local));
  }
  return found.filter((instant) => instant >= from && instant <= to);
};

const tickLabel = (calendar, instant, [unit, count], first) => {
  const { year, month, day, weekday, hour } = parts(calendar.local(instant));
  if (unit === "month") return count < 12 ? `${MONTHS[month]}${first || month === 0 ? `\n${year}` : ""}` : String(year);
  if (unit === "hour" && hour) return `${two(hour)}:00${first ? `\n${weekday} ${day} ${MONTHS[month]}` : ""}`;
  return unit === "hour" ? `00:00\n${weekday} ${day} ${MONTHS[month]}` : `${unit === "day" ? `${weekday} ` : ""}${day} ${MONTHS[month]}${first ? `\n${year}` : ""}`;
};

const FONT = () => `12px ${colour("sans")}`;
const look = () => ({
  stroke: colour("soft"), font: FONT(), grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false }, border: { show: false },
});
const timeAxis = (calendar, format = tickLabel) => {
  let step = STEPS[0];
  return {
    ...look(),
    size: 42,
    splits: (plot, _axis, from, to) => {
      step = stepFor(to - from, plot.width - 60);
      return ticks(calendar, from, to, step);
    },
    values: (_plot, instants) => instants.map((instant, place) => format(calendar, instant, step, place === 0)),
  };
};
const valueAxis = () => ({
  ...look(),
  size: 52,
  space: 36,
  values: (_plot, shown) => {
    const step = shown.length > 1 ? Math.abs(shown[1] - shown[0]) : 1;
    return shown.map((value) => number(Math.abs(value), step < 0.1 ? 2 : step < 1 ? 1 : 0));
  },
});

// Stripes in a colour, on another or on nothing: what is not whole, and what is not there.
const striped = (context, stripe, ground) => {
  const size = 6 * devicePixelRatio, tile = make("canvas");
  tile.width = tile.height = size;
  const brush = tile.getContext("2d");
  if (ground) {
    brush.fillStyle = ground;
    brush.fillRect(0, 0, size, size);
  }
  brush.strokeStyle = stripe;
  brush.lineWidth = 1.6 * devicePixelRatio;
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift, size);
    brush.lineTo(shift + size, 0);
  }
  brush.stroke();
  return context.createPattern(tile, "repeat");
};
