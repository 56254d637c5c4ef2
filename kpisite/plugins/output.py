"""What an output driver is: it publishes a built site, or delivers an edition to people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from kpisite.errors import OutputError
from kpisite.plugins.options import PluginOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from kpisite.model.delivery import Receipt
    from kpisite.model.edition import Status
    from kpisite.model.metric import Metric

Progress = Callable[[int, int], None]
"""Told how much of a deploy is through, and of how much: files, or what else a driver counts. Any
thread may call it."""


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class OutputContext:
    """What an output driver is told about where it stands."""

    id: str
    """The output's id in the report."""
    folder: Path
    """The project's folder: relative paths in options start there."""
    reserved: tuple[Path, ...] = ()
    """Folders that no output may write into: the content, a local archive."""
    reports: tuple[str, ...] = ()
    """Ids of the reports that name the output."""
    browser: str = ""
    """The program that prints: see `kpisite.plugins.browser`; "" to look for one."""
    progress: Progress = no_progress
    """What shows how far a deploy is, where somebody looks on. No driver has to call it."""


@dataclass(frozen=True)
class Site:
    """A built site."""

    folder: Path
    files: Sequence[str]
    """Paths below the folder, `/` between the parts, sorted."""
    digest: str
    """SHA-256 over all paths and contents."""


class EditionOptions(PluginOptions):
    """Which editions people are told of."""

    when: Literal["sealed", "preliminary"] = "sealed"
    """From when on an edition is told of: when it is sealed, or as soon as it is there."""
    on_revision: Literal["send", "skip"] = "send"
    """Whether people are told of a new revision of an edition that they know."""
    allow_errors: bool = False
    """Whether an edition is told of although a view of it could not be made; such views do not
    stop a publish then."""


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


class OutputDriver(ABC):
    """Delivers. Only `kpisite publish` calls it, after a strict build."""

    Options: ClassVar[type[PluginOptions]] = PluginOptions
    """The plugin's options model."""

    def __init__(self, options: PluginOptions, context: OutputContext) -> None:
        self.options = options
        self.context = context

    @property
    @abstractmethod
    def target(self) -> str:
        """Where it delivers to: a folder, an address; no secrets."""


class SiteDriver(OutputDriver):
    """Publishes the site."""

    local: ClassVar[bool] = False
    """Whether it writes folders of this machine and nothing else."""

    @abstractmethod
    def plan(self, site: Site) -> Sequence[str]:
        """Return what `deploy` would do, a line each; changes nothing."""

    @abstractmethod
    def deploy(self, site: Site) -> Receipt:
        """Publish a site: whoever looks sees the whole old or the whole new one.

        Doing it twice does no harm: after a crash it is simply done again.

        Raises:
            OutputError: It did not arrive; what was there before still is.
        """


class EditionDriver(OutputDriver):
    """Tells people of an edition, at most once."""

    Options: ClassVar[type[PluginOptions]] = EditionOptions
    """The plugin's options model."""

    @property
    def is_rehearsal(self) -> bool:
        """Whether nothing reaches people: the receiver only checks what it is given.

        Nothing is recorded then, so that the edition goes out when this is over.
        """
        return False

    @property
    def owners(self) -> str:
        """Who is told where an edition does not go out, because a view failed; "" for nobody."""
        return ""

    def notify(self, notice: FailureNotice) -> Receipt:
        """Tell the owners; only called where there are `owners`. A driver without any has none.

        Raises:
            UnclearDeliveryError: It may have arrived: it is not sent again.
            OutputError: It did not arrive: the next publish tries again.
        """
        raise OutputError(
            f"the output '{self.context.id}' cannot tell anybody of {notice.key}",
            hint="This is a bug of its plugin: one that names 'owners' has 'notify' too.",
        )

    @abstractmethod
    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return what `deliver` would do, a line each: to whom, how large; changes nothing."""

    @abstractmethod
    def deliver(self, announcement: Announcement) -> Receipt:
        """Tell people of an edition.

        Raises:
            UnclearDeliveryError: It may have arrived: it is not sent again before somebody looked.
            OutputError: It did not arrive: the next publish tries again.
        """
