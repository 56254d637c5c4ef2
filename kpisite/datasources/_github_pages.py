"""The pages of GitHub's lists, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from requests.utils import parse_header_links

from kpisite.datasources._http import asked_pause

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kpisite.datasources._github_rows import Item
    from kpisite.datasources._http import Answer
    from kpisite.datasources._http_kept import KeptAnswers

PAGE_SIZE = 100
"""Things on a page, the most that there may be."""
JSON = "application/vnd.github+json"
STARS = "application/vnd.github.star+json"
"""Asks for the times of stars too."""
SECONDARY_PAUSE = 60.0
"""Seconds that GitHub wants to be left alone where it names no time."""


class Pages:
    """Lists of an API."""

    def __init__(self, kept: KeptAnswers) -> None:
        self._kept = kept

    def items(self, path: str, params: Mapping[str, str]) -> Iterator[Item]:
        """Yield the things of a list; no more pages are asked for than it takes."""
        for page in self.all(path, params):
            yield from page

    def all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the JSON of each page; the next one is asked for when it is wanted."""
        answer = self.get(path, params)
        yield answer.json()
        while following := _links(answer).get("next"):
            answer = self.get(following, None)
            yield answer.json()

    def get(self, path: str, params: Mapping[str, Any] | None, accept: str = JSON) -> Answer:
        """Return an answer; where `params` is None, the address has them already."""
        headers = {"Accept": accept, "X-GitHub-Api-Version": "2022-11-28"}
        given = None if params is None else {"per_page": PAGE_SIZE, **params}
        return self._kept.get(path, given, headers)


def last_page(answer: Answer) -> int:
    """Return the number of a list's last page, as its first one tells it."""
    target = _links(answer).get("last", "")
    return int(parse_qs(urlsplit(target).query).get("page", ["1"])[0])


def pause_of(answer: Answer) -> float | None:
    """Return the seconds that GitHub asks to wait, None where it does not ask."""
    asked = asked_pause(answer)
    if asked is None and answer.status in (403, 429) and "secondary rate limit" in answer.said:
        return SECONDARY_PAUSE
    return asked


def _links(answer: Answer) -> dict[str, str]:
    """Return the addresses of other pages by their relation: `next`, `last`."""
    links = parse_header_links(answer.headers.get("Link", ""))
    return {link["rel"]: link["url"] for link in links if "rel" in link}
