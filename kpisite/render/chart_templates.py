"""Charts that are made once per structure and then only filled, in this process and the next."""

from __future__ import annotations

import json
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from kpisite.render.block_cache import BlockCache, Rendered
from kpisite.render.chart_template import Template
from kpisite.render.chart_values import UnfitError, kind, named
from kpisite.render.charts import chart_box, chart_text
from kpisite.render.digests import function_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Draw = Callable[[Any, Any], Any]

_KEPT: TypeAdapter[Template | None] = TypeAdapter(Template | None)


class ChartTemplates:
    """The templates of charts: kept in memory, and for other processes in a cache."""

    def __init__(self, cache: BlockCache | None = None) -> None:
        """Begin without a template in memory.

        Args:
            cache: Keeps templates; None keeps them in memory only.
        """
        self._cache = cache
        self._templates: dict[str, Template | None] = {}

    @classmethod
    def kept_in(cls, folder: Path, code: str) -> ChartTemplates:
        """Return the templates of a folder, and remove from it those of other code.

        Args:
            folder: Holds nothing else. It may be deleted at any time, and costs only time.
            code: Digest of the code that draws.
        """
        mine = folder / code[:16]
        for other in folder.iterdir() if folder.is_dir() else ():
            if other != mine:
                shutil.rmtree(other, ignore_errors=True)
        return cls(BlockCache(mine, code))

    def html(
        self,
        draw: Draw,
        structure: Any,
        values: Mapping[str, Any],
        *,
        id: str,  # noqa: A002
        description: str,
        height: int,
        still: str = "",
    ) -> str:
        """Return what `charts.chart_html` returns of the figure that `draw` makes.

        Args:
            draw: Puts values in the places that a structure has for them.
            structure: What decides which models there are; JSON.
            values: Numbers, texts, lists, mappings.
            id: As in `chart_html`.
            description: As in `chart_html`.
            height: As in `chart_html`.
            still: As in `chart_box`.
        """
        try:
            template = self.template(draw, structure, values, height)
            text = template.filled(named(values, height), prefix=id) if template else None
        except UnfitError:
            text = None
        if text is None:
            text = chart_text(draw(structure, values), id=id, height=height)
        return chart_box(text, id=id, description=description, height=height, still=still)

    def template(
        self, draw: Draw, structure: Any, values: Mapping[str, Any], height: int
    ) -> Template | None:
        """Return the template of a chart, from memory, from the cache, or a new one.

        Returns:
            None where `draw` does not only put values in their places.

        Raises:
            UnfitError: A value is none that a template can take.
            Exception: What `draw` or Bokeh say of the values.
        """
        key = _key(draw, structure, values)
        if key not in self._templates:
            try:
                found = _KEPT.validate_json(self._kept(key))
            except ValidationError:  # nothing is kept, or nothing readable
                found = _made(draw, structure, values, height)
                self._keep(key, found)
            self._templates[key] = found
        return self._templates[key]

    def _kept(self, key: str) -> str:
        kept = self._cache.get(self._cache.key(key)) if self._cache is not None else None
        return kept.text if kept is not None else ""

    def _keep(self, key: str, made: Template | None) -> None:
        if self._cache is not None:
            text = _KEPT.dump_json(made).decode()
            self._cache.put(self._cache.key(key), Rendered(text=text))


def _made(draw: Draw, structure: Any, values: Mapping[str, Any], height: int) -> Template | None:
    """Return a new template; None where none can be made."""
    from kpisite.render.chart_maker import PREFIX, make_template  # here: it imports Bokeh

    expected = chart_text(draw(structure, values), id=PREFIX, height=height)
    try:
        return make_template(partial(draw, structure), values, height, expected)
    except UnfitError:
        raise
    except Exception:  # noqa: BLE001 - whatever a marker breaks, Bokeh makes these charts
        return None


def _key(draw: Draw, structure: Any, values: Mapping[str, Any]) -> str:
    """Return what a template depends on beside the code of kpisite and of its packages.

    Raises:
        UnfitError: `draw` is no function of a module, or a value is not plain.
    """
    name = getattr(draw, "__qualname__", "")
    if getattr(sys.modules.get(draw.__module__), name, None) is not draw:
        raise UnfitError(f"'{name}' is no function of a module")
    kinds = {key: kind(value) for key, value in values.items()}
    parts = [draw.__module__, name, function_digest(draw), structure, kinds]
    return json.dumps(parts)
