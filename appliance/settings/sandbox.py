# SPDX-License-Identifier: GPL-2.0-or-later
"""Jinja2 in a sandbox, and less than the sandbox allows: nothing that repeats, multiplies, calls or reaches into things.

What is left costs no more than its length: names, text, `if`, `~`, comparisons, and a few filters, three deep at most.
"""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from appliance.settings.sentence import Sentence
from appliance.settings.templates import VARIABLES, Unfit

FILTERS = ("default", "int", "length", "lower", "string", "tojson", "trim", "upper")
DEEPEST = 3  # filters in one another: each tojson may double what it is given
ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Filter, nodes.Keyword),
)

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
_environment.filters = {name: _environment.filters[name] for name in FILTERS}
_environment.tests = {}
_environment.globals = {}


def fill(text: str, known: Mapping[str, str | int]) -> str:
    """Raises Unfit."""
    try:
        return _read(text).render(known)
    except (TemplateError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise Unfit(_said(error)) from None


@lru_cache(256)
def _read(text: str) -> Template:
    try:
        tree = _environment.parse(text)
        _look(tree, 0)
        return _environment.from_string(tree)
    except (TemplateError, ValueError, RecursionError) as error:
        raise Unfit(_said(error)) from None


def _look(node: nodes.Node, filters: int) -> None:
    """Raises Unfit at the first thing that may not be."""
    if not isinstance(node, ALLOWED):
        raise Unfit(Sentence("{} is not allowed", type(node).__name__.lower()))
    if isinstance(node, nodes.Name) and node.name not in VARIABLES:
        raise Unfit(Sentence("there is no {}; there are {}", node.name[:40], ", ".join(VARIABLES)))
    if isinstance(node, nodes.Filter):
        filters += 1
        if node.name not in FILTERS:
            raise Unfit(Sentence("there is no filter {}; there are {}", node.name[:40], ", ".join(FILTERS)))
        if filters > DEEPEST:
            raise Unfit(Sentence("more than {} filters one after the other", DEEPEST))
    for inner in node.iter_child_nodes():
        _look(inner, filters)


def _said(error: Exception) -> Sentence:
    """What Jinja2 has found, in its words."""
    return Sentence("{}", str(error).partition("\n")[0][:120] or type(error).__name__)
