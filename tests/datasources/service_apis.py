"""Jenkins, X and Google Analytics as their public documentation says that they answer."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from answering import Answering, Asked, Reply
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Tree = dict[str, Any]


# Jenkins


def folder(name: str, *items: Tree) -> Tree:
    return {"_class": "com.cloudbees.hudson.plugins.folder.Folder", "name": name, "jobs": items}


def job(name: str, builds: Iterable[Tree] = (), score: int | None = None, **more: Any) -> Tree:
    reports = [] if score is None else [{"score": score}, {"score": 100}]
    newest_first = sorted(builds, key=lambda build: -build["number"])
    return {"name": name, "builds": newest_first, "healthReport": reports, **more}


def build(number: int, began: datetime, result: str | None = "SUCCESS") -> Tree:
    return {
        "number": number,
        "timestamp": round(began.timestamp() * 1000),
        "duration": 90_000 if result else 0,
        "building": result is None,
        "result": result,
    }


class JenkinsAPI:
    """Answers `/…/api/json?tree=…` with the part of the items that the tree asks for."""

    def __init__(
        self, server: Answering, *items: Tree, token: str = "", user: str = "reader"
    ) -> None:
        self.root: Tree = {
            "_class": "hudson.model.Hudson",
            "jobs": items,
            "views": [{"name": "all"}],
        }
        self._url = server.url
        self._authorization = "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()
        self._token = token
        self.asked: list[str] = []
        server.otherwise = self.answer

    def answer(self, asked: Asked) -> Any:
        if self._token and asked.headers["Authorization"] != self._authorization:
            return Reply("<html><title>Error 401 Unauthorized</title></html>", 401)
        path = re.findall(r"/job/([^/]+)", asked.target.partition("?")[0])
        names = [re.sub(r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), part) for part in path]
        item, parent = self.root, ""
        for name in names:
            found = [one for one in item.get("jobs", ()) if one["name"] == name]
            if not found:
                return Reply("<html><title>Error 404 Not Found</title></html>", 404)
            item, parent = found[0], "/".join(filter(None, (parent, item.get("name", ""))))
        self.asked.append("/".join(names))
        [tree] = asked.params["tree"]
        return self._cut(item, parent, _parsed(tree))

    def _cut(self, item: Tree, parent: str, tree: Tree) -> Tree:
        """Return what the tree asks of an item; Jenkins leaves out what does not apply."""
        full = "/".join(filter(None, (parent, item.get("name", ""))))
        url = self._url + "".join(f"/job/{part}" for part in full.split("/")) + "/"
        known = {"fullName": full, "url": url, **item}
        said: Tree = {"_class": item.get("_class", "hudson.model.FreeStyleProject")}
        for name, (inner, most) in tree.items():
            if name not in known:
                continue
            value = known[name]
            if name == "jobs":
                value = [self._cut(one, full, inner) for one in value]
            elif name == "builds":
                builds = [{"url": f"{url}{one['number']}/", **one} for one in value[:100]]
                value = [{key: one[key] for key in inner if key in one} for one in builds]
            said[name] = value[:most] if most is not None else value
        return said


def _parsed(tree: str) -> Tree:
    """Return the names of a `tree` with what is in their brackets, and the end of their range."""
    parts: Tree = {}
    while tree:
        [(name, rest)] = re.findall(r"^(\w+)(.*)$", tree)
        inner, most = "", None
        if rest.startswith("["):
            depth = end = 1
            while depth:
                depth += (rest[end] == "[") - (rest[end] == "]")
                end += 1
            inner, rest = rest[1 : end - 1], rest[end:]
        if found := re.match(r"\{0,(\d+)\}", rest):
            most, rest = int(found[1]), rest[found.end() :]
        parts[name] = (_parsed(inner), most)
        assert not rest or rest[0] == ",", rest
        tree = rest[1:]
    return parts


# X


@dataclass
class Post:
    time: datetime
    likes: int = 0
    reposts: int = 0
    quotes: int = 0
    replies: int = 0
    text: str = "A post"


class XAPI:
    """Answers the timeline of one account, the newest post first, both ends inclusive."""

    def __init__(self, server: Answering, posts: Sequence[Post], now: datetime) -> None:
        self.posts = sorted(posts, key=lambda post: post.time, reverse=True)
        self.now = now.astimezone(UTC)
        self.page = 100
        self.allowed: str | tuple[str, ...] = ("Bearer ", "OAuth ")
        self.app_keys = ""
        server.routes["/oauth2/token"] = self._token
        server.routes["/2/users/by/username/example"] = self._user
        server.routes["/2/users/me"] = self._user
        server.routes["/2/users/42/tweets"] = self._timeline
        for name in ("nobody", "exampel"):
            detail = f"Could not find user with username: [{name}]."
            server.routes[f"/2/users/by/username/{name}"] = {
                "errors": [{"detail": detail, "title": "Not Found Error", "value": name}]
            }

    def _reply(self, body: Any, status: int = 200) -> Reply:
        return Reply(body, status, {"Date": format_datetime(self.now, usegmt=True)})

    def _token(self, asked: Asked) -> Reply:
        known = "Basic " + base64.b64encode(self.app_keys.encode()).decode()
        if asked.headers.get("Authorization") != known:
            errors = [{"code": 99, "message": "Unable to verify your credentials"}]
            return self._reply({"errors": errors}, 403)
        assert asked.body == b"grant_type=client_credentials"
        return self._reply({"token_type": "bearer", "access_token": "AAAA-app-t0k3n"})

    def _user(self, asked: Asked) -> Reply:
        if not asked.headers.get("Authorization", "").startswith(self.allowed):
            return self._reply({"title": "Unauthorized", "detail": "Unauthorized"}, 401)
        return self._reply({"data": {"id": "42", "name": "Example", "username": "example"}})

    def _timeline(self, asked: Asked) -> Reply:
        given = {name: values[0] for name, values in asked.params.items()}
        start = datetime.fromisoformat(given["start_time"])
        end = datetime.fromisoformat(given.get("end_time", "9999-01-01T00:00:00Z"))
        earliest = datetime.fromisoformat("2010-11-06T00:00:00Z")
        if start < earliest or end <= start or (end.year < 9999 and end > self.now):
            return self._reply({"title": "Invalid Request", "detail": "Bad 'end_time'"}, 400)
        assert given["exclude"] == "retweets,replies"
        assert set(given["tweet.fields"].split(",")) == {"created_at", "public_metrics"}
        fit = [n for n, post in enumerate(self.posts) if start <= post.time <= end]
        skip = int(given.get("pagination_token", "t0")[1:])
        page = fit[skip : skip + min(self.page, int(given["max_results"]))]
        meta: Tree = {"result_count": len(page)}
        if skip + len(page) < len(fit):
            meta["next_token"] = f"t{skip + len(page)}"
        data = {"data": [self._post(n) for n in page]} if page else {}
        return self._reply({**data, "meta": meta})

    def _post(self, number: int) -> Tree:
        post = self.posts[number]
        return {
            "id": str(1000 + number),
            "text": post.text,
            "created_at": f"{post.time.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%S}.000Z",
            "public_metrics": {
                "like_count": post.likes,
                "retweet_count": post.reposts,
                "quote_count": post.quotes,
                "reply_count": post.replies,
            },
        }


# Google Analytics


@dataclass
class Hit:
    time: datetime
    count: int = 1
    country: str = "Germany"


@functools.cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@dataclass
class GoogleAPI:
    """Answers `runReport` of a property, for who has a token of the key in `key_file`."""

    server: Answering
    hits: Sequence[Hit]
    zone: ZoneInfo
    metadata: Tree = field(default_factory=dict)
    quota: Tree = field(default_factory=dict)
    property: str = "123"
    tokens: int = 0
    requests: list[Tree] = field(default_factory=list)
    known = ("date", "dateHour", "country", "eventCount", "totalUsers", "bounceRate")

    def __post_init__(self) -> None:
        self.server.routes["/token"] = self._token
        self.server.routes[f"/v1beta/properties/{self.property}:runReport"] = self._report

    def write_key(self, path: Path, **changed: Any) -> str:
        """Write a key file; return the private key in it."""
        text = _private_key()
        about = {
            "type": "service_account",
            "project_id": "kpis",
            "private_key_id": "1",
            "private_key": text,
            "client_email": "kpis@example.org",
            "token_uri": f"{self.server.url}/token",
        }
        path.write_text(json.dumps({**about, **changed}))
        return text

    def _token(self, asked: Asked) -> Any:
        form = dict(part.split("=", 1) for part in asked.body.decode().split("&"))
        assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        payload = form["assertion"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert claims["aud"] == f"{self.server.url}/token"
        assert claims["scope"].endswith("/analytics.readonly")
        if claims["iss"] != "kpis@example.org":
            said = {
                "error": "invalid_grant",
                "error_description": "Invalid grant: account not found",
            }
            return Reply(said, 400)
        self.tokens += 1
        return {"access_token": f"t0k3n-{self.tokens}", "expires_in": 3599, "token_type": "Bearer"}

    def _report(self, asked: Asked) -> Any:
        if asked.headers.get("Authorization") != f"Bearer t0k3n-{self.tokens}":
            return Reply({"error": {"code": 401, "message": "Bad credentials"}}, 401)
        request = asked.json()
        self.requests.append(request)
        dimensions = [one["name"] for one in request["dimensions"]]
        metrics = [one["name"] for one in request["metrics"]]
        for name in [*dimensions, *metrics]:
            if name not in (
                "date",
                "dateHour",
                "country",
                "eventCount",
                "totalUsers",
                "bounceRate",
            ):
                message = f"Field {name} is not a valid dimension or metric."
                return Reply({"error": {"code": 400, "message": message}}, 400)
        [days] = request["dateRanges"]
        sums: dict[tuple[str, ...], int] = defaultdict(int)
        for hit in self.hits:
            local = hit.time.astimezone(self.zone)
            if days["startDate"] <= f"{local:%Y-%m-%d}" <= days["endDate"]:
                values = {"date": f"{local:%Y%m%d}", "dateHour": f"{local:%Y%m%d%H}"}
                values["country"] = hit.country
                sums[tuple(values[name] for name in dimensions)] += hit.count
        rows = [
            {
                "dimensionValues": [{"value": value} for value in key],
                "metricValues": [{"value": str(count)} for _ in metrics],
            }
            for key, count in sorted(sums.items())
        ]
        start = int(request["offset"])
        page = rows[start : start + int(request["limit"])]
        kinds = {"bounceRate": "TYPE_FLOAT"}
        said: Tree = {
            "dimensionHeaders": [{"name": name} for name in dimensions],
            "metricHeaders": [
                {"name": name, "type": kinds.get(name, "TYPE_INTEGER")} for name in metrics
            ],
            "metadata": {"currencyCode": "EUR", "timeZone": self.zone.key, **self.metadata},
            "kind": "analyticsData#runReport",
        }
        if request.get("returnPropertyQuota"):
            usual = {"tokensPerDay": {"consumed": 2, "remaining": 199_998}}
            said["propertyQuota"] = usual | self.quota
        return {**said, "rows": page, "rowCount": len(rows)} if rows else said


def hours(first: datetime, count: int) -> list[datetime]:
    return [first + timedelta(hours=n) for n in range(count)]
