# SPDX-License-Identifier: GPL-2.0-or-later
# ruff: noqa: E501 - a header is one line
"""The messages RFC 4475 and RFC 5118 describe, by the names they have there, built anew.

`@` stands for where the answer is to go (the first Via), `#` for the length of the body."""

import re

SDP = "v=0\no=mhandley 29739 7272939 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\nm=audio 49217 RTP/AVP 0 12\na=rtpmap:12 x/8000\n"
WITH_SDP = f"Content-Type: application/sdp\nContent-Length: #\n\n{SDP}"


def built(text: str, at: str, once: str = "") -> bytes:
    """As it goes on the wire, every octet of the text one octet; once: what makes it another than the one before."""
    text = text.replace("Call-ID: ", f"Call-ID: {once}").replace("branch=z9hG4bKkdjuw", f"branch=z9hG4bKkdjuw{once}")
    head, _, body = text.replace("\n", "\r\n").replace("@@", at).partition("\r\n\r\n")
    return f"{head.replace('#', str(len(body.encode('latin-1'))))}\r\n\r\n{body}".encode("latin-1")


def ask(
    method: str, uri: str = "sip:user@example.com", rest: str = "", *, cseq: str = "", via: str = "", **other: str
) -> str:
    """A usual request; `other` replaces headers by name (from_ for From, call_id ...), "" leaves one out."""
    headers = {
        "via": via or "Via: SIP/2.0/UDP @@;branch=z9hG4bKkdjuw",
        "max_forwards": "Max-Forwards: 70",
        "from_": "From: <sip:caller@example.net>;tag=34525",
        "to": "To: <sip:user@example.com>",
        "call_id": "Call-ID: torture.asdkjfh@192.0.2.1",
        "cseq": f"CSeq: {cseq or f'8 {method}'}",
        "contact": "Contact: <sip:caller@host5.example.net>",
    } | other  # fmt: skip
    tail = rest or (WITH_SDP if method == "INVITE" else "Content-Length: 0\n\n")
    return f"{method} {uri} SIP/2.0\n" + "".join(f"{one}\n" for one in headers.values() if one) + tail


def answer(first: str, **other: str) -> str:
    return ask("OPTIONS", **other).replace("OPTIONS sip:user@example.com SIP/2.0", f"SIP/2.0 {first}", 1)


LONG = {
    "uri": "sip:user@example.com;" + "unknownparam" * 20 + "=" + "longvalue" * 30,
    "to": 'To: "I have a user name of ' + "extreme" * 30 + ' proportion" <sip:user@example.com:6000;'
    "unknownparam1=very" + "long" * 30 + "value;longparam" + "name" * 30 + "=shortvalue>",
    "from_": "From: <sip:" + "amazinglylongcallername" * 5 + "@example.net>;tag=12" + "982" * 50 + "424;unknownheaderparam"
    + "name" * 30 + "=unknowheaderparam" + "value" * 20,
    "call_id": "Call-ID: longreq.one" + "really" * 20 + "longcallid",
    "via": "Via: SIP/2.0/UDP @@;branch=z9hG4bKlongreq\n" + "".join(
        f"v: SIP/2.0/TCP sip{n}.example.com\n" for n in range(33, 10, -1)
    ) + "v: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very" + "long" * 50 + "branchvalue",
}  # fmt: skip

VALID = {  # RFC 4475 section 3.1.1
    "wsinv": "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\n"
    "TO :\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\n"
    'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\n  ;\n  tag = 98asjd8\n'
    "MaX-fOrWaRdS: 0068\nCall-ID: wsinv.ndaksdj@192.0.2.1\nContent-Length   : #\ncseq: 0009\n  INVITE\n"
    "Via  : SIP  /   2.0\n /UDP\n    @@;branch=390skdjuw\ns :\n"
    "NewFangledHeader:   newfangled value\n continued newfangled value\nUnknownHeaderWithUnusualValue: ;;,,;;,;\n"
    "Content-Type: application/sdp\nRoute:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n"
    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n"
    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\n"
    'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n\n' + SDP,
    "intmeth": ask(
        "!interesting-Method0123456789_*+`.%indeed'~",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        via="Via: SIP/2.0/UDP @@;branch=z9hG4bK-.!%66*_+`'~",
        to="To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
        from_="From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
        ";fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e\xd1\x89\xd0\xb8\xd0\xb9\";tag=_token~1'+`*%!-.",
        call_id="Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
        max_forwards="Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
    ),
    "esc01": ask(
        "INVITE", "sip:sips%3Auser%40example.com@example.net", to="To: sip:%75se%72@example.com",
        from_="From: <sip:I%20have%20spaces@example.net>;tag=938",
        contact="Contact:\n  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
    ),
    "escnull": ask(
        "REGISTER", "sip:example.com", to="To: sip:null-%00-null@example.com",
        from_="From: sip:null-%00-null@example.com;tag=839923423",
        contact="Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>",
    ),
    "esc02": ask("RE%47IST%45R", "sip:registrar.example.com", to='To: "%Z%45" <sip:resource@example.com>'),
    "lwsdisp": ask("OPTIONS", from_="From: caller<sip:caller@example.com>;tag=323"),
    "longreq": ask("INVITE", LONG["uri"], **{name: value for name, value in LONG.items() if name != "uri"}),
    "dblreq": ask("REGISTER", "sip:example.com", to="To: sip:j.user@example.com", from_="From: sip:j.user@example.com;tag=43251j3j324")
    + ask("INVITE", "sip:joe@example.com", call_id="Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15"),
    "semiuri": ask("OPTIONS", "sip:user;par=u%40example.net@example.com", to="To: sip:j_user@example.com"),
    "transports": ask(
        "OPTIONS", via="Via: SIP/2.0/UDP @@;branch=z9hG4bKkdjuw\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\n"
        "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\n"
        "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee",
    ),
    "mpart01": ask(
        "MESSAGE", "sip:kumiko@example.org",
        "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\nContent-Length: #\n\n"
        "--7a9cbec02ceef655\nContent-Type: text/plain\nContent-Transfer-Encoding: binary\n\nHello\n"
        "--7a9cbec02ceef655\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n"
        + "".join(map(chr, range(256))) + "\n--7a9cbec02ceef655--",
    ),
    "unreason": answer("200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe", cseq="35 INVITE"),
    "noreason": answer("100 ", cseq="35 INVITE"),
}  # fmt: skip

