# SPDX-License-Identifier: GPL-2.0-or-later
"""Modems are known by what they say, set up without being believed more than that, and their SIM is never locked."""

from itertools import product

import pytest

from appliance.lines.at import commands
from appliance.lines.at.causes import of_result, sip_status
from appliance.lines.at.detect import (
    family_of,
    guesses,
    may_enter,
    port_mode,
    ports_of,
    said,
    serial,
    sounds_of,
    tries_left,
)
from appliance.lines.at.engine import Answer, Command, Engine
from appliance.lines.at.families import FAMILIES, HUAWEI, MODEL, QUECTEL, SERIAL, SILENT, SIM7600, Family, Ports

BY_NAME = {family.name: family for family in FAMILIES}


@pytest.mark.parametrize(
    ("maker", "model", "family"),
    [
        ("Quectel", "EC25", QUECTEL),
        ("Quectel", "EG25", QUECTEL),
        ("Quectel", "EC20F", QUECTEL),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600G-H", SIM7600),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7500E", SIM7600),
        ("huawei", "E1550", HUAWEI),
        ("huawei", "E173", HUAWEI),
        ("INCORPORATED", "A7670E-FASE", SILENT),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", SILENT),
        ("Quectel", "EC200U", SILENT),
        ("Quectel", "EG912Y", SILENT),
        ("ZTE", "MF190", None),
        ("", "", None),
    ],
)
def test_a_modem_is_what_it_says_it_is(maker: str, model: str, family: Family | None) -> None:
    assert family_of(maker, model) is family


@pytest.mark.parametrize(
    ("usb", "found"),
    [
        ((0x2C7C, 0x0125), [("quectel", Ports(2, 1))]),
        ((0x1E0E, 0x9001), [("sim7600", Ports(2, 4))]),
        ((0x1E0E, 0x9011), [("silent", Ports(4)), ("sim7600", Ports(4, 6))]),
        ((0x12D1, 0x1001), [("huawei", Ports(2, 1))]),
        ((0x12D1, 0x140C), [("huawei", Ports(3, 2))]),
        ((0x1A86, 0x7523), []),
    ],
)
def test_usb_ids_say_where_to_ask(usb: tuple[int, int], found: list[tuple[str, Ports]]) -> None:
    assert [(family.name, ports) for family, ports in guesses(usb)] == found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_every_command_of_a_family_can_be_sent(family: Family) -> None:
    texts = [step.command.text for step in family.setup]
    texts += [text for rung in family.ladder for text in rung.commands]
    texts += [text for each in family.sounds for text in (*each.before, each.probe.text, *each.start, *each.stop)]
    for text in texts:
        Engine().ask(Command(text), 0)
    assert len(set(texts[: len(family.setup)])) == len(family.setup)
    assert [rung.do for rung in family.ladder[:2]] == ["resync", "reopen"]
    assert bool(family.sounds) == family.voice


def answered(command: Command, *lines: str, ok: bool = True) -> Answer:
    return Answer(command, ok, "OK" if ok else "ERROR", lines)


@pytest.mark.parametrize(
    ("family", "probe", "line", "way"),
    [
        (QUECTEL, 'AT+QCFG="USBCFG"', '+QCFG: "usbcfg",0x2C7C,0x0125,1,1,1,1,1,0,1', "uac"),
        (QUECTEL, 'AT+QCFG="USBCFG"', '+QCFG: "usbcfg",0x2C7C,0x0121,1,1,1,1,1,0,1', "uac"),
        (QUECTEL, 'AT+QCFG="USBCFG"', '+QCFG: "usbcfg",0x2C7C,0x0125,1,1,1,1,1,0,0', None),
        (QUECTEL, 'AT+QCFG="USBCFG"', '+QCFG: "usbcfg",0x2C7C,0x0125,1,1,1,1,1,0', None),
        (QUECTEL, "AT+QPCMV?", "+QPCMV: 0,0", "tty"),
        (SIM7600, "AT+CPCMREG?", "+CPCMREG:1", "tty"),
        (HUAWEI, "AT^CVOICE?", "^CVOICE:0,8000,16,20", "tty"),
        (HUAWEI, "AT^CVOICE?", "^CVOICE:(0)", "tty"),
        (HUAWEI, "AT^CVOICE?", "^CVOICE:1", None),
    ],
)
def test_audio_is_what_the_modem_showed(family: Family, probe: str, line: str, way: str | None) -> None:
    (command, *_) = (each.probe for each in family.sounds if each.probe.text == probe)
    assert [found.way for found in sounds_of(family, {probe: answered(command, line)})] == ([way] if way else [])
    assert sounds_of(family, {probe: answered(command, line, ok=False)}) == ()


def test_sound_through_usb_audio_is_taken_before_a_tty() -> None:
    uac, tty = QUECTEL.sounds
    answers = {
        tty.probe.text: answered(tty.probe, "+QPCMV: 0,0"),
        uac.probe.text: answered(uac.probe, '+QCFG: "usbcfg",0x2C7C,0x0125,1,1,1,1,1,0,1'),
    }
    assert sounds_of(QUECTEL, answers) == (uac, tty)


