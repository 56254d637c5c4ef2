"""The templates of `site_template/`: where they are, and how they are rendered."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.loaders import split_template_path
from markupsafe import Markup

import kpisite
from kpisite.errors import ViewError
from kpisite.model.language import gettext, ngettext
from kpisite.model.words import (
    direction_text,
    editions_text,
    revision_text,
    status_text,
    verdict_text,
)
from kpisite.render.digests import file_names, files_digest, template_folders
from kpisite.render.own_colours import css_variables
from kpisite.render.sparkline import sparkline_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from jinja2 import BytecodeCache

_NO_PAGES = ("assets/", "mail/")
"""Folders of a `site_template/` that shape no page: a new mail renders no page anew."""
_ASSETS = "assets"
"""The folder of a `site_template/` that holds no templates: a new style renders nothing anew."""


def template_folder() -> Path:
    """Return the shipped `site_template/`: in the package, or beside it in a checkout."""
    package = Path(kpisite.__file__).parent
    inside = package / "site_template"
    return inside if inside.is_dir() else package.parent / "site_template"


class Templates:
    """Jinja templates, looked up by path: the project's own folders first, the shipped last."""

    def __init__(self, folders: Sequence[Path] = (), compiled: BytecodeCache | None = None) -> None:
        """Open templates.

        Args:
            folders: Where a project overrides templates by their path.
            compiled: Keeps them compiled; without it, each process compiles them.
        """
        self._folders = list(dict.fromkeys([*folders, template_folder()]))
        self._compiled = compiled
        self._of_plugins: dict[type, Templates] = {}
        self._environment = Environment(
            loader=_Loader(self._folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            bytecode_cache=compiled,
            auto_reload=False,  # a build, and each rebuild of a preview, opens them anew
        )
        self._environment.globals["sparkline"] = _sparkline
        self._environment.filters |= {
            "css_variables": css_variables,
            "status": status_text,
            "direction": direction_text,
            "verdict": verdict_text,
            "revision": revision_text,
            "editions": editions_text,
        }
        self._environment.add_extension("jinja2.ext.i18n")
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            gettext, ngettext, newstyle=True
        )

    @functools.cached_property
    def digest(self) -> str:
        """Changes with any template of pages, and with one that is added; made once."""
        return "\n".join(
            files_digest(folder, (n for n in file_names(folder) if not n.startswith(_NO_PAGES)))
            for folder in self._folders
        )

    def of(self, cls: type) -> Templates:
        """Return these templates and those of a plugin.

        Those that its packages bring come before the shipped ones, and behind the project's own.
        """
        if cls not in self._of_plugins:
            folders = [*self._folders[:-1], *template_folders(cls)]
            plain = folders == self._folders[:-1]
            self._of_plugins[cls] = self if plain else Templates(folders, self._compiled)
        return self._of_plugins[cls]

    def render(self, path: str, **values: Any) -> str:
        """Return a rendered template.

        Raises:
            ViewError: There is no such template, or it has a mistake.
        """
        try:
            return self._environment.get_template(path).render(**values)
        except TemplateNotFound as error:
            raise ViewError(
                f"there is no template '{error.name}'",
                hint="Templates are looked up in the theme's custom_dir, then in the folder "
                "'templates' of the view's package, then in kpisite's own.",
            ) from error
        except TemplateError as error:
            line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise ViewError(f"{error.message}", where=f"template {path}{line}") from error


class _Loader(FileSystemLoader):
    """Finds templates everywhere but in `assets/`, which is for the browser as it is."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        if split_template_path(template)[:1] == [_ASSETS]:
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


def _sparkline(values: Sequence[float | None]) -> Markup:
    return Markup(sparkline_svg(values))  # noqa: S704 - numbers only
