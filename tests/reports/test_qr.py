# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts as QR codes."""

import re

from appliance.reports.qr import squares

A = """\
#######.##.#..#######
#.....#.##..#.#.....#
#.###.#...###.#.###.#
#.###.#.#.#...#.###.#
#.###.#...##..#.###.#
#.....#..#.##.#.....#
#######.#.#.#.#######
........#..##........
#.##.###...##.#..#.##
##.##....######..#...
#..##.##.#.#.....##.#
.#.#.#.....#..######.
########.##.#..#..##.
........#..#..#..#.##
#######.#####..#.#.##
#.....#.##.....##.#..
#.###.#..##.#####...#
#.###.#.##.#..######.
#.###.#.##..#.##.....
#.....#..##..#.#..#..
#######.##...#..#..#.
"""


def test_a_code_is_the_one_that_another_encoder_draws() -> None:
    """segno 1.6.6: `make("A", version=1, error="m", mask=3)`."""
    code = squares("A")
    dark = {tuple(map(int, one)) for one in re.findall(r"M(\d+) (\d+)h1v1h-1z", code.path)}
    assert code.side == 4 + 21 + 4
    assert "".join("#" if (x, y) in dark else "." for y in range(29) for x in range(29)) == "".join(
        f"....{row or '.' * 21}...." for row in ("\n" * 4 + A + "\n" * 3).split("\n")
    )
