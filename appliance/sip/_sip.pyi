"""PJSIP behind one native thread. Every command returns at once; what became of it comes as an event."""

from typing import final

from appliance.sip.names import Event

class SipError(OSError):
    """The endpoint cannot start (the sentence says why), or is not running."""

@final
class Endpoint:
    """One a process. Handles are 64-bit and never used twice; a command to one that is over is dropped and counted."""

    def __init__(
        self,
        listen: str,
        port: int,
        realm: str,
        rtp_first: int,
        rtp_last: int,
        user_agent: str,
        codecs: list[str],
        *,
        clock_rate: int = 16000,
        min_expires: int = 60,
        max_expires: int = 3600,
        nonce_lives: int = 300,
        silent_after: int = 15,
        session_expires: int = 1800,
        digest: str = "md5",
        tls_port: int = 0,
        certificate: str = "",
        key: str = "",
        authorities: str = "",
        log_level: int = 2,
        relay: bool = True,
        strangers: int = 256,
        stranger_stays: int = 20,
        listen6: str = "",
        name6: str = "",
    ) -> None:
        """Start the SIP thread; codecs as "opus/48000", most wanted first; digest md5, sha-256 or both.

        min_expires, max_expires (of a contact) and nonce_lives in seconds. silent_after: seconds without sound before a leg
        is asked whether it is there (OPTIONS), and then to answer: after both it is over, cause 102. 0: never. session_expires:
        seconds a call lasts when neither side refreshes it (RFC 4028), asked for and granted; at least 90, 0: no timers.
        relay: two legs of one codec that hear each other alone are handed each other's packets, neither decoded nor mixed.
        strangers: connections (TCP, TLS) on which nobody was let in, a quarter of them of one source; the oldest ends for one
        more. stranger_stays: seconds each may stay. listen6: an IPv6 address to listen on too, which others see as name6.

        SipError when the port is in use, ValueError.
        """

    def hold(self, on: bool) -> None:
        """While it is on, the SIP thread is not woken for commands: they are carried out together once it is off."""

    def open(self, calls: bool = True, /) -> None:
        """Let requests in; until then none is answered. After the telephones and trunks were set. Without calls: whoever
        calls from now on is told to come again (503 with Retry-After)."""

    def close(self) -> None:
        """Hang up every call, leave the trunks, end the thread: a second, or 4 when nobody answers the BYE."""

    def fileno(self) -> int:
        """Readable while events wait; -1 when closed."""

    def events(self) -> list[Event]:
        """All events so far, oldest first."""

    def counts(self) -> tuple[int, int, int]:
        """Commands to what was over already; events lost because memory ran out or too many were unread (REFUSED and
        LOG: 1,024, others 65,536); legs, players and recordings alive."""

    def set_phone(self, phone: str, ha1_md5: str, ha1_sha256: str, how: int = 0, /) -> None:
        """Let a telephone register and call. HA1 as RFC 7616 3.4.2, lower-case hexadecimal."""

    def remove_phone(self, phone: str, /) -> None: ...
    def bind(self, phone: str, contact: str, target: str, agent: str, expires: int, /) -> None:
        """Put back a contact known before a restart; expires in unix seconds."""

    def set_trunk(
        self,
        trunk: str,
        uri: str,
        user: str,
        password: str,
        addresses: str,
        expires: int,
        qualify: int = 0,
        how: int = 0,
        names: str = "",
        /,
    ) -> None:
        """A trunk at sip:host:port; calls from "ip[:port] ..." are taken as its own. expires 0: no REGISTER.

        addresses: of one server, or of up to 4 with " | " between them, tried in order. qualify: seconds between OPTIONS that
        ask each whether it is there; 0: nobody asks, and each is tried for each call. how: names.How. names: those that its
        certificate may have, a space between two."""

    def remove_trunk(self, trunk: str, /) -> None: ...
    def guard(self, on: bool, wrong: int, requests: int, ban_for: int, never: str, /) -> None:
        """Ban who sends more than so many wrong passwords, or requests without one, faster than they are forgotten (one in
        10 s, five a second), for so many seconds; not the networks "ip[/bits] ..." (32 at most). At first it is off."""

    def sync(self, phone: str, /) -> None:
        """Ask every contact of a telephone to start anew and fetch its settings (NOTIFY check-sync)."""

    def lift(self, address: str, /) -> None:
        """Ban an address, or network as it was told, no longer; "" for all."""

    def call(
        self, trunk: str, target: str, number: str, name: str, at_once: bool = False, headers: str = "", how: int = 0, /
    ) -> int:
        """Call a URI through a trunk, or (trunk "") a telephone; shown as number and name. 0: no slot left.

        headers: at most 4 further ones, "Name: value" a line.

        at_once: ask a telephone to answer by itself, in the ways of Yealink, Grandstream and Snom."""

    def progress(self, leg: int, code: int, /) -> None: ...
    def answer(self, leg: int, /) -> None: ...
    def hang_up(self, leg: int, code: int, cause: int, /) -> None:
        """SIP final status for an unanswered incoming leg (0: by state), and the Q.850 cause told in Reason."""

    def digits(self, leg: int, digits: str, /) -> None:
        """Send digits as RFC 4733 events."""

    def show(self, leg: int, number: str, name: str, /) -> None:
        """Whom a telephone talks with now, "anonymous" withheld: in the answers to it, or in its call, once it is answered.

        Nothing is sent when it knows that; what it makes of it changes nothing else in its call."""

    def publish(self, package: str, resource: str, body: str, /) -> None:
        """The newest state of a resource: package dialog, message-summary or presence, up to 2,000 bytes; "" forgets it,
        "?" has it asked for (WATCHED 1) when somebody subscribes, who is told then; WATCHED 0 follows when nobody does any more.

        Told to who subscribed: not more than once in 200 ms, and what is newest then. The first version="..." of a
        dialog-info becomes the count of what that subscription was told. message-summary is of a telephone, by its id,
        and told to its contacts too when none of them subscribed."""

    def referred(self, leg: int, status: int, /) -> None:
        """Tell a telephone what became of the transfer it asked for on this leg: final from 200 on, else so far."""

    def play(self, path: str, repeat: bool, /) -> int: ...
    def record(self, path: str, /) -> int: ...
    def tape(self, leg: int, rate: int, sounds: bool, a_law: bool = False, /) -> int:
        """Take down what a leg says (left) and what it hears of other legs (right; sounds: and of players), as long as it
        lasts, whoever it talks with; rate in samples a second. 0: no room. STOPPED comes only when it cannot begin."""

    def pause(self, tape: int, on: bool, /) -> None:
        """Take down silence instead, or no longer."""

    def stop(self, port: int, /) -> None: ...
    def hear(self, listener: int, source: int, /) -> None: ...
    def unhear(self, listener: int, source: int, /) -> None: ...
    def line(self) -> int:
        """A leg of a line that is no SIP, without sound so far. hear(), unhear() and tape() take it as any other; answer(),
        progress(), hang_up(), digits() and referred() do nothing. 0: no room."""

    def line_sound(self, leg: int, tty: int, stalled_after: int = 1000, /) -> None:
        """Its sound goes through a tty, which is made raw: 8000 samples a second of 16 bits, the low byte first.

        The descriptor stays the caller's, who may close it at once. stalled_after: ms without a sample, read or taken,
        until SOUND tells. SOUND with GONE: the tty hung up and is closed; the leg goes on.

        OSError: EBADF when it is no leg of a line, or over; ENOTTY, EBUSY when it has sound already, ENOSPC, ..."""

    def line_card(self, leg: int, channel: int, copy: int, law: int, /) -> None:
        """Its sound goes through a channel of a DAHDI card, companded by law (1 mu, 2 A), in blocks of 20 ms.

        copy: a socket that is given what is read from it, as far as it has room, or -1. Both stay the caller's, who may
        close them at once. OSError and SOUND as above."""

    def line_uac(self, leg: int, card: str, /) -> None:
        """Its sound goes through a sound card, as ALSA names it (hw:2,0): 8000 samples a second of 16 bits, one channel.

        OSError: ENOENT or ENODEV when it is not there, EBUSY when somebody else has it or the leg has sound already, EINVAL
        when it has no such sound. It may wait for the driver. SOUND as above."""

    def line_silent(self, leg: int, /) -> None:
        """Close its tty or card; the leg goes on, and may get sound again."""

    def line_closed(self, leg: int, /) -> None:
        """The leg is over, and its tty or card closed. Nothing is told."""

    def line_digit(self, leg: int, digit: str, /) -> None:
        """A modem tells a key: DIGIT tells it, unless it was in the sound already; in the sound it is not told again."""

    def line_counters(
        self, leg: int, /
    ) -> tuple[int, int, int, int, int, int, int, float, float, int, int, float, float, int] | None:
        """As names.LineCounters; None while it has no sound. OSError(EBADF) when it is no leg of a line, or over."""

def cause_of(status: int, /) -> int:
    """Q.850 cause of a SIP status, RFC 3398 section 8.2.6.1."""

def read_tape(tape: int, /) -> tuple[bytes, int, bool]:
    """What a tape has taken down since (samples of 16 bits, or of A-law, left and right in turn), samples of each side that
    found no room behind them (8 s of 16 kHz do), and whether it is over, and forgotten. In any thread, by one at a time."""
