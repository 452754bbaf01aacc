"""Judges an invitation as a strict receiver would: the mail, then its calendar file.

No library that we know does this; the parsers are lenient on purpose. A fault is told
in a sentence; a mail that every calendar should take gets none.
"""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from zoneinfo import ZoneInfo

METHODS = ("REQUEST", "CANCEL", "PUBLISH")
_UTC = re.compile(r"\d{8}T\d{6}Z")
_LOCAL = re.compile(r"\d{8}T\d{6}")
_OFFSET = re.compile(r"[+-]\d{4}(\d{2})?")


@dataclass
class Component:
    """A parsed component: (name, parameters, value) triples, and what is inside it."""

    name: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    inside: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(params, value) for found, params, value in self.lines if found == name]

    def value(self, name: str) -> str | None:
        found = self.all(name)
        return found[0][1] if len(found) == 1 else None


def problems(mail: bytes, *, earlier: bytes | None = None, words=()) -> list[str]:
    """What is wrong with an invitation mail; *earlier* is the one it follows."""
    message = BytesParser(policy=email.policy.default).parsebytes(mail)
    found = _envelope(message)
    parts = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    if len(parts) != 1:
        return [*found, f"{len(parts)} text/calendar parts"]
    content = parts[0].get_payload(decode=True)
    found += _agrees(message, parts[0], content)
    found += calendar_problems(content)
    lowered = content.replace(b"\r\n ", b"").decode(errors="replace").lower()
    text = re.sub(r"/visit/\S+", "", lowered)
    found += [f"says {word!r}" for word in words if re.search(rf"\b{word}\b", text)]
    if earlier is not None:
        found += _follows(calendar_of(earlier), content)
    return found


def calendar_of(mail: bytes) -> bytes:
    """The calendar file of an invitation mail."""
    message = BytesParser(policy=email.policy.default).parsebytes(mail)
    parts = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    return parts[0].get_payload(decode=True)


def _envelope(message: EmailMessage) -> list[str]:
    found = []
    for name in ("From", "To", "Date", "Message-ID", "Subject"):
        if len(message.get_all(name, [])) != 1:
            found.append(f"not one {name}")
    if len(_addresses(message, "To")) != 1:
        found.append("not one direct recipient")
    found += [f"has {name}" for name in ("Cc", "Bcc", "Precedence") if message[name]]
    if message["Auto-Submitted"] != "auto-generated":
        found.append("not marked as sent by a machine")
    return found


def _addresses(message: EmailMessage, name: str) -> list[str]:
    texts = [str(value) for value in message.get_all(name, [])]
    return [address.lower() for _, address in getaddresses(texts)]


def _agrees(message: EmailMessage, part: EmailMessage, content: bytes) -> list[str]:
    """The mail and its calendar file say the same."""
    found = []
    method = part.get_param("method")
    text = content.decode(errors="replace").replace("\r\n ", "")
    inner = re.findall(r"^METHOD:(\w+)\s*$", text, re.MULTILINE)
    if method is None:
        found.append("no method in the content type")
    elif [method] != inner:
        found.append(f"the content type says {method}, the file {inner}")
    if str(part.get_param("charset")).lower() != "utf-8":
        found.append("the charset is not utf-8")
    if part.get_filename():
        found.append("the calendar part is an attachment, not an alternative")
    attached = [
        inner.get_payload(decode=True)
        for inner in message.walk()
        if (inner.get_filename() or "").endswith(".ics")
    ]
    if attached != [content]:
        found.append("the attached file is not the same, byte for byte")
    for name, header in (("ORGANIZER", "From"), ("ATTENDEE", "To")):
        named = re.findall(rf"^{name}[^\r\n]*mailto:([^\s\"]+)", text, re.M | re.I)
        if [address.lower() for address in named] != _addresses(message, header):
            found.append(f"{name} is not the address in {header}")
    return found


def calendar_problems(content: bytes) -> list[str]:
    """What is wrong with a calendar file by itself."""
    found = _octets(content)
    try:
        text = content.decode()
        root = _parsed(re.sub(r"\n[ \t]", "", text.replace("\r\n", "\n")))
    except ValueError as error:
        return [*found, str(error)]
    return found + _calendar(root)


