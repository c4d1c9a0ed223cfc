# SPDX-License-Identifier: GPL-2.0-or-later
"""Where telephones and gateways find their settings here."""

from typing import NamedTuple

from starlette.requests import Request

from appliance.settings.words import is_host

ROOT = "/provisioning"


class Address(NamedTuple):
    """Where one finds its settings, and the password of its own pages once it has them."""

    address: str
    admin: str


def reached(request: Request, secret: str) -> tuple[str, str]:
    """The host by which a telephone reached us, and the address of its files."""
    server, port = request.scope["server"]
    host = request.url.hostname or ""
    host = host if is_host(host) else str(server)
    named = f"[{host}]" if ":" in host else host
    return host, f"{request.url.scheme}://{named}:{port}{ROOT}/{secret}/"
