// What draws when: each figure once it comes near the screen, and again when size or colours change.

const DRAWERS = {
  hours: drawHours, bars: drawBars, years: drawYears, profile: drawProfile, stack: drawStack, grouped: drawGrouped, caps: drawCaps, load: drawLoad, duration: drawDuration,
  raster: drawRaster, calendar: drawCalendar,
};

function draw(figure) {
  const drawing = figure.querySelector(".drawing"), controls = figure.querySelector(".controls");
  if (!drawing.clientWidth) return;
  const focused = [...controls.querySelectorAll("button")].indexOf(document.activeElement);
  figure.plot?.destroy();
  figure.plot = null;
  drawing.style.minHeight = `${drawing.clientHeight}px`;
  drawing.replaceChildren();
  figure.values ||= JSON.parse(figure.querySelector("script").textContent);
  controls.replaceChildren(...DRAWERS[figure.dataset.kind](figure, figure.values));
  controls.querySelectorAll("button")[focused]?.focus();
  drawing.style.minHeight = "";
  figure.dataset.drawn = drawing.clientWidth;
}

const figures = [...document.querySelectorAll("figure[data-kind]")];
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting && !target.dataset.drawn) draw(target);
}, { rootMargin: "600px" });
figures.forEach((figure) => near.observe(figure));

const redraw = (all) => figures.forEach((figure) => {
  const width = figure.querySelector(".drawing").clientWidth;
  if (width && (all === "every" || (figure.dataset.drawn && (all || Number(figure.dataset.drawn) !== width)))) draw(figure);
});
let waiting = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => redraw(false));
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw(true));
addEventListener("beforeprint", () => {
  document.documentElement.dataset.printing = "";
  redraw("every");
});
addEventListener("afterprint", () => {
  delete document.documentElement.dataset.printing;
  redraw(true);
});
addEventListener("scroll", hideTip, { passive: true });

// A link to a metering point opens it.
const open = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target && target.matches("details")) {
    target.open = true;
    target.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();

document.getElementById("search")?.addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLowerCase();
  const rows = [...document.querySelectorAll(".overview tbody tr")];
  const fits = new Set(rows.filter((row) => row.textContent.toLowerCase().includes(wanted)));
  rows.forEach((row) => { row.hidden = !fits.has(row); });
  const links = new Set([...fits].map((row) => row.querySelector("a").hash.slice(1)));
  document.querySelectorAll(".point").forEach((point) => { point.hidden = !links.has(point.id); });
});
