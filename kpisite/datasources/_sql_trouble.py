"""What an error of a database means: its words, what to do, and whether it may pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from kpisite.datasources._sql_dialects import DECLARE

_LOGIN = "Check the user and the password."
_DATABASE = "Check the name of the database."
_RIGHTS = "Let this user read it: GRANT SELECT."
_READ_ONLY = "A query only reads: write a SELECT."
_SERVER = "Is the server running, and may this machine reach it? Check host and port."
_HOST = "Check the name of the host."
_AGAIN = "The next run tries again."
_NO_TIME = "Make it a gap in the query, or text: CAST(… AS text)."

_HINTS: dict[object, str] = {
    1044: _RIGHTS,
    1045: _LOGIN,
    1049: _DATABASE,
    1142: _RIGHTS,
    1143: _RIGHTS,
    1698: _LOGIN,
    1792: _READ_ONLY,
    "25006": _READ_ONLY,
    "42501": _RIGHTS,
}
"""MySQL's number of an error, or SQLSTATE."""
_LATE: tuple[object, ...] = (1969, 3024, "57014")
"""3024 is also what MySQL Connector says of a server that falls silent."""
_PASSING: dict[object, str] = {
    1040: _AGAIN,  # too many connections
    1053: _AGAIN,  # the server is being shut down
    1203: _AGAIN,
    1927: _AGAIN,  # the connection was killed
    2002: _SERVER,
    2003: _SERVER,
    2006: _AGAIN,  # the server has gone
    2013: _AGAIN,  # the connection broke
    "53300": _AGAIN,
    "57P01": _AGAIN,
    "57P02": _AGAIN,
    "57P03": _AGAIN,
}
_TEXTS = (
    (r"password authentication failed|no password supplied", _LOGIN, False),
    (r"role \".*\" does not exist|no pg_hba\.conf entry", _LOGIN, False),
    (r"database \".*\" does not exist", _DATABASE, False),
    (r"Name or service not known|nodename nor servname|No address associated", _HOST, False),
    (r"the database system is|too many clients|connection slots", _AGAIN, True),
    (r"FATAL:", "", False),
    (r"readonly database", _READ_ONLY, False),
    (r"(timestamp|date) too (large|small)", _NO_TIME, False),
    (r"Packet sequence number wrong", _SERVER, False),
    (r"database is locked", _AGAIN, True),
    (r"connection failed|failed to resolve|connection timeout expired", _SERVER, True),
)
"""What a text has in it → what to do, and whether it may pass: libpq gives no numbers while it
connects. The first that fits counts."""
_LINE = re.compile(r"^LINE (?P<number>\d+): (?P<line>.*)\n(?P<indent> *)", re.MULTILINE)
_PLACE = re.compile(r'^connection failed: connection to server at "(.*?)", port (\d+) failed: ')


@dataclass(frozen=True)
class Trouble:
    """What is said about an error."""

    message: str
    hint: str
    passes: bool = False
    """Whether asking again may help."""


def trouble_of(
    error: Exception, timeout: float, connect_timeout: float, *, seconds: float
) -> Trouble:
    """Return what the database says, in short and without SQLAlchemy's words.

    Args:
        error: What came.
        timeout: Seconds that a query may take.
        connect_timeout: Seconds that connecting may take.
        seconds: How long the server was asked before; below 0 where it was not.
    """
    code, text = _code_and_text(error)
    if _gave_up(error, code, text) or code in _LATE or text == "interrupted":
        return _late(timeout) if seconds >= 0 else _not_let_in(connect_timeout)
    trouble = _said(error, code, text)
    # A driver may call it a broken connection; asked again, it would take as long again.
    return _late(timeout) if trouble.passes and seconds > timeout else trouble


def _gave_up(error: Exception, code: object, text: str) -> bool:
    """Tell whether the driver waited no longer; afterwards it may fail to roll back, wordlessly."""
    if not text and error.__context__ is not None:
        first: BaseException = error
        while first.__context__ is not None:
            first = first.__context__
        return isinstance(first, TimeoutError)
    return isinstance(error, TimeoutError) or (code == 2013 and "timed out" in text)


def _said(error: Exception, code: object, text: str) -> Trouble:
    statement = (error.statement or "") if isinstance(error, DBAPIError) else ""
    is_declared = statement.startswith(DECLARE)
    message, _, rest = _plain(text, is_declared=is_declared).partition("\n")
    if code in _HINTS:
        return Trouble(message, _HINTS[code])
    for pattern, hint, passes in _TEXTS:
        if re.search(pattern, text):
            return Trouble(message, hint or rest, passes)
    if code in _PASSING:
        return Trouble(message, _PASSING[code], passes=True)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Trouble(message or "the connection broke", _AGAIN, passes=True)
    return Trouble(message, rest)


def _late(timeout: float) -> Trouble:
    return Trouble(
        f"the query took longer than {timeout:g} s",
        "Ask for less, or give it more time: 'timeout'.",
    )


def _not_let_in(connect_timeout: float) -> Trouble:
    message = f"the server did not let us in within {connect_timeout:g} s"
    return Trouble(message, _SERVER, passes=True)


def _code_and_text(error: Exception) -> tuple[object, str]:
    """Return an error's number or SQLSTATE, None where it has neither, and its words."""
    orig: Any = error.orig if isinstance(error, DBAPIError) else error
    args: tuple[Any, ...] = getattr(orig, "args", ())
    if isinstance(error, DBAPIError) and len(args) > 1 and isinstance(args[0], int):
        return args[0], str(args[1])
    state = getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)
    text = str(orig) if isinstance(error, DBAPIError) else str(args[0]) if args else ""
    return state, text or type(orig).__name__


def _plain(text: str, *, is_declared: bool) -> str:
    """Return PostgreSQL's words without our part of them, and the line that the user wrote."""
    text = _PLACE.sub(r"\1:\2: ", text.strip())
    return _LINE.sub(_line_before, text) if is_declared else text


def _line_before(found: re.Match[str]) -> str:
    number = str(int(found["number"]) - 1)
    lost = len(found["number"]) - len(number)
    return f"LINE {number}: {found['line']}\n{found['indent'][lost:]}"
