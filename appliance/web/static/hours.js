// SPDX-License-Identifier: GPL-2.0-or-later
// The week painter: half hours that write themselves into the field of each day, and are drawn from it.
"use strict";

const HALF = 30, DAY = 1440, CELLS = 48; // minutes, minutes, half hours of a day
const painter = document.getElementById("painter");
const inputs = [...document.querySelectorAll("input[data-day]")];
const rows = []; // of cells, by day
const two = (n) => String(n).padStart(2, "0");
const clock = (m) => `${two(Math.floor(m / 60))}:${two(m % 60)}`;
const end = (m) => (m === DAY ? "24:00" : clock(m > DAY ? m - DAY : m));

// Windows of a field as [from, until] in minutes, until past 1440 when they go on into the next day; null when it is no such text.
function read(text) {
  const windows = [];
  for (const one of text.replaceAll(",", " ").replaceAll("–", "-").split(/\s+/).filter(Boolean)) {
    const found = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(one);
    if (!found) return null;
    const [from, until] = [found[1] * 60 + +found[2], found[3] * 60 + +found[4]];
    if (from >= DAY || until > DAY || from === until) return null;
    windows.push([from, until > from ? until : until + DAY]);
  }
  return windows;
}

function write(windows) {
  return windows.map(([from, until]) => `${clock(from)}-${end(until)}`).join(" ");
}

function opened(windows, from, until) {
  const merged = [];
  for (const [a, b] of [...windows, [from, until]].sort((x, y) => x[0] - y[0])) {
    const last = merged.at(-1);
    if (last && a <= last[1]) last[1] = Math.max(last[1], b);
    else merged.push([a, b]);
  }
  return merged;
}

function closed(windows, from, until) {
  return windows.flatMap(([a, b]) => [[a, Math.min(b, from)], [Math.max(a, until), b]].filter(([x, y]) => x < y));
}

function covered(windows, from, until) {
  return windows.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b, until) - Math.max(a, from)), 0);
}

function draw() {
  const week = inputs.map((input) => read(input.value) ?? []);
  week.forEach((windows, day) => rows[day].forEach((cell, n) => {
    const minutes = covered(windows, n * HALF, (n + 1) * HALF);
    const before = covered(week[(day + 6) % 7], DAY + n * HALF, DAY + (n + 1) * HALF);
    const open = minutes === HALF;
    cell.setAttribute("aria-selected", String(open));
    cell.classList.toggle("part", minutes > 0 && !open);
    cell.classList.toggle("spill", minutes === 0 && before > 0);
    const state = open ? painter.dataset.open : painter.dataset.closed;
    cell.setAttribute("aria-label", `${inputs[day].dataset.day} ${clock(n * HALF)}, ${state}`);
  }));
}

function paint(day, n, open) {
  const windows = read(inputs[day].value);
  if (windows === null) return; // a text that is no hours is not thrown away
  inputs[day].value = write((open ? opened : closed)(windows, n * HALF, (n + 1) * HALF));
}

function place(cell) {
  return [Number(cell.dataset.day), Number(cell.dataset.n)];
}

function isOpen(cell) {
  return cell.getAttribute("aria-selected") === "true";
}

function focus(cell) {
  for (const one of painter.querySelectorAll("[tabindex='0']")) one.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus();
}

let stroke = null; // while the pointer is down: whether it opens, and from where

function sweep(event) {
  const under = document.elementFromPoint(event.clientX, event.clientY);
  const row = under?.closest(".cells");
  if (!row || !painter.contains(row)) return;
  const box = row.getBoundingClientRect();
  const n = Math.min(CELLS - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * CELLS)));
  const day = Number(row.dataset.day);
  const from = stroke.day === day ? stroke.n : n; // a quick pointer leaves no gap
  for (let at = Math.min(from, n); at <= Math.max(from, n); at += 1) paint(day, at, stroke.open);
  stroke.day = day;
  stroke.n = n;
  draw();
}

function build() {
  painter.setAttribute("role", "grid");
  painter.setAttribute("aria-label", painter.dataset.label);
  painter.setAttribute("aria-describedby", "paint-help");
  inputs.forEach((input, day) => {
    const row = document.createElement("div");
    row.className = "dayrow";
    row.setAttribute("role", "row");
    const title = document.createElement("span");
    title.textContent = window.innerWidth < 600 ? input.dataset.short : input.dataset.day;
    title.setAttribute("role", "rowheader");
    title.setAttribute("aria-label", input.dataset.day);
    const cells = document.createElement("div");
    cells.className = "cells";
    cells.setAttribute("role", "presentation");
    cells.dataset.day = day;
    rows.push(Array.from({ length: CELLS }, (_, n) => {
      const cell = document.createElement("div");
      cell.className = "cell";
      cell.setAttribute("role", "gridcell");
      cell.tabIndex = day === 0 && n === 18 ? 0 : -1;
      cell.dataset.day = day;
      cell.dataset.n = n;
      cells.append(cell);
      return cell;
    }));
    row.append(title, cells);
    painter.append(row);
    input.addEventListener("input", draw);
  });
  const scale = document.createElement("div");
  scale.className = "scale";
  scale.setAttribute("aria-hidden", "true");
  for (const hour of [0, 6, 12, 18, 24]) {
    const mark = document.createElement("span");
    mark.textContent = `${two(hour)}:00`;
    scale.append(mark);
  }
  painter.append(scale);
  painter.hidden = false;
  document.getElementById("paint-help").hidden = false;
}

const GOES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function key(event) {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  const [day, n] = place(cell);
  if (event.key === " " || event.key === "Enter") {
    paint(day, n, !isOpen(cell));
    draw();
  } else if (event.key in GOES || event.key === "Home" || event.key === "End") {
    const [down, right] = GOES[event.key] ?? [0, event.key === "Home" ? -n : CELLS];
    const next = rows[Math.min(6, Math.max(0, day + down))][Math.min(CELLS - 1, Math.max(0, n + right))];
    if (event.shiftKey) {
      paint(...place(next), isOpen(cell));
      draw();
    }
    focus(next);
  } else return;
  event.preventDefault();
}

if (painter && inputs.length === 7) {
  build();
  draw();
  painter.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest(".cell");
    if (!cell || event.button !== 0) return;
    const [day, n] = place(cell);
    stroke = { open: !isOpen(cell), day, n };
    if (event.pointerType === "touch") return; // it may be the beginning of a scroll: painted when it moves or ends
    focus(cell);
    sweep(event);
    event.preventDefault();
  });
  window.addEventListener("pointermove", (event) => { if (stroke) sweep(event); });
  window.addEventListener("pointerup", (event) => {
    if (stroke) sweep(event);
    stroke = null;
  });
  window.addEventListener("pointercancel", () => { stroke = null; });
  painter.addEventListener("keydown", key);
}