def _octets(content: bytes) -> list[str]:
    found = []
    if re.search(rb"(?<!\r)\n|\r(?!\n)", content):
        found.append("a line does not end with CRLF")
    if not content.endswith(b"\r\n"):
        found.append("the last line does not end")
    for line in content.split(b"\r\n"):
        if len(line) > 75:
            found.append(f"a line of {len(line)} octets")
        try:
            line.decode()
        except UnicodeDecodeError:
            found.append("a fold inside a character, or not UTF-8")
    if b"\r\n\r\n" in content:
        found.append("an empty line")
    return found


def _parsed(text: str) -> Component:
    top = Component("")
    open_ones = [top]
    for line in text.rstrip("\n").split("\n"):
        name, params, value = _line(line)
        if name == "BEGIN":
            inner = Component(value)
            open_ones[-1].inside.append(inner)
            open_ones.append(inner)
        elif name == "END":
            if open_ones.pop().name != value:
                raise ValueError(f"END:{value} closes something else")
        else:
            open_ones[-1].lines.append((name, params, value))
    if len(open_ones) != 1 or [c.name for c in top.inside] != ["VCALENDAR"]:
        raise ValueError("not exactly one whole VCALENDAR")
    if top.lines:
        raise ValueError("something stands outside VCALENDAR")
    return top.inside[0]


def _line(line: str) -> tuple[str, dict[str, str], str]:
    match = re.fullmatch(
        r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', line
    )
    if match is None:
        raise ValueError(f"cannot be read: {line!r}")
    name, raw, value = match.groups()
    pairs = re.findall(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)', raw)
    return name.upper(), {key.upper(): text.strip('"') for key, text in pairs}, value


def _calendar(root: Component) -> list[str]:
    found = []
    if root.value("VERSION") != "2.0":
        found.append("no VERSION:2.0")
    if not root.value("PRODID"):
        found.append("not one PRODID")
    method = root.value("METHOD")
    if method not in METHODS:
        found.append(f"METHOD is {method}")
    events = [c for c in root.inside if c.name == "VEVENT"]
    if len(events) != 1:
        return [*found, f"{len(events)} events"]
    zones = [c for c in root.inside if c.name == "VTIMEZONE"]
    if len(root.inside) != 1 + len(zones):
        found.append("an unknown component")
    return [
        *found,
        *_event(events[0]),
        *_people(events[0], method),
        *_times(events[0], zones),
    ]


EVENT_ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS")
EVENT_MAY = (*EVENT_ONCE, "ATTENDEE", "CLASS", "DESCRIPTION", "LOCATION", "ORGANIZER")
_SEPARATOR = re.compile(r"(?<!\\)(\\\\)*[;,]")
_ONLY_A_LINK = re.compile(r"[\w ,]*: https?://\S+")


def _event(event: Component) -> list[str]:
    description = (event.value("DESCRIPTION") or "").replace("\\,", ",")
    return [
        *(f"not one {name}" for name in EVENT_ONCE if not event.value(name)),
        *_if(
            not re.fullmatch(r"[^@\s]{16,}@[^@\s]+", event.value("UID") or ""),
            "the UID could be another clinic's",
        ),
        *_if(not _UTC.fullmatch(event.value("DTSTAMP") or ""), "DTSTAMP is not in UTC"),
        *_if(
            not re.fullmatch(r"\d+", event.value("SEQUENCE") or ""),
            "SEQUENCE is not a number from 0",
        ),
        *_if(event.value("CLASS") != "PRIVATE", "not CLASS:PRIVATE"),
        *(
            f"{name} has an unescaped separator"
            for name in ("SUMMARY", "LOCATION", "DESCRIPTION")
            if _SEPARATOR.search(event.value(name) or "")
        ),
        *_if(
            not _ONLY_A_LINK.fullmatch(description), "DESCRIPTION is more than a link"
        ),
        *(f"an unexpected {n}" for n, _, _ in event.lines if n not in EVENT_MAY),
    ]


def _if(broken: bool, sentence: str) -> list[str]:
    return [sentence] if broken else []