@pytest.mark.parametrize(
    ("line", "ports"),
    [
        ("^GETPORTMODE: TYPE: WCDMA: huawei,MDM:0,PCUI:1,NDIS:2,CDROM:3,SD:4,", Ports(1)),
        ("^GETPORTMODE:TYPE:WCDMA:Qualcomm,MDM:0,DIAG:1,PCUI:2", Ports(2, 1)),
        ("^GETPORTMODE: TYPE: WCDMA: Huawei Technologies Co.,Ltd.,pcui: 3, modem: 0, diag: 2", Ports(3, 2)),
        ("^GETPORTMODE: TYPE: WCDMA: huawei ,, rndis: 0, pcui: 1", Ports(1)),
        ("^GETPORTMODE: TYPE: WCDMA: huawei,MDM:0", None),
        ("^GETPORTMODE:", None),
    ],
)
def test_a_huawei_tells_its_ports_in_many_ways(line: str, ports: Ports | None) -> None:
    assert ports_of(line) == ports
    assert "type" not in port_mode(line)


@pytest.mark.parametrize("line", ["SIMCOM_SIM7600", "+CGMM: SIMCOM_SIM7600", '+CGMM: "SIMCOM_SIM7600"'])
def test_the_model_is_read_with_its_prefix_or_without(line: str) -> None:
    assert said(answered(MODEL, line)) == "SIMCOM_SIM7600"


def test_the_serial_number_is_fifteen_figures_or_none() -> None:
    assert serial(answered(SERIAL, "350000000000006")) == "350000000000006"
    assert serial(answered(SERIAL, "+CGSN: 350000000000006")) == "350000000000006"
    assert serial(answered(SERIAL, "unknown")) == ""
    assert serial(answered(SERIAL, ok=False)) == ""


@pytest.mark.parametrize(
    ("family", "line", "tries"),
    [
        ("sim7600", "+SPIC: 3,10,0,10", 3),
        ("quectel", '+QPINC: "SC",1,10', 1),
        ("huawei", "^CPIN: SIM PIN,3,10,2,10,3", 2),
        ("silent", "+SPIC: nonsense", None),
        ("huawei", "^CPIN: READY", None),
    ],
)
def test_the_tries_left_are_read(family: str, line: str, tries: int | None) -> None:
    pin = BY_NAME[family].pin
    assert pin and tries_left(BY_NAME[family], answered(pin.command, line)) == tries
    assert tries_left(BY_NAME[family], answered(pin.command, line, ok=False)) is None


def test_a_pin_is_entered_only_with_two_tries_left_and_never_again_once_refused() -> None:
    allowed = [
        (tries, refused) for tries, refused in product((None, 0, 1, 2, 3), (False, True)) if may_enter(tries, refused)
    ]
    assert allowed == [(2, False), (3, False)]


@pytest.mark.parametrize("text", ["12", "", '1";', "+1,1", "ab", "1" * 33])
def test_what_is_no_number_is_not_dialled(text: str) -> None:
    if text == "12":
        assert commands.dial(text).text == "ATD12;"
        assert commands.dial("+15550100", withheld=True).text == "ATD+15550100I;"
        return
    with pytest.raises(ValueError):
        commands.dial(text)


@pytest.mark.parametrize(
    ("family", "sent"),
    [
        (QUECTEL, ['AT+VTS="1"', 'AT+VTS="#"']),
        (SIM7600, ["AT+VTS=1,#"]),
        (HUAWEI, ["AT^DTMF=2,1", "AT^DTMF=2,#"]),
    ],
)
def test_keys_are_pressed_in_each_modems_way(family: Family, sent: list[str]) -> None:
    assert [each.text for each in commands.press(family, "1#", 2)] == sent


def test_many_keys_fit_the_modems_line() -> None:
    sent = commands.press(SIM7600, "0123456789" * 4, None)
    assert all(len(each.text.partition("=")[2]) <= 29 for each in sent)
    assert "".join(each.text.partition("=")[2] for each in sent).replace(",", "") == "0123456789" * 4


@pytest.mark.parametrize("keys", ["", "x", "1;", "1" * 65])
def test_what_are_no_keys_are_not_pressed(keys: str) -> None:
    with pytest.raises(ValueError):
        commands.press(QUECTEL, keys, None)


@pytest.mark.parametrize("pin", ["", "123", "123456789", '12"4', "١٢٣٤"])
def test_what_is_no_pin_is_not_entered(pin: str) -> None:
    with pytest.raises(ValueError):
        commands.enter_pin(pin)


@pytest.mark.parametrize(
    ("result", "cause", "status"),
    [("BUSY", 17, 486), ("NO ANSWER", 19, 480), ("NO CARRIER", 31, 480), ("NO DIALTONE", 38, 503), ("ERROR", 41, 503)],
)
def test_a_call_that_failed_says_why(result: str, cause: int, status: int) -> None:
    assert of_result(result) == cause
    assert sip_status(cause) == status
