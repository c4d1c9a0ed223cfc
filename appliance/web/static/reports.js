// SPDX-License-Identifier: GPL-2.0-or-later
// Charts drawn from the table that stands beside each: answered and missed, one upon the other; or the service level.
"use strict";

const HEIGHT = 240; // px
const LOW = 150; // px
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]; // there is no half a call

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axisOf(names, axis, space) {
  const named = (_, at) => at.map((n) => (Number.isInteger(n) && names[n] !== undefined ? names[n].replace(/^\d{4}-/, "") : ""));
  return { ...axis, values: named, grid: { show: false }, space };
}

function draw(place, table) {
  const rows = [...table.querySelectorAll("tr[data-name]")];
  const names = rows.map((row) => row.dataset.name);
  const bars = table.dataset.chart === "bars";
  const { level } = place.dataset;
  const axis = { stroke: colour("soft"), grid: { stroke: colour("edge"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const shape = level ? ofLevel(rows, level, axis) : ofCalls(rows, table.dataset, bars, axis);
  const height = level ? LOW : HEIGHT;
  const plot = new uPlot({
    width: place.clientWidth,
    height,
    scales: { x: { time: false, range: [-0.6, names.length - 0.4] }, y: shape.y },
    axes: [axisOf(names, axis, bars ? 28 : 52), shape.axis],
    cursor: { y: false, drag: { x: false, y: false } },
    series: [{ label: table.dataset.label, value: (_, n) => (n === null || n === undefined ? "–" : names[n]) }, ...shape.series],
  }, [names.map((_, n) => n), ...shape.data], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height })).observe(place);
}

const figure = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 10) / 10));

function ofCalls(rows, words, bars, axis) {
  const good = rows.map((row) => Number(row.dataset.good));
  const all = rows.map((row, n) => good[n] + Number(row.dataset.bad)); // drawn behind, so what is seen of it is missed
  const paths = bars || rows.length <= 31 ? uPlot.paths.bars({ size: [0.7, 60] }) : uPlot.paths.stepped({ align: 1 });
  const drawn = (name) => ({ stroke: colour(name), fill: colour(name), paths, points: { show: false } });
  return {
    data: [all, good],
    y: { range: (_, low, high) => [0, bars ? (high || 1) * 1.08 : Math.max(1, high * 1.08)] },
    axis: bars ? axis : { ...axis, incrs: WHOLE },
    series: [
      { label: words.bad, ...drawn("bad"), value: (_, value, series, n) => figure(n === null || n === undefined ? null : all[n] - good[n]) },
      { label: words.good, ...drawn("good"), value: (_, value) => figure(value) },
    ],
  };
}

function ofLevel(rows, label, axis) {
  const share = rows.map((row) => (row.dataset.level ? Number(row.dataset.level) : null)); // none on a day without calls
  const line = { stroke: colour("accent"), width: 2, points: { show: true, size: 5 }, spanGaps: false };
  return {
    data: [share],
    y: { range: [0, 104] },
    axis: { ...axis, incrs: [25, 50] },
    series: [{ label, ...line, value: (_, value) => (value === null || value === undefined ? "–" : `${value} %`) }],
  };
}

for (const place of document.querySelectorAll(".chart")) {
  place.classList.add("drawn");
  draw(place, document.getElementById(place.dataset.of));
}
