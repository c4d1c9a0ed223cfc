# SPDX-License-Identifier: GPL-2.0-or-later
"""Backups on a page: when they were made, fetched by an owner and by nobody else."""

import base64
import re
from pathlib import Path

from pyrage import x25519

from appliance.web.access import now
from tests.web.applying import Applying
from tests.web.kept import DOCUMENT
from tests.web.programs import Program
from tests.web.visitors import site

NAME = "linekeeper-20261129-033000.age"


async def test_an_owner_fetches_a_backup_and_it_is_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / NAME).write_bytes(b"age-encryption.org/v1 sealed")
    (folder / "secrets.txt").write_text("not a backup")
    document = tmp_path / "office.toml"
    recipient = "age1fax5aw7gw8lg0tdcs205yk663dpddjru4lvng5w9dzpruekspc5sa7hwqj"
    document.write_text(f'{DOCUMENT}\n[backup]\nrecipient = "{recipient}"\nfolder = "{folder}"\n')
    async with site(tmp_path / "pages", settings=document) as box:
        box.people()
        async with box.logged_in("owner") as one:
            assert f'href="/backups/{NAME}"' in (await one.get("/backups")).text
            fetched = await one.get(f"/backups/{NAME}")
            assert fetched.content == b"age-encryption.org/v1 sealed"
            assert "attachment" in fetched.headers["content-disposition"]
            for other in ("secrets.txt", "..%2Foffice.toml", "linekeeper-20261129-033001.age"):
                assert (await one.get(f"/backups/{other}")).status_code == 404
            assert "The newest is of the last two days." in (await one.get("/status")).text
        async with box.logged_in("installer") as one:
            page = (await one.get("/backups")).text
            assert NAME in page and 'href="/backups/link' not in page
            assert (await one.get(f"/backups/{NAME}")).status_code == 403
        async with box.logged_in("supervisor") as one:
            assert (await one.get("/backups")).status_code == 403
        async with Program(box) as program, Program(box, "installer") as other:
            assert [one["name"] for one in (await other.get("/backups")).json()] == [NAME]
            assert (await program.get(f"/backups/{NAME}")).content == fetched.content
            assert (await other.get(f"/backups/{NAME}")).status_code == 403
            assert (await program.get("/backups/linekeeper-20261129-033001.age")).status_code == 404
        assert [row.detail for row in box.office.audited() if row.what == "backup-fetched"] == [NAME, NAME]
        assert all(row.at <= now() for row in box.office.audited())


async def test_where_none_are_made_the_page_and_health_say_how(tmp_path: Path) -> None:
    document = tmp_path / "office.toml"
    document.write_text(DOCUMENT)
    async with site(tmp_path / "pages", settings=document) as box:
        box.people()
        async with box.logged_in("owner") as one, box.logged_in("installer") as other:
            assert "linekeeper backup --make-key FILE" in (await one.get("/status")).text
            assert "Make a key first." in (await one.get("/backups")).text
            assert "linekeeper backup --make-key FILE" in (await other.get("/backups")).text


async def test_an_owner_makes_a_key_by_a_click_that_opens_the_backups_and_is_shown_once(tmp_path: Path) -> None:
    async with Applying(tmp_path, DOCUMENT) as office, site(tmp_path / "pages", office.socket, office.document) as box:
        box.people()
        async with box.logged_in("owner") as one, box.logged_in("installer") as other:
            assert (await other.post("/backups/key", data={"csrf": await other.csrf("/me")})).status_code == 403
            shown = (await one.fill("/backups", "/backups/key")).text
            [held] = re.findall(r'base64,([A-Za-z0-9+/=]+)" download="linekeeper-key.txt"', shown)
            key = base64.b64decode(held).decode()
            [secret] = [line for line in key.splitlines() if line.startswith("AGE-SECRET-KEY-")]
            assert secret in shown and secret not in (await one.get("/backups")).text
            recipient = str(x25519.Identity.from_str(secret).to_public())
            assert f'recipient = "{recipient}"' in office.text
            kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
            assert secret.encode() not in kept
            assert ("backup-key-made", recipient) in [(row.what, row.detail) for row in box.office.audited()]
