# SPDX-License-Identifier: GPL-2.0-or-later
"""A story for test_named.py, which tells it where no network is but the one that comes."""

import asyncio
import socket
import subprocess

from appliance.web import multicast
from appliance.web.mdns import GROUP, PORT
from appliance.web.named import Named
from tests.web.test_named import question

BOX = "192.0.2.5"


def ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)


async def test_who_asks_on_a_network_that_came_later_is_told() -> None:
    multicast.LOOK = 0.1  # this process is this story's alone
    answering = asyncio.create_task(Named().run())
    await asyncio.sleep(0)  # it listens, and there is nothing to hear at
    ip("link add lan type veth peer name far")
    ip(f"addr add {BOX}/24 dev lan")
    ip("link set lan up")
    ip("link set far up")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((BOX, 0))
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(BOX))
        one.setblocking(False)
        heard = loop.create_task(loop.sock_recv(one, 4096))
        async with asyncio.timeout(20):
            while not heard.done():
                await loop.sock_sendto(one, question(), (GROUP, PORT))
                await asyncio.wait([heard], timeout=0.1)
    assert heard.result().endswith(socket.inet_aton(BOX))
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
