# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program tells whoever started it (systemd, or `linekeeper run`), and how it ends."""

import asyncio
import os
import signal
from collections.abc import Coroutine

import sdnotify  # type: ignore[import-untyped]

_notifier = sdnotify.SystemdNotifier() if "NOTIFY_SOCKET" in os.environ else None


def ready(status: str = "") -> None:
    """The program does its work from now on."""
    _notify(f"READY=1\nSTATUS={_line(status)}" if status else "READY=1")


def status(text: str) -> None:
    """One line about how it goes."""
    _notify(f"STATUS={_line(text)}")


def stopping() -> None:
    _notify("STOPPING=1")


async def watchdog() -> None:
    """Says that the loop still turns, three times in the span asked for; returns at once when none is asked for."""
    span = os.environ.get("WATCHDOG_USEC", "")
    if not span.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while True:
        _notify("WATCHDOG=1")
        await asyncio.sleep(int(span) / 3_000_000)


async def until_told(work: Coroutine[None, None, None]) -> None:
    """The program's work, with its watchdog, until it ends or SIGTERM or SIGINT cancels it."""
    task = asyncio.ensure_future(work)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        told.set()
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    watching = asyncio.create_task(watchdog())
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise
    finally:
        stopping()
        watching.cancel()


def _notify(text: str) -> None:
    if _notifier:
        _notifier.notify(text)


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