INVALID = {  # 3.1.2
    "badinv01": ask("INVITE", via="Via: SIP/2.0/UDP @@;;,;,,", contact='Contact: "Joe" <sip:joe@example.org>;;;;'),
    "clerr": ask("INVITE", rest=WITH_SDP.replace("#", "9999")),
    "ncl": ask("INVITE", rest=WITH_SDP.replace("#", "-999")),
    "scalar02": ask(
        "REGISTER", "sip:example.com", cseq="36893488147419103232 REGISTER", max_forwards="Max-Forwards: 300\nExpires: 1" + "0" * 300,
        contact="Contact: <sip:user@host129.example.com>;expires=280297596632815",
    ),
    "scalarlg": answer("503 Service Unavailable", cseq="9292394834772304023312 OPTIONS", contact="Retry-After: 949302838503028349304023988\nWarning: 1812 overture \"In Progress\""),
    "quotbal": ask("INVITE", to='To: "Mr J. User <sip:j.user@example.com>'),
    "ltgtruri": ask("INVITE", "<sip:user@example.com>"),
    "lwsruri": ask("INVITE", "sip:user@example.com; lr"),
    "lwsstart": ask("INVITE", " sip:user@example.com "),
    "trws": ask("OPTIONS", to="To: sip:remote-target@example.com").replace(" SIP/2.0\n", " SIP/2.0  \n", 1),
    "escruri": ask("INVITE", "sip:user@example.com?Route=%3Csip:example.com%3E"),
    "baddate": ask("INVITE", max_forwards="Max-Forwards: 70\nDate: Fri, 01 Jan 2010 16:00:00 EST"),
    "regbadct": ask("REGISTER", "sip:example.com", contact="Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"),
    "badaspec": ask("OPTIONS", to='To: "Watson, Thomas" < sip:t.watson@example.org >'),
    "baddn": ask("OPTIONS", from_="From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"),
    "badvers": ask("OPTIONS", via="Via: SIP/7.0/UDP @@;branch=z9hG4bKkdjuw").replace(" SIP/2.0\n", " SIP/7.0\n", 1),
    "mismatch01": ask("OPTIONS", cseq="8 INVITE"),
    "mismatch02": ask("NEWMETHOD", cseq="8 INVITE", rest=WITH_SDP),
    "bigcode": answer("4294967301 better not break the receiver"),
}  # fmt: skip

