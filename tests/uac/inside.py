# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs in the guest: the pump at ALSA's loopback card, whose other end aplay and arecord have, and a modem on USB that the kernel
itself is (a gadget on its dummy host controller, which cannot pass sound: its card is one of MIDI).

Each thing that works is a line `ok: what`; the first that does not ends the program with the reason.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.lines.usb import Plugged, look, together

SHARE = Path("/share")
RATE, FRAME = 8000, 160
NEAR_HZ, FAR_HZ = 700, 1000
SAID_FOR = 6  # s
WITHIN = 60.0  # s; an emulated machine is slow
LEG = 7
GADGET = Path("/sys/kernel/config/usb_gadget/modem")
EC25 = ("0x2c7c", "0x0125")
DRIVER = Path("/sys/bus/platform/drivers/snd_aloop")

Gone = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_char_p)
Stalled = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_int, ctypes.c_int)
Key = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_char)


class Listener(ctypes.Structure):
    _fields_ = [("gone", Gone), ("stalled", Stalled), ("key", Key)]


class Opening(ctypes.Structure):
    _fields_ = [("leg", ctypes.c_uint64), ("stalled_after", ctypes.c_int), ("listener", ctypes.POINTER(Listener))]


class Way(ctypes.Structure):
    _fields_ = [
        ("underruns", ctypes.c_uint32), ("overruns", ctypes.c_uint32), ("skew", ctypes.c_double), ("delay", ctypes.c_double)
    ]  # fmt: skip


class Counters(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_uint64) for name in ("read", "written", "refused", "dropped")),
        ("stalls", ctypes.c_uint32), ("xruns", ctypes.c_uint32), ("down", Way), ("up", Way),
    ]  # fmt: skip


class Pump:
    """lines/pump, which story.py has compiled for us, and a bridge that says a tone and keeps what it hears."""

    def __init__(self) -> None:
        self._c = ctypes.CDLL(str(SHARE / "pump.so"))
        self.why: list[str] = []
        self.heard = array("h")
        self._listener = Listener(
            Gone(lambda leg, opening, why: self.why.append(why.decode())),
            Stalled(lambda leg, what, ms: print(f"stall {what} {ms} ms", flush=True)),
            Key(lambda leg, key: None),
        )
        threading.Thread(target=self._bridge, daemon=True).start()

    def open(self, card: str) -> int:
        """0, or errno. A card that was closed is let go by a thread of its own."""
        device, opening = ctypes.create_string_buffer(4096), ctypes.c_uint32()
        failed, end = int(self._c.device_of_uac(device, card.encode())), time.monotonic() + 2
        while failed == errno.EBUSY and time.monotonic() < end:
            time.sleep(0.05)
            failed = self._c.device_of_uac(device, card.encode())
        what = Opening(LEG, 1000, ctypes.pointer(self._listener))
        return failed or int(self._c.pump_open(ctypes.byref(what), device, ctypes.byref(opening)))

    def close(self) -> None:
        self._c.pump_close(ctypes.c_uint64(LEG), 0)

    def counted(self) -> Counters:
        counters = Counters()
        if self._c.pump_counters(ctypes.c_uint64(LEG), ctypes.byref(counters)):
            raise AssertionError("it is not open")
        return counters

    def _bridge(self) -> None:
        leg, frame, at, due = ctypes.c_uint64(LEG), (ctypes.c_int16 * FRAME)(), 0, time.monotonic()
        says = tone(NEAR_HZ, 1)
        while True:
            self._c.pump_out(leg, frame, FRAME)
            self.heard.extend(frame)
            self._c.pump_in(leg, (ctypes.c_int16 * FRAME)(*says[at : at + FRAME]), FRAME)
            at = (at + FRAME) % RATE
            due += FRAME / RATE
            time.sleep(max(0.0, due - time.monotonic()))


def tone(hz: int, seconds: int) -> array[int]:
    return array("h", (round(9830 * math.sin(2 * math.pi * hz * n / RATE)) for n in range(seconds * RATE)))


