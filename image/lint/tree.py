# SPDX-License-Identifier: GPL-2.0-or-later
"""An import-linter contract in the form of a table: each folder of ours, and what it may import (pyproject.toml)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

EVERYTHING = "everything"


class Tree(Contract):
    """Rows are `folder: what it may import`; a folder without a row may not exist."""

    type_name = "tree"

    package: Any = fields.StringField()
    folders: Any = fields.ListField(subfield=fields.StringField())
    kept_to: Any = fields.ListField(subfield=fields.StringField())
    pure: Any = fields.ListField(subfield=fields.StringField())
    not_in_pure: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        faults = sorted({*self.folder_faults(graph), *self.outside_faults(graph), *self.pure_faults(graph)})
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for fault in check.metadata["faults"]:
            output.print_error(fault)

    def folder_faults(self, graph: ImportGraph) -> Iterator[str]:
        """Imports among our own folders that the table does not allow."""
        table = rows(self.folders)
        yield from self.unseen()
        for importer, imported in imports(graph):
            mine, other = self.folder(importer), self.folder(imported)
            if mine is None or other is None or mine == other:
                continue
            if mine not in table:
                yield f"{importer}: the folder {mine} has no row in the table"
            elif other not in table[mine] and EVERYTHING not in table[mine]:
                yield f"{where(graph, importer, imported)}: {mine} may not import {other}"

    def outside_faults(self, graph: ImportGraph) -> Iterator[str]:
        """Libraries imported outside the folders they are kept to."""
        for library, homes in rows(self.kept_to).items():
            for importer in importers(graph, library):
                if self.folder(importer) not in homes:
                    yield f"{where(graph, importer, library)}: {library} is kept to {', '.join(sorted(homes))}"

    def pure_faults(self, graph: ImportGraph) -> Iterator[str]:
        """Modules without a clock, a log or a loop that import one."""
        for library in self.not_in_pure:
            for importer in importers(graph, library):
                if any(f"{importer}.".startswith(f"{self.package}.{name}.") for name in self.pure):
                    yield f"{where(graph, importer, library)}: what is pure does not import {library}"

    def unseen(self) -> Iterator[str]:
        """Folders that the import graph leaves out."""
        for file in Path(self.package).glob("*/**/*.py"):
            if not (file.parent / "__init__.py").exists():
                yield f"{file.parent}: has no __init__.py, so its imports are not seen"

    def folder(self, module: str) -> str | None:
        parts = module.split(".")
        return parts[1] if parts[0] == self.package and len(parts) > 1 else None


def rows(lines: list[str]) -> dict[str, set[str]]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): set(allowed.split()) for name, _, allowed in pairs}


def imports(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            yield importer, imported


def importers(graph: ImportGraph, library: str) -> set[str]:
    return graph.find_modules_that_directly_import(library) if library in graph.modules else set()


def where(graph: ImportGraph, importer: str, imported: str) -> str:
    details = graph.get_import_details(importer=importer, imported=imported)
    return f"{importer}:{details[0]['line_number']}" if details else importer