SEMANTIC = {  # 3.2 to 3.4
    "badbranch": ask("OPTIONS", via="Via: SIP/2.0/UDP @@;branch=z9hG4bK"),
    "insuf": ask("INVITE", call_id="", from_="", to=""),
    "unkscm": ask("OPTIONS", "nobodyKnowsThisScheme:totallyopaquecontent"),
    "novelsc": ask("OPTIONS", "soap.beep://192.0.2.103:3002"),
    "unksm2": ask(
        "REGISTER", "sip:example.com", to="To: isbn:2983792873", from_="From: <http://www.example.com>;tag=3234233",
        contact="Contact: <name:John_Smith>",
    ),
    "bext01": ask("OPTIONS", contact="Proxy-Require: nothingSupportsThis, nothingSupportsThisEither\nRequire: nothingSupportsThis, nothingSupportsThisEither"),
    "invut": ask("INVITE", rest="Content-Type: application/unknownformat\nContent-Length: #\n\n<audio>\n <pcmu port=\"443\"/>\n</audio>\n"),
    "regaut01": ask("REGISTER", "sip:example.com", contact="Authorization: NoOneKnowsThisScheme opaque-data=here\nContact: <sip:j.user@192.0.2.1>"),
    "multi01": ask(
        "INVITE", via="Via: SIP/2.0/UDP @@;branch=z9hG4bKkdjuw\nCSeq: 5 INVITE", call_id="Call-ID: one@192.0.2.1\nCall-ID: two@192.0.2.1",
        from_="From: <sip:caller@example.net>;tag=3413415\nFrom: sip:someone@example.com;tag=2", to="To: <sip:user@example.com>\nTo: sip:other@example.net",
        max_forwards="Max-Forwards: 70\nMax-Forwards: 5", cseq="8 INVITE",
    ),
    "mcl01": ask("OPTIONS", rest="Content-Length: 13\nContent-Length: 5\n\nThere's no way to know how many octets are supposed to be here.\n"),
    "bcast": answer("200 OK", via="Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", cseq="35 INVITE"),
    "zeromf": ask("OPTIONS", max_forwards="Max-Forwards: 0"),
    "cparam01": ask("REGISTER", "sip:example.com", contact="Contact: sip:+19725552222@gw1.example.net;unknownparam"),
    "cparam02": ask("REGISTER", "sip:example.com", contact="Contact: <sip:+19725552222@gw1.example.net;unknownparam>"),
    "regescrt": ask("REGISTER", "sip:example.com", contact="Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
    "sdp01": ask("INVITE", contact="Accept: text/nobodyKnowsThis\nContact: <sip:caller@host5.example.net>"),
    "inv2543": "INVITE sip:UserB@example.com SIP/2.0\nVia: SIP/2.0/UDP @@\nFrom: <sip:iuser@example.com>\n"
    "To: <sip:user@example.com>\nCall-ID: inv2543.1717@ia.example.com\nCSeq: 56 INVITE\nContent-Type: application/sdp\n\n" + SDP,
}  # fmt: skip

SDP6 = "v=0\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\ns=-\nc=IN IP6 2001:db8::20\nt=0 0\nm=audio 6000 RTP/AVP 8\n"
BY6 = "Via: SIP/2.0/UDP @@;branch=z9hG4bKas3-111;received=[2001:db8::9:1]"

IPV6 = {  # RFC 5118 section 4
    "ipv6-4.1": ask("REGISTER", "sip:[2001:db8::10]", contact='Contact: "Caller" <sip:caller@[2001:db8::1]>'),
    "ipv6-4.2": ask("REGISTER", "sip:2001:db8::10", contact="Contact: <sip:caller@[2001:db8::1]>"),
    "ipv6-4.3": ask("REGISTER", "sip:[2001:db8::10:5070]", contact="Contact: <sip:caller@[2001:db8::1]>"),
    "ipv6-4.4": ask("REGISTER", "sip:[2001:db8::10]:5070", contact="Contact: <sip:caller@[2001:db8::1]>"),
    "ipv6-4.5.1": ask("OPTIONS", "sip:user@[2001:db8::10]", via=BY6),
    "ipv6-4.5.2": ask("OPTIONS", "sip:user@[2001:db8::10]", via=BY6.replace("[", "").replace("]", "")),
    "ipv6-4.6": ask("INVITE", "sip:user@[2001:db8::10]", rest=f"Content-Type: application/sdp\nContent-Length: #\n\n{SDP6}"),
    "ipv6-4.7": ask(
        "OPTIONS", via="Via: SIP/2.0/UDP @@;branch=z9hG4bKas3\nVia: SIP/2.0/UDP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200",
    ),
    "ipv6-4.8": ask("INVITE", rest=f"Content-Type: application/sdp\nContent-Length: #\n\n{SDP6}m=video 6024 RTP/AVP 107\nc=IN IP4 192.0.2.5\na=rtpmap:107 H263-1998/90000\n"),
    "ipv6-4.9": ask(
        "INVITE", via="Via: SIP/2.0/UDP @@;branch=z9hG4bKbh19\nVia: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111",
        contact='Contact: "T. Watson" <sip:watson@[::ffff:192.0.2.2]>',
        rest=f"Content-Type: application/sdp\nContent-Length: #\n\n{SDP6.replace('2001:db8::20', '::ffff:192.0.2.2')}",
    ),
    "ipv6-4.10.1": ask("OPTIONS", "sip:user@[2001:db8::192.0.2.1]", contact="Contact: <sip:caller@[2001:db8::192.0.2.2]>"),
    "ipv6-4.10.2": ask("OPTIONS", "sip:user@[2001:db8:::192.0.2.1]", contact="Contact: <sip:caller@[2001:db8::192.0.2.2]>"),
}  # fmt: skip

ALL = {**VALID, **INVALID, **SEMANTIC, **IPV6}
REQUESTS = {name: text for name, text in ALL.items() if not re.match("SIP/2.0 ", text)}
