# SPDX-License-Identifier: GPL-2.0-or-later
"""The OpenAPI document of the API, made from its ways; `python -m appliance.web.api.document FILE` writes docs/openapi.json."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from appliance.web.api.gate import PATHS, ROOT, Way
from appliance.web.api.scopes import SCOPES
from appliance.web.api.shapes import Problem

REFUSALS = {
    400: "The request cannot be read",
    401: "No token, or none that is known",
    403: "The token has not the scope",
    404: "There is no such thing",
    405: "Not this method",
    408: "The body took too long to arrive",
    409: "The switch refuses it; `error` says why",
    412: "Other settings are in force than those of If-Match",
    413: "Too long",
    415: "Another media type is wanted",
    422: "A field is missing, unknown or out of its bounds",
    428: "If-Match is missing",
    429: "Too often; Retry-After says when again",
    503: "The switch does not answer",
    507: "The disk is full",
}
OF_RANGES = {416: "There is no such piece"}
ABOUT = (
    "A token is made on the page *API and tokens* or by `linekeeper token`, and sent as `Authorization: Bearer lk_...`. "
    "Times are milliseconds since 1970, UTC. See docs/api.md."
)


def document(ways: Sequence[Way]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    types = list(dict.fromkeys(_types(ways)))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    known = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for way in ways:
        paths.setdefault(ROOT + way.path, {})[way.method.lower()] = _operation(way, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Linekeeper", "version": "1", "description": ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {str(status): _refusal(words, known) for status, words in {**REFUSALS, **OF_RANGES}.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": scope, "description": words} for scope, words in SCOPES.items()],
    }


_LICENSE = {"name": "GPL-2.0-or-later", "identifier": "GPL-2.0-or-later"}


def _types(ways: Sequence[Way]) -> list[Any]:
    used = [each for way in ways for each in (way.answer, way.body) if each is not None and not isinstance(each, str)]
    queries = [field.type for way in ways if way.query for field in msgspec.structs.fields(way.query)]
    return [Problem, *used, *queries, *PATHS.values()]


def _operation(way: Way, known: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "summary": way.says,
        "operationId": re.sub(r"\W+", "_", f"{way.method.lower()}{way.path}").strip("_"),
        "tags": [way.scope] if way.scope else [],
        "security": [{"token": [way.scope] if way.scope else []}],
        "responses": _responses(way, known),
    }
    if way.scope:
        made["description"] = f"Needs the scope `{way.scope}`."
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": known[repr(PATHS[name])]}
        for name in re.findall(r"{(\w+)}", way.path)
    ]
    for field in msgspec.structs.fields(way.query) if way.query else ():
        schema = {**known[repr(field.type)], "default": field.default}
        parameters.append({"name": field.encode_name, "in": "query", "required": False, "schema": schema})
    for name, words in way.headers.items():
        parameters.append(
            {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
        )
    if way.ranges:
        parameters.append(
            {
                "name": "Range",
                "in": "header",
                "required": False,
                "description": "a piece of it, RFC 9110",
                "schema": {"type": "string"},
            }
        )
    if parameters:
        made["parameters"] = parameters
    if way.body is not None:
        media = way.body if isinstance(way.body, str) else "application/json"
        schema = {"type": "string"} if isinstance(way.body, str) else known[repr(way.body)]
        made["requestBody"] = {"required": True, "content": {media: {"schema": schema}}}
    return made


def _responses(way: Way, known: dict[str, Any]) -> dict[str, Any]:
    is_text = isinstance(way.answer, str)
    schema = {"type": "string"} if is_text else known[repr(way.answer)]
    good = {"description": "Done", "content": {way.answer if is_text else "application/json": {"schema": schema}}}
    wrong = [*REFUSALS, *(OF_RANGES if way.ranges else ())]
    more = {"206": good} if way.ranges else {}
    return {
        "201" if way.made else "200": good,
        **more,
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in wrong},
    }


def _refusal(words: str, known: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": known[repr(Problem)]}}}


def main(path: Path) -> None:
    from appliance.web.api.routes import every

    path.write_text(json.dumps(document(every()), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
