// Plots without axes of numbers: every hour as a point of colour, every day as a square.

const canvas = (figure, height) => {
  const drawing = figure.querySelector(".drawing"), made = make("canvas"), width = drawing.clientWidth;
  made.width = width * devicePixelRatio;
  made.height = height * devicePixelRatio;
  made.style.width = `${width}px`;
  made.style.height = `${height}px`;
  drawing.append(made);
  const brush = made.getContext("2d");
  brush.scale(devicePixelRatio, devicePixelRatio);
  brush.font = FONT();
  brush.fillStyle = colour("soft");
  return { made, brush, width };
};
const hover = (made, describe) => {
  made.addEventListener("mousemove", ({ offsetX, offsetY, clientX, clientY }) => {
    const words = describe(offsetX, offsetY);
    if (words) showTip(words, clientX, clientY);
    else hideTip();
  });
  made.addEventListener("mouseleave", hideTip);
};

const SHADES = 9;
const ramp = () => Array.from({ length: SHADES }, (_, shade) => channels(colour(`shade${shade}`)));
const between = (colours, part) => {
  const place = Math.min(Math.max(part, 0), 1) * (SHADES - 1), low = Math.floor(place), high = Math.min(low + 1, SHADES - 1);
  return colours[low].map((value, channel) => value + (colours[high][channel] - value) * (place - low));
};

const LEFT = 44, HEAD = 20, ROW = 8;
const drawRaster = (figure, { series }) => {
  const list = values(series), shown = state(figure, { days: 365 }), calendar = zoned(list.offsets);
  const dayOf = (instant) => Math.floor(calendar.local(instant) / DAY);
  const last = dayOf(list.t0 + (list.v.length - 1) * HOUR), first = Math.max(dayOf(list.t0), shown.days ? last - shown.days + 1 : -Infinity);
  const days = last - first + 1, sums = new Float64Array(days * 24), counts = new Uint8Array(days * 24), found = [];
  list.v.forEach((value, place) => {
    if (value == null) return;
    const local = calendar.local(list.t0 + place * HOUR), day = Math.floor(local / DAY) - first;
    if (day < 0) return;
    const at = day * 24 + Math.floor((local % DAY) / HOUR);
    sums[at] += value;
    counts[at] += 1;
    found.push(value);
  });
  const top = found.sort((a, b) => a - b)[Math.floor((found.length - 1) * 0.99)] || 1, colours = ramp();
  const pixels = new ImageData(days, 24);
  for (let day = 0; day < days; day += 1) for (let hour = 0; hour < 24; hour += 1) {
    const at = day * 24 + hour;
    if (counts[at]) pixels.data.set([...between(colours, sums[at] / counts[at] / top), 255], ((23 - hour) * days + day) * 4);
  }
  const small = make("canvas");
  small.width = days;
  small.height = 24;
  small.getContext("2d").putImageData(pixels, 0, 0);
  const { made, brush, width } = canvas(figure, 24 * ROW + 24), right = width - LEFT;
  brush.imageSmoothingEnabled = false;
  brush.drawImage(small, LEFT, 4, right, 24 * ROW);
  for (const hour of [0, 6, 12, 18]) brush.fillText(`${two(hour)}:00`, 0, 4 + (24 - hour) * ROW - 2);
  const step = stepFor(days * DAY, right), from = first * DAY;
  ticks(DATES, from, (last + 1) * DAY, step).forEach((local, place) => {
    brush.fillText(tickLabel(DATES, local, step, place === 0).replace("\n", " "), LEFT + ((local - from) / DAY / days) * right, 24 * ROW + 20);
  });
  hover(made, (x, y) => {
    const day = Math.floor(((x - LEFT) / right) * days), hour = 23 - Math.floor((y - 4) / ROW);
    if (day < 0 || day >= days || hour < 0 || hour > 23) return null;
    const at = day * 24 + hour, value = counts[at] ? quantity(sums[at] / counts[at], list.unit) : "no reading";
    return `${dayName((first + day) * DAY)}, ${two(hour)}:00\n${value}`;
  });
  const scale = make("span", { class: "sample" }, "0", make("span", { class: "scale" }), `${number(top)}\u00a0${list.unit} and more`);
  return [choice("Range", [["3 months", 91], ["1 year", 365], ["All", 0]], shown.days, (chosen) => again(figure, { days: chosen })), make("div", {}, scale)];
};

// What is well is quiet, so that what is not stands out.
const KINDS = { s: ["calm", "whole and settled"], p: ["calmer", "whole, provisional"], i: ["down", "partly missing"], m: ["missing", "missing"] };
const drawCalendar = (figure, { series: ids }) => {
  const all = ids.map((id) => dated(values(id)));
  const shown = state(figure, { register: all[0].register }), series = all.filter((list) => list.register === shown.register);
  const drawing = figure.querySelector(".drawing"), size = Math.max(4, Math.min(13, Math.floor((drawing.clientWidth - LEFT) / 54)));
  const blocks = series.flatMap((list) => {
    const years = new Map();
    list.x.forEach((start, at) => {
      const { year } = parts(start);
      if (!years.has(year)) years.set(year, []);
      years.get(year).push(at);
    });
    return [...years].map(([year, places]) => ({ list, year, places }));
  });
  const tall = size * 7 + 8, { made, brush } = canvas(figure, HEAD + blocks.length * tall), squares = new Map();
  blocks.forEach(({ list, year, places }, row) => {
    const top = HEAD + row * tall, january = Date.UTC(year, 0, 1) / 1000;
    // Monday is the first of a week.
    const monday = january - ((new Date(january * 1000).getUTCDay() + 6) % 7) * DAY;
    brush.fillStyle = colour("ink");
    brush.fillText(String(year), 0, top + size * 4);
    brush.fillStyle = colour("soft");
    for (let month = 0; row === 0 && month < 12; month += size > 7 ? 1 : 3) {
      brush.fillText(MONTHS[month], LEFT + Math.ceil((Date.UTC(year, month, 1) / 1000 - monday) / DAY / 7) * size, top - 6);
    }
    for (const at of places) {
      const day = Math.round((list.x[at] - monday) / DAY), x = LEFT + Math.floor(day / 7) * size, y = top + (day % 7) * size;
      const kind = list.state[at];
      brush.fillStyle = colour(KINDS[kind] ? KINDS[kind][0] : "grid");
      brush.fillRect(x, y, size - 1, size - 1);
      squares.set(`${Math.floor(day / 7)}/${row * 7 + (day % 7)}`, [list, at]);
    }
  });
  hover(made, (x, y) => {
    const row = Math.floor((y - HEAD) / tall), line = Math.floor((y - HEAD - row * tall) / size);
    const found = line >= 0 && line < 7 && squares.get(`${Math.floor((x - LEFT) / size)}/${row * 7 + line}`);
    if (!found) return null;
    const [list, at] = found, kind = KINDS[list.state[at]];
    const lacking = list.missing[at] ? `, ${list.missing[at]} readings missing` : "";
    return `${dayName(list.x[at])}\n${list.label}: ${kind ? kind[1] : "nothing expected"}${lacking}`;
  });
  const registers = choice("Register", all.map((list) => [list.label, list.register]), shown.register, (register) => again(figure, { register }));
  return [...(all.length > 1 ? [registers] : []), make("div", {}, ...Object.values(KINDS).map(([fill, label]) => key(label, colour(fill))))];
};
