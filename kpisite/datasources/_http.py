"""What datasources over HTTP share: one session, time-outs, retries, limits and clear errors."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urljoin, urlsplit

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from urllib3.exceptions import HTTPError

from kpisite.datasources._http_answer import Answer
from kpisite.datasources._http_trouble import PassingError, RefusedError, asked_pause, trouble_of
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Answer", "Client", "RefusedError", "asked_pause", "pause"]

TRIES = 4
"""How often a request is made while its trouble may pass."""
FIRST_PAUSE = 0.5
"""Seconds that the first pause may take; each further one may take twice as long."""
LONGEST_PAUSE = 20.0
REDIRECTS = 5
"""How many are followed."""
MEGABYTE = 1_000_000
_BUSY = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)
_CHUNK = 16_384

pause = time.sleep
"""Waits between two tries. The one seam for tests: the fixture `pauses` replaces it."""


class Client:
    """Asks one HTTP service.

    A query calls `begin`, then `get` or `post` as often as it needs; all of it shares `timeout`.
    The session is made at the first request and kept until `close`.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        bearer: str = "",
        secrets: Iterable[str] = (),
        sign: Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        connect: float = 10,
        read: float = 60,
        timeout: float = 300,
        max_bytes: int | None = None,
        pause_of: Callable[[Answer], float | None] = asked_pause,
    ) -> None:
        """Keep what is asked, and how; nothing connects.

        Args:
            url: Address of the service; paths are put behind it.
            headers: Sent to the service alone, not to where it redirects. Their values are taken
                for secrets.
            basic: User and password.
            bearer: Token; "" for none.
            secrets: What no message may have, apart from the values above: tokens in parameters.
            sign: Changes each request to the service just before it is sent, as OAuth 1.0a does;
                a further try is signed anew.
            connect: Seconds to wait for a connection.
            read: Seconds to wait for the answer to begin, and for each next part of it.
            timeout: Seconds that a whole query may take, with all pages, tries and pauses.
            max_bytes: Size that an answer may have, unpacked, where `max_mb` is an option; without
                it, 100 MB.
            pause_of: Returns the seconds that an answer asks to wait, None where it does not. A
                403 that does is one of a limit, which passes.
        """
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.max_bytes = 100 * MEGABYTE if max_bytes is None else max_bytes
        self._size_hint = "Ask for less." if max_bytes is None else "Ask for less, or raise max_mb."
        self._headers = dict(headers or {})
        if bearer:
            self._headers["Authorization"] = f"Bearer {bearer}"
        if basic:
            encoded = b64encode(":".join(basic).encode()).decode()
            self._headers["Authorization"] = f"Basic {encoded}"
        found = {*self._headers.values(), *(basic[1:] if basic else ()), bearer, *secrets} - {""}
        forms = {form for secret in found for form in (secret, quote(secret, safe=""))}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._sign = sign or _no_netrc
        self._connect, self._read = connect, read
        self._session: requests.Session | None = None
        self._end = 0.0
        self._pause_of = pause_of

    def begin(self) -> None:
        """Start the clock of a query."""
        self._end = time.monotonic() + self.timeout

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return an answer of 200 to 299, or 304 where `headers` ask for what is new alone.

        Args:
            path: Put behind the service's address; or a whole address, as in links to more pages.
                Another service's gets none of the client's headers.
            params: Put behind the path, encoded; a list stands for several of one name.
            headers: More of them, for this request; not secret.

        Raises:
            RefusedError: The service answered that it will not, `answer` is what it said.
            DatasourceError: It could not be asked, or its answer is not whole or is too large.
        """
        return self._ask("GET", path, params=params, headers=headers)

    def post(
        self,
        path: str,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a question that has a body; asking twice must do no harm.

        Args:
            path: Put behind the service's address; redirects are not followed.
            json: The body.
            headers: More of them, for this request; not secret.
            form: The body as a form has it, in place of `json`.

        Raises:
            RefusedError: The service answered that it will not, `answer` is what it said.
            DatasourceError: It could not be asked, or its answer is not whole or is too large.
        """
        return self._ask("POST", path, json=json, headers=headers, form=form)

    def close(self) -> None:
        """Give back the connections; the next request makes a new session."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def clean(self, text: str) -> str:
        """Return a text without the secrets that the client knows."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _ask(self, method: Literal["GET", "POST"], path: str, **request: Any) -> Answer:
        is_whole = urlsplit(path).scheme in ("http", "https")
        url = path if is_whole else "/".join(filter(None, (self.url, path.lstrip("/"))))
        again = Retrying(
            retry=retry_if_exception_type(PassingError),
            stop=stop_after_attempt(TRIES) | stop_before_delay(self._left()),
            wait=_wait,
            sleep=lambda seconds: pause(seconds),
            reraise=True,
        )
        try:
            return again(self._follow, method, url, request)
        except PassingError as error:
            raise self._given_up(error, again.statistics["attempt_number"]) from None

    def _follow(self, method: str, url: str, request: Mapping[str, Any]) -> Answer:
        """Ask once, and where the service says that it is, too."""
        for _ in range(1 + REDIRECTS):
            answer = self._once(method, url, request)
            target = answer.headers.get("Location")
            if answer.status not in _MOVED or not target:
                return self._checked(answer)
            if method != "GET":
                what = f"redirects to {_place(urljoin(url, target))}"
                raise self._error(answer.place, what, "Check the address; is a proxy in between?")
            url = urljoin(url, target)
            request = {**request, "params": None}
        raise self._error(answer.place, "redirects again and again", "Check the address.")

    def _once(self, method: str, url: str, request: Mapping[str, Any]) -> Answer:
        place = _place(url)
        if self._left() <= 0:
            raise self._late(place)
        session = self._session = self._session or requests.Session()
        is_ours = not session.should_strip_auth(self.url, url)  # type: ignore[no-untyped-call]
        sent = {"User-Agent": "kpisite", **(self._headers if is_ours else {})}
        read = min(self._read, self._left())
        try:
            with session.request(
                method,
                url,
                params=request.get("params"),
                json=request.get("json"),
                data=request.get("form"),
                headers={**sent, **(request.get("headers") or {})},
                auth=self._sign if is_ours else _no_netrc,
                timeout=(min(self._connect, read), read),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response, place)
                status, headers = response.status_code, response.headers
                return Answer(status, headers, body, place, response.url, self.clean)
        except (requests.RequestException, HTTPError, ValueError) as error:
            what, hint, passes = trouble_of(error, self._connect, read)
            failure = (self._passing if passes else self._error)(place, what, hint)
            raise failure from None  # requests' own quotes the whole address

    def _body(self, response: requests.Response, place: str) -> bytes:
        """Read an answer in parts, so that neither its size nor its time is without end."""
        too_large = f"answered more than {self.max_bytes / MEGABYTE:g} MB"
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and int(promised) > self.max_bytes:
            raise self._error(place, too_large, self._size_hint)
        body = bytearray()
        while part := response.raw.read1(_CHUNK, decode_content=True):
            body += part
            if len(body) > self.max_bytes:
                raise self._error(place, too_large, self._size_hint)
            if self._left() <= 0:
                raise self._late(place)
        return bytes(body)

    def _checked(self, answer: Answer) -> Answer:
        """Return an answer that is one; the others are errors."""
        if 200 <= answer.status < 300 or answer.status == 304:
            return answer
        said = f": {answer.said}" if answer.said else ""
        what = f"answered {answer.status}{said}"
        seconds = self._pause_of(answer)
        if answer.status in _BUSY or (answer.status == 403 and seconds is not None):
            raise self._passing(answer.place, what, seconds=seconds)
        raise RefusedError(
            self.clean(f"{answer.place} {what}"), hint=_HINTS.get(answer.status, ""), answer=answer
        )

    def _given_up(self, error: PassingError, tries: int) -> DatasourceError:
        asked = f", asked {tries} times" if tries > 1 else ""
        if error.pause is not None and error.pause >= self._left():
            hint = (
                f"It asks to wait {error.pause:,.0f} s, which is more than is left of the "
                f"{self.timeout:,g} s that a query may take."
            )
        else:
            hint = error.hint or "The next run tries again."
        return DatasourceError(f"{error.message}{asked}", hint=hint)

    def _error(self, place: str, what: str, hint: str = "") -> DatasourceError:
        return DatasourceError(self.clean(f"{place} {what}"), hint=hint)

    def _passing(
        self, place: str, what: str, hint: str = "", seconds: float | None = None
    ) -> PassingError:
        error = PassingError(self.clean(f"{place} {what}"), hint=hint)
        error.pause = seconds
        return error

    def _late(self, place: str) -> DatasourceError:
        took = f"had not answered all of the query after {self.timeout:g} s"
        return self._error(place, took, "Ask for less, or allow it more time.")

    def _left(self) -> float:
        return self._end - time.monotonic()


_HINTS = {
    401: "Check user, password or token.",
    403: "Check what user or token may do.",
    404: "Check the address.",
}


def _wait(state: RetryCallState) -> float:
    """Return the seconds to wait: what the service asks for, else longer each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, PassingError) else None
    back_off = wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE)(state)
    return back_off if asked is None else asked + back_off


def _place(url: str) -> str:
    """Return an address without user and parameters, which may be secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave a request as it is: without it, requests takes passwords from ~/.netrc."""
    return request