def save(name: str, samples: array[int]) -> None:
    with wave.open(str(SHARE / name), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


def ok(what: str) -> None:
    print(f"ok: {what}", flush=True)


def is_so(what: bool, otherwise: str) -> None:
    if not what:
        raise AssertionError(otherwise)


def until(what: Callable[[], object], otherwise: str) -> None:
    end = time.monotonic() + WITHIN
    while not what():
        is_so(time.monotonic() < end, otherwise)
        time.sleep(0.05)


def card(name: str) -> str:
    """As ALSA counts it now."""
    return f"hw:{os.readlink(f'/proc/asound/{name}').removeprefix('card')},0"


@contextlib.contextmanager
def far_end(record: str, rate: int = RATE) -> Iterator[None]:
    """Who has the other end of the loopback card: says a tone, and takes down what it hears."""
    how = ["-q", "-D", card("Loopback").replace(",0", ",1"), "-f", "S16_LE", "-c", "1", "-r", str(rate)]
    ends = [
        subprocess.Popen(["aplay", *how, "-t", "wav", str(SHARE / "far.wav")]),
        subprocess.Popen(["arecord", *how, "-t", "wav", str(SHARE / record)]),
    ]
    try:
        yield
    finally:
        for end in ends:
            end.send_signal(signal.SIGINT)
        for end in ends:
            end.wait(20)


def loopback(pump: Pump) -> None:
    save("far.wav", tone(FAR_HZ, 60))
    own = card("Loopback")
    with far_end("said.wav"):
        time.sleep(1)
        is_so(pump.open(own) == 0, "the card cannot be had")
        is_so(pump.open(own) == errno.EBUSY, "it is had twice")
        ok("a card is had by one alone")
        until(lambda: pump.counted().read > RATE, "nothing is read")
        since = len(pump.heard)
        time.sleep(SAID_FOR)
        save("heard.wav", pump.heard[since:])
        counted = pump.counted()
        print(
            f"read {counted.read} written {counted.written} refused {counted.refused} xruns {counted.xruns}, delays "
            f"{counted.down.delay:.0f} and {counted.up.delay:.0f} ms",
            flush=True,
        )
        ok("sound passes both ways")
        held_up(pump)
    pump.close()
    with far_end("other.wav", 44100):
        time.sleep(1)
        is_so((failed := pump.open(own)) == errno.EINVAL, f"44100 samples a second are not refused: {failed}")
        ok("another rate is refused")
    is_so((failed := pump.open("hw:30,0")) in (errno.ENOENT, errno.ENODEV), f"a card that is not there: {failed}")
    ok("a card that is not there is missing")


def held_up(pump: Pump) -> None:
    """All of us, for longer than the card keeps samples."""
    before = pump.counted().xruns
    subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; sleep 1; kill -CONT {os.getpid()}"], check=True)
    until(lambda: pump.counted().xruns >= before + 2, "a card that ran dry and over did not say so")
    read = pump.counted().read
    until(lambda: pump.counted().read > read + RATE, "it does not go on")
    since = len(pump.heard)
    time.sleep(2)
    save("again.wav", pump.heard[since:])
    ok("a card that ran dry and over goes on")


def pulled_out(pump: Pump) -> None:
    """In a call: the driver's device is taken away."""
    is_so(pump.open(card("Loopback")) == 0, "the card cannot be had")
    until(lambda: pump.counted().read > 0, "nothing is read")
    (DRIVER / "unbind").write_text("snd_aloop.0")
    until(lambda: pump.why, "nobody says that it is gone")
    is_so(pump.why == ["No such device"], f"it is gone: {pump.why}")
    ok("a card that is pulled out in a call is gone")
    pump.why.clear()
    (DRIVER / "bind").write_text("snd_aloop.0")
    until(lambda: Path("/proc/asound/Loopback").exists(), "it does not come back")
    is_so(pump.open(card("Loopback")) == 0, "one that was plugged in again cannot be had")
    until(lambda: pump.counted().read > 0, "nothing is read of it")
    pump.close()
    ok("one that is plugged in again is had")


def gadget() -> None:
    """A modem as an EC25 is: four ports of the driver option, and a card of the driver of sound on USB."""
    GADGET.mkdir()
    for name, value in zip(("idVendor", "idProduct"), EC25, strict=True):
        (GADGET / name).write_text(value)
    (GADGET / "configs/c.1").mkdir()
    names = [f"gser.{n}" for n in range(4)] + ["midi.0"]
    for name in names:
        (GADGET / "functions" / name).mkdir()
    for name in names:
        (GADGET / "configs/c.1" / name).symlink_to(GADGET / "functions" / name)
    (GADGET / "UDC").write_text("dummy_udc.0")


def modem() -> Plugged | None:
    found = together(look())
    return next((one for one in found.values() if one.sound and len(one.ports) >= 4), None)


def on_usb(pump: Pump) -> None:
    gadget()
    until(modem, "the modem is not found")
    found = modem()
    assert found
    print(found, flush=True)
    [at] = found.at()
    is_so(
        Path(os.path.realpath(f"/sys/class/tty/{Path(at).name}/device/..")).name.endswith(":1.2"), f"{at} is not if02"
    )
    is_so(found.audio(at) in found.ports.values(), "its tty for sound is not found")
    number = found.sound.removeprefix("hw:").removesuffix(",0")
    of = os.path.realpath(f"/sys/class/sound/card{number}/device")
    is_so(f"/{found.usb}/" in of, f"{found.sound} is another's: {of}")
    ok("the card of a modem is the one on its USB device")
    is_so((failed := pump.open(found.sound)) in (errno.ENOENT, errno.ENODEV), f"one without sound: {failed}")
    ok("one that has no sound is as good as missing")
    (GADGET / "UDC").write_text("\n")
    until(lambda: modem() is None, "it is found though it is not there")
    ok("a modem that is pulled out takes its card with it")


def main() -> None:
    pump = Pump()
    loopback(pump)
    pulled_out(pump)
    on_usb(pump)
    print("done", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as wrong:
        sys.exit(str(wrong))
