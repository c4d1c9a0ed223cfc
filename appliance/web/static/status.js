// SPDX-License-Identifier: GPL-2.0-or-later
// What asks again every few seconds comes once the page itself is painted.
"use strict";

const { asks } = document.currentScript.dataset;
requestAnimationFrame(() => setTimeout(() => {
  const script = document.createElement("script");
  script.src = asks;
  document.head.append(script);
}));
