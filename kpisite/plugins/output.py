"""What an output driver is: it publishes a built site, or delivers an edition to people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kpisite.errors import OutputError
from kpisite.plugins.options import PluginOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kpisite.model.delivery import Receipt
    from kpisite.plugins.announcement import Announcement, FailureNotice

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
        """Return what `deliver` would do, a line each: to whom, how large; changes nothing.

        It is also asked before an edition is sent: what it cannot make is not begun.
        """

    @abstractmethod
    def deliver(self, announcement: Announcement) -> Receipt:
        """Tell people of an edition.

        Raises:
            UnclearDeliveryError: It may have arrived: it is not sent again before somebody looked.
            OutputError: It did not arrive: the next publish tries again.
        """
