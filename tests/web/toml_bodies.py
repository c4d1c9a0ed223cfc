# SPDX-License-Identifier: GPL-2.0-or-later
"""How Schemathesis sends a settings document; read by it alone, in its own environment."""

import schemathesis


@schemathesis.serializer("application/toml")
def document(_context: object, value: object) -> bytes:
    """What is no text is sent all the same: a program may."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
