"""What an output driver is: it publishes a built site, or delivers an edition to people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kpisite.plugins.options import PluginOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kpisite.model.delivery import Receipt


@dataclass(frozen=True)
class OutputContext:
    """What an output driver is told about where it stands."""

    id: str
    """The output's id in the report."""
    folder: Path
    """The project's folder: relative paths in options start there."""
    reserved: tuple[Path, ...] = ()
    """Folders that no output may write into: the content, a local archive."""


@dataclass(frozen=True)
class Site:
    """A built site."""

    folder: Path
    files: Sequence[str]
    """Paths below the folder, `/` between the parts, sorted."""
    digest: str
    """SHA-256 over all paths and contents."""


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

    @abstractmethod
    def plan(self, site: Site) -> Sequence[str]:
        """Return what `deploy` would do, a line each; changes nothing."""

    @abstractmethod
    def deploy(self, site: Site) -> Receipt:
        """Publish a site: whoever looks sees the whole old or the whole new one.

        Raises:
            OutputError: It did not arrive; what was there before still is.
        """
