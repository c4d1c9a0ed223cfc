// SPDX-License-Identifier: GPL-2.0-or-later
// The slider says where it stands.
"use strict";

const slider = document.getElementById("scale");
slider?.addEventListener("input", () => { document.getElementById("scale-now").textContent = slider.value; });
