# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of fields in requests."""

from typing import Annotated

import msgspec

Id = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]  # exact in every JSON reader
Short = Annotated[str, msgspec.Meta(max_length=200)]
