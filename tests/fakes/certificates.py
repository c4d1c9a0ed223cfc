# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates of an authority that exists only in a test's folder, made by openssl."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    file: Path
    key: Path


class Authority:
    """Vouches for whoever it made a certificate for."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.file, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", self._key, "-out", self.file),
        )

    def certificate(self, name: str, *, host: str = "127.0.0.1", days: int = 2) -> Certificate:
        """For a broker on this host, or for one who shows who he is."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        asked, about = made.file.with_suffix(".csr"), made.file.with_suffix(".ext")
        kind = "IP" if host[0].isdigit() else "DNS"
        about.write_text(f"subjectAltName={kind}:{host}\n")
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", made.key, "-out", asked),
        )
        self._openssl(
            *("x509", "-req", "-in", asked, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial"),
            *("-days", str(days), "-extfile", about, "-out", made.file),
        )
        return made

    def _openssl(self, *words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
