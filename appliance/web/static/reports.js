// SPDX-License-Identifier: GPL-2.0-or-later
// Charts drawn from the table that stands beside each: answered and missed, one upon the other.
"use strict";

const HEIGHT = 240; // px
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]; // there is no half a call

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(place, table) {
  const rows = [...table.querySelectorAll("tr[data-name]")];
  const names = rows.map((row) => row.dataset.name);
  const good = rows.map((row) => Number(row.dataset.good));
  const all = rows.map((row, n) => good[n] + Number(row.dataset.bad)); // drawn behind, so what is seen of it is missed
  const bars = table.dataset.chart === "bars";
  const paths = bars || names.length <= 31 ? uPlot.paths.bars({ size: [0.7, 60] }) : uPlot.paths.stepped({ align: 1 });
  const axis = { stroke: colour("soft"), grid: { stroke: colour("edge"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const named = (_, at) => at.map((n) => (Number.isInteger(n) && names[n] !== undefined ? names[n].replace(/^\d{4}-/, "") : ""));
  const figure = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 10) / 10));
  const plot = new uPlot({
    width: place.clientWidth,
    height: HEIGHT,
    scales: { x: { time: false, range: [-0.6, names.length - 0.4] }, y: { range: (_, low, high) => [0, bars ? (high || 1) * 1.08 : Math.max(1, high * 1.08)] } },
    axes: [{ ...axis, values: named, grid: { show: false }, space: bars ? 28 : 52 }, bars ? axis : { ...axis, incrs: WHOLE }],
    cursor: { y: false, drag: { x: false, y: false } },
    series: [
      { label: table.dataset.label, value: (_, n) => (n === null || n === undefined ? "–" : names[n]) },
      { label: table.dataset.bad, stroke: colour("bad"), fill: colour("bad"), paths, points: { show: false },
        value: (_, value, series, n) => figure(n === null || n === undefined ? null : all[n] - good[n]) },
      { label: table.dataset.good, stroke: colour("good"), fill: colour("good"), paths, points: { show: false },
        value: (_, value) => figure(value) },
    ],
  }, [names.map((_, n) => n), all, good], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
}

for (const table of document.querySelectorAll("[data-chart]")) {
  const place = table.previousElementSibling;
  place.classList.add("drawn");
  draw(place, table);
}