def _people(event: Component, method: str | None) -> list[str]:
    organisers, attendees = event.all("ORGANIZER"), event.all("ATTENDEE")
    status = event.value("STATUS")
    allowed = {"CANCEL": {"CANCELLED"}, "REQUEST": {"CONFIRMED", "TENTATIVE"}}
    return [
        *_if(len(organisers) != 1, "not one ORGANIZER"),
        *(
            f"{value!r} is no mail address"
            for _, value in [*organisers, *attendees]
            if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", value, re.IGNORECASE)
        ),
        *_if(
            len(attendees) != (0 if method == "PUBLISH" else 1),
            f"{len(attendees)} ATTENDEEs in {method}",
        ),
        *(
            f"the ATTENDEE has no {name}"
            for params, _ in attendees
            for name in ("CUTYPE", "ROLE", "PARTSTAT")
            if name not in params
        ),
        *_if(any(p.get("RSVP") != "FALSE" for p, _ in attendees), "asks for an answer"),
        *_if(
            status not in allowed.get(method, {status}),
            f"{method} with STATUS:{status}",
        ),
        *_if(
            method == "CANCEL" and any(c.name == "VALARM" for c in event.inside),
            "an alarm in CANCEL",
        ),
    ]


def _times(event: Component, zones: list[Component]) -> list[str]:
    found = []
    known = {zone.value("TZID"): zone for zone in zones}
    instants = []
    for name in ("DTSTART", "DTEND"):
        for params, value in event.all(name):
            zone = known.get(params.get("TZID"))
            if "TZID" not in params and _UTC.fullmatch(value):
                instants.append(datetime.strptime(value, "%Y%m%dT%H%M%S%z"))
            elif "TZID" not in params or not _LOCAL.fullmatch(value):
                found.append(f"{name} is not a time in a named zone")
            elif zone is None:
                found.append(f"no VTIMEZONE for {params['TZID']}")
            else:
                problem, instant = _judged(value, params["TZID"], zone)
                found += problem
                instants.append(instant)
    if len(instants) == 2 and not instants[0] < instants[1]:
        found.append("it ends before it begins")
    ends = event.all("DTSTART") + event.all("DTEND")
    used = {params.get("TZID") for params, _ in ends}
    found += [f"unused zone {name}" for name in known if name not in used]
    return found


def _judged(value: str, name: str, zone: Component) -> tuple[list[str], datetime]:
    """The instant by the VTIMEZONE, and whether the real zone agrees."""
    local = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local on purpose
    found, offsets = [], []
    for rule in zone.inside:
        onset = rule.value("DTSTART") or ""
        before, after = rule.value("TZOFFSETFROM") or "", rule.value("TZOFFSETTO") or ""
        if not (_LOCAL.fullmatch(onset) and _OFFSET.fullmatch(before + "")):
            found.append("an observance without its times")
            continue
        if not _OFFSET.fullmatch(after):
            found.append("an observance without its offset")
            continue
        if (rule.name == "DAYLIGHT") != (_delta(after) > _delta(before)):
            found.append(f"{rule.name} from {before} to {after}")
        start = datetime.strptime(onset, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - likewise
        offsets.append((start, _delta(after)))
    past = [offset for start, offset in sorted(offsets) if start <= local]
    if not past:
        return [*found, f"{name} says nothing about {value}"], local.replace(tzinfo=UTC)
    instant = (local - past[-1]).replace(tzinfo=UTC)
    if instant.astimezone(ZoneInfo(name)).replace(tzinfo=None) != local:
        found.append(f"{name} is wrong about {value}")
    return found, instant


def _delta(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    hours, minutes, seconds = int(text[1:3]), int(text[3:5]), int(text[5:7] or 0)
    return sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _follows(earlier: bytes, later: bytes) -> list[str]:
    """A change of the same visit, in an order that a receiver understands."""
    before, after = (_facts(content) for content in (earlier, later))
    found = []
    if before["UID"] != after["UID"]:
        found.append("the UID changed")
    if int(after["SEQUENCE"]) <= int(before["SEQUENCE"]):
        found.append("SEQUENCE did not rise")
    if after["DTSTAMP"] < before["DTSTAMP"]:
        found.append("DTSTAMP went back")
    return found


def _facts(content: bytes) -> dict[str, str]:
    text = content.replace(b"\r\n ", b"").decode(errors="replace")
    return dict(re.findall(r"^(UID|SEQUENCE|DTSTAMP):(.*?)\r?$", text, re.MULTILINE))
