# SPDX-License-Identifier: GPL-2.0-or-later
"""What Schemathesis sends beside what it makes up; read by it alone, in its own environment."""

import os
import random

import requests
import schemathesis

DRAFT = "/api/v1/draft"


@schemathesis.serializer("application/toml")
def document(_context: object, value: object) -> bytes:
    """What is no text is sent all the same: a program may."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def before_call(_context: object, case: schemathesis.Case, _kwargs: object) -> None:
    """Changes of the draft say the one that is there, three times in four: what is behind that is reached."""
    if case.path.startswith(DRAFT) and "If-Match" in (case.headers or {}) and random.random() < 0.75:
        token = {"Authorization": os.environ["FUZZED_TOKEN"]}
        told = requests.get(os.environ["FUZZED"] + DRAFT, headers=token, timeout=30)
        case.headers["If-Match"] = told.headers["ETag"]
