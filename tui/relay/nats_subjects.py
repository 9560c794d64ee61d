"""The subjects, headers and replies by which prices travel over NATS.

    itick.fund.<region>.<code>.<type>   a message of the vendor, byte for byte, with the three headers
    itick.want.<region>.<code>          a request for a symbol, good for WANT_LIFE; the reply is a WantReply
    itick.health                        the publisher's RelayStatus, each second and when the link changes

A part of a subject is a symbol's code, region or type with %XX in place of what NATS gives a meaning to.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from msgspec import Struct

from tui.symbol import Symbol

DATA_SUBJECTS = "itick.fund.>"
WANT_SUBJECTS = "itick.want.>"
HEALTH_SUBJECT = "itick.health"
LAST_VALUES = "ITICK_FUND"
"""The stream that keeps the last message of each subject."""
LOCK_BUCKET = "ITICK_LOCK"
"""The key-value store with the lock of the publisher."""

ARRIVED_HEADER = "Itick-Arrived"
"""When the message came to the publisher, ms UTC by its clock."""
SEQUENCE_HEADER = "Itick-Sequence"
"""The number of the message on its subject, from 1, for each publisher."""
PUBLISHER_HEADER = "Itick-Publisher"
"""The publisher and its connection to the vendor: another value begins anew."""

WANT_LIFE = 30.0
"""s for which a request holds."""


class WantReply(Struct, omit_defaults=True):
    """What the publisher has of a symbol: words by refused type, and by subject the number of the last message."""

    publisher: str
    refused: dict[str, str] = {}
    sequences: dict[str, int] = {}


def data_subject(symbol: Symbol, type_: str) -> str:
    """Returns the subject of a type of a symbol."""
    return f"itick.fund.{_escape(symbol.region)}.{_escape(symbol.code)}.{_escape(type_)}"


def want_subject(symbol: Symbol) -> str:
    """Returns the subject on which a symbol is asked for."""
    return f"itick.want.{_escape(symbol.region)}.{_escape(symbol.code)}"


def subject_parts(subject: str) -> list[str]:
    """Returns region, code and type, as far as a subject has them."""
    return [unquote(part) for part in subject.split(".")[2:]]


def _escape(part: str) -> str:
    return quote(part, safe="").replace(".", "%2E")
