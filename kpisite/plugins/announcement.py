"""What people are told: a published edition with what its pages show, or why it does not go out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from kpisite.model.delivery import Receipt
    from kpisite.model.edition import Status
    from kpisite.model.metric import Metric


@dataclass(frozen=True)
class EditionFile:
    """A file of an edition, or a picture that was drawn of it."""

    name: str
    """Unique in the edition, with its ending: `sales-2024-W06-rows.csv`."""
    data: bytes
    mime: str
    url: str = ""
    """Its address; "" where the site does not have it, or its address is not known."""


@dataclass(frozen=True)
class Picture(EditionFile):
    """A picture in a block."""

    alt: str = ""
    """What it shows, in words."""
    width: int = 0
    """In CSS pixels, of a column as wide as a mail's; 0 where that is not known."""
    height: int = 0
    """In CSS pixels; 0 where that is not known."""


@dataclass(frozen=True)
class ShownBlock:
    """One view of an edition, as its page shows it, for those who do not see the page."""

    id: str
    title: str
    description: str
    url: str
    """Address of its own page; "" where the site's address is not known."""
    is_kpi: bool
    metrics: Sequence[Metric]
    """The view's own."""
    html: str
    """Without scripts and SVG; the `src` of a picture is `cid:` and its name."""
    text: str
    """The same in plain text, tables lined up."""
    pictures: Sequence[Picture] = ()
    error: str = ""
    """Why there is nothing to show, as far as readers of the page are told."""


@dataclass(frozen=True)
class Mail:
    """An edition as a mail."""

    html: str
    """With all styles in the elements; the `src` of a picture is `cid:` and its name."""
    text: str
    """The same in plain text."""
    pictures: Sequence[Picture]
    """Those that the HTML shows."""


class EditionContent(ABC):
    """What the pages of an edition show; each part is only made when it is asked for."""

    @abstractmethod
    def blocks(self) -> Sequence[ShownBlock]:
        """Return all views, in the order of the page.

        Raises:
            ArchiveError: The edition is missing or damaged.
        """

    @abstractmethod
    def mail(self) -> Mail:
        """Return the edition as a mail, in the project's own templates.

        Raises:
            ArchiveError: The edition is missing or damaged.
            ViewError: A template has a mistake.
        """

    @abstractmethod
    def pdf(self) -> EditionFile:
        """Return the edition as a PDF.

        Raises:
            OutputError: There is no browser that prints, it takes too long, or the built site
                lacks the page.
        """

    @abstractmethod
    def tables(self) -> Sequence[EditionFile]:
        """Return what the pages of all views but KPIs offer as CSV.

        Raises:
            OutputError: The built site lacks a file.
        """


@dataclass(frozen=True)
class Announcement:
    """A published edition, as it is told to people. All texts are plain: escape them."""

    key: str
    """`flights/2013-W06`."""
    title: str
    """The report's, for this period."""
    period: str
    """In words: `Week 6, 2013`."""
    status: Status
    revision: int
    url: str
    """Address of the edition's page; "" where the site's address is not known."""
    text: str
    """The edition in one line: its period, and as many KPIs as fit."""
    document: Mapping[str, Any]
    """What `edition.json` on the site says: see `kpisite schema edition`."""
    before: Receipt | None = None
    """Of the revision that went out before this one."""
    metrics: Sequence[Metric] = ()
    """All numbers of the edition, in the order of the page."""
    time: datetime | None = None
    """Aware: when people are told."""
    content: EditionContent | None = None
    """What its pages show; None where nobody made it."""
    preview_url: str = ""
    """Address of a picture of it; "" where the site has none, or its address is not known."""

    @property
    def is_revision(self) -> bool:
        """Whether people were told another number before."""
        return self.before is not None


@dataclass(frozen=True)
class FailedView:
    """A view that could not be made."""

    id: str
    message: str
    """Why, without secrets."""
    hint: str = ""


@dataclass(frozen=True)
class FailureNotice:
    """What the owners of an output are told where an edition does not go out, in plain texts."""

    key: str
    """`flights/2013-W06`."""
    title: str
    """The report's, for this period."""
    period: str
    """In words: `Week 6, 2013`."""
    revision: int
    subject: str
    """In one line."""
    text: str
    """What failed, why, and what to do, in a few lines."""
    views: Sequence[FailedView]
    digest: str
    """The same for the same failures."""
    time: datetime
    """Aware: when the owners are told."""
    url: str = ""
    """Address of the edition's page; "" where the site does not have it."""
