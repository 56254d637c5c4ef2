"""Jinja in the options of outputs: what a mail or a message says of an edition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from kpisite.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.plugins import Announcement

_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def words_of(announcement: Announcement) -> dict[str, Any]:
    """Return what a text may say of an edition."""
    return {
        "key": announcement.key,
        "title": announcement.title,
        "period": announcement.period,
        "status": announcement.status,
        "revision": announcement.revision,
        "is_revision": announcement.is_revision,
        "url": announcement.url,
        "preview_url": announcement.preview_url,
        "text": announcement.text,
        "edition": announcement.document,
    }


def filled(text: str, words: Mapping[str, Any], option: str) -> str:
    """Return a text with the Jinja in it done.

    Args:
        text: As the option has it.
        words: What it may say.
        option: Its name, for a message.

    Raises:
        OutputError: It asks for what is not there or cannot be worked out, or is no Jinja.
    """
    try:
        return _ENVIRONMENT.from_string(text).render(words)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise OutputError(
            f"'{option}' cannot be filled in: {error}",
            hint=f"It knows {', '.join(words)}.",
        ) from error
