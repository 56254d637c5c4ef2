"""The output `object_store`: against S3 on loopback, only what changed, each visible page whole."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import traceback
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import fsspec
import pytest
from cutting_proxy import CuttingProxy, SilentServer, refusing_port
from docs_examples import GUIDE, run, write_files
from pydantic import ValidationError
from s3_server import SECRET
from sites import Watcher, write_site

from kpisite.errors import OutputError
from kpisite.outputs import _store_lock
from kpisite.outputs._store_files import arguments, headers
from kpisite.outputs.object_store import ObjectStore
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext, Site
from kpisite.plugins.output import no_progress
from kpisite.testing import SiteDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3_server import S3Server

    from kpisite.plugins import Progress

pytestmark = pytest.mark.usefixtures("short_pauses", "short_looks")

MANIFEST = ".kpisite.json"
LOCK = ".kpisite.lock"
OURS = (MANIFEST, LOCK)
STYLE = "assets/main.484c7ddc.min.css"


def page(*assets: str) -> str:
    return "".join(f'<link href="/{asset}">' for asset in assets) + "x" * 3000


OLD = {
    "index.html": page("assets/old.css", STYLE) + "old",
    "sales/index.html": page("assets/old.css"),
    "assets/old.css": "a{}",
    STYLE: "b{}",
    "gone/index.html": page("assets/old.css"),
    "sitemap.xml": "<old/>",
}
NEW = {
    "index.html": page("assets/new.css", STYLE, "sales/2025-W02/index.html") + "new",
    "sales/index.html": page("assets/new.css"),
    "sales/2025-W02/index.html": page("assets/new.css", "sales/2025-W02/data.json"),
    "sales/2025-W02/data.json": "[1]",
    "assets/new.css": "c{}",
    STYLE: "b{}",
    "sitemap.xml": "<new/>",
}


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for another publish looks often."""
    monkeypatch.setattr(_store_lock, "PAUSE", 0.02)


@pytest.fixture
def old_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that a broken publish has left is taken over soon."""
    monkeypatch.setattr(_store_lock, "STALE", 0.1)


class Bucket:
    """A bucket, the driver before it, and what a reader would see."""

    def __init__(self, s3: S3Server, folder: Path) -> None:
        self.s3 = s3
        self.folder = folder
        self.name = s3.bucket()

    def driver(
        self, port: int | None = None, progress: Progress = no_progress, **options: Any
    ) -> ObjectStore:
        storage = dict(self.s3.options)
        if port:
            storage["endpoint_url"] = f"http://127.0.0.1:{port}"
        given = {"url": f"s3://{self.name}/www", "storage_options": storage, "timeout": 20}
        context = OutputContext("web", self.folder, progress=progress)
        return ObjectStore(ObjectStore.Options(**{**given, **options}), context)

    def site(self, files: dict[str, str]) -> Site:
        return write_site(self.folder / "site", files)

    def filesystem(self) -> Any:
        fs = fsspec.filesystem("s3", **self.s3.options)
        fs.invalidate_cache()
        return fs

    def files(self) -> dict[str, bytes]:
        fs, root = self.filesystem(), f"{self.name}/www/"
        return {path.removeprefix(root): fs.cat_file(path) for path in fs.find(root)}

    def seen(self) -> dict[str, str]:
        """Return all files but our own."""
        return {path: data.decode() for path, data in self.files().items() if path not in OURS}

    def head(self, path: str) -> Any:
        return self.filesystem().call_s3("head_object", Bucket=self.name, Key=f"www/{path}")

    def writes(self, act: Any) -> list[str]:
        """Return the files that are written or removed meanwhile, in order; not our own."""
        asked = self.s3.asked(act)
        changing = [path for method, path in asked if method in ("PUT", "DELETE", "POST")]
        names = [path.removeprefix(f"/{self.name}/www/") for path in changing]
        return [name for name in names if name not in OURS]


@pytest.fixture
def bucket(s3: S3Server, tmp_path: Path) -> Bucket:
    return Bucket(s3, tmp_path)


class TestObjectStoreContract(SiteDriverContract):
    own_files = OURS
    secrets: ClassVar = (SECRET,)

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def make(self, folder: Path) -> ObjectStore:
        return self.bucket.driver(delete=True)

    def make_unreachable(self, folder: Path) -> ObjectStore:
        return self.bucket.driver(refusing_port(), tries=2)

    def published(self, folder: Path) -> dict[str, bytes]:
        return self.bucket.files()


def dead_links(files: dict[str, str]) -> list[str]:
    """Return what visible pages need and would not find."""
    return [
        f"{path}: {needed}"
        for path, text in files.items()
        if path.endswith(".html")
        for needed in re.findall(r'href="/([^"]+)"', text)
        if needed not in files
    ]


def test_the_whole_site_arrives_and_the_receipt_counts_it(bucket):
    site = bucket.site(OLD)
    receipt = bucket.driver().deploy(site)
    assert bucket.seen() == OLD
    assert receipt.target == f"s3://{bucket.name}/www"
    assert receipt.digest == site.digest
    assert receipt.details == {"files": 6, "added": 6, "changed": 0, "removed": 0}


def test_a_deploy_says_how_far_it_is(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    watcher = Watcher()
    bucket.driver(progress=watcher, delete=True).deploy(bucket.site(NEW))
    watcher.check()
    assert watcher.told[-1] == (8, 8)  # six are written, two removed


def test_azure_is_told_types_and_caching(monkeypatch):
    """Its package may not be installed: a stand-in takes what it would be given."""
    package = ModuleType("azure.storage.blob")
    package.ContentSettings = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "azure", ModuleType("azure"))
    monkeypatch.setitem(sys.modules, "azure.storage", ModuleType("azure.storage"))
    monkeypatch.setitem(sys.modules, "azure.storage.blob", package)
    told = arguments("az", headers("a.html", {}, compress=True))
    assert told["content_settings"] == {
        "content_type": "text/html; charset=utf-8",
        "cache_control": "public, max-age=60",
        "content_encoding": "gzip",
    }


def test_an_equal_site_takes_one_request(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    site = bucket.site(OLD)
    bucket.filesystem()
    asked = bucket.s3.asked(lambda: bucket.driver().deploy(site))
    assert asked == [("GET", f"/{bucket.name}/www/{MANIFEST}")]


def test_only_what_changed_is_written_what_pages_need_before_them(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    site = bucket.site(NEW)
    written = bucket.writes(lambda: bucket.driver(parallel=1).deploy(site))
    assert written == [
        "assets/new.css",
        "sales/2025-W02/data.json",
        "sales/2025-W02/index.html",
        "index.html",
        "sales/index.html",
        "sitemap.xml",
    ]
    kept = {path: OLD[path] for path in ("assets/old.css", "gone/index.html")}
    assert bucket.seen() == {**NEW, **kept}


def test_removals_come_last_and_only_where_asked_for(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    site = bucket.site(NEW)
    bucket.driver().deploy(site)
    assert "gone/index.html" in bucket.seen()
    written = bucket.writes(lambda: bucket.driver(delete=True, parallel=1).deploy(site))
    assert written == ["gone/index.html", "assets/old.css"]
    assert bucket.seen() == NEW


def test_files_of_others_below_the_prefix_are_never_removed(bucket):
    bucket.filesystem().pipe_file(f"{bucket.name}/www/robots.txt", b"theirs")
    bucket.driver(delete=True).deploy(bucket.site(OLD))
    bucket.driver(delete=True).deploy(bucket.site(NEW))
    assert bucket.seen() == {**NEW, "robots.txt": "theirs"}


def test_the_plan_names_files_and_sizes_and_changes_nothing(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    site = bucket.site({**OLD, "index.html": "new", "team.html": "x" * 1500})
    asked = bucket.s3.asked(lambda: bucket.driver(delete=True).plan(site))
    assert asked == [("GET", f"/{bucket.name}/www/{MANIFEST}")]
    assert bucket.driver().plan(site) == [
        "1 added, 1 changed, 0 removed, 1.5 kB to write",
        "add team.html, 1.5 kB",
        "change index.html, 3 B",
    ]
    fewer = bucket.site({path: OLD[path] for path in OLD if path != "gone/index.html"})
    assert bucket.driver().plan(fewer) == []
    assert bucket.driver(delete=True).plan(fewer)[1:] == ["remove gone/index.html"]


@pytest.mark.parametrize("damage", [b"{", b"", b'{"format": 99, "files": {}}', b"\xff\xfe"])
def test_a_damaged_manifest_means_that_all_is_written_again(bucket, damage):
    bucket.driver().deploy(bucket.site(OLD))
    bucket.filesystem().pipe_file(f"{bucket.name}/www/{MANIFEST}", damage)
    assert bucket.driver().deploy(bucket.site(OLD)).details["added"] == 6
    assert bucket.driver().deploy(bucket.site(OLD)).details["added"] == 0
    assert bucket.seen() == OLD


def test_types_and_caching_are_told(bucket):
    pages = {**OLD, "a.csv": "a", "b.svg": "<svg/>", "day-20130204.csv": "1"}
    bucket.driver(cache_control={"*.csv": "no-cache"}).deploy(bucket.site(pages))
    html = bucket.head("index.html")
    assert html["ContentType"] == "text/html; charset=utf-8"
    assert html["CacheControl"] == "public, max-age=60"
    style = bucket.head(STYLE)
    assert style["ContentType"] == "text/css; charset=utf-8"
    assert style["CacheControl"] == "public, max-age=31536000, immutable"
    assert bucket.head("assets/old.css")["CacheControl"] == "public, max-age=60"
    assert bucket.head("a.csv")["CacheControl"] == "no-cache"
    assert bucket.head("b.svg")["ContentType"] == "image/svg+xml"
    assert bucket.head(MANIFEST)["CacheControl"] == "no-store"
    bucket.driver().deploy(bucket.site(pages))
    assert bucket.head("day-20130204.csv")["CacheControl"] == "public, max-age=60"


def test_a_header_that_is_told_otherwise_is_a_change_of_that_file_only(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    site = bucket.site(OLD)
    driver = bucket.driver(cache_control={"assets/*": "no-cache"})
    assert sorted(bucket.writes(lambda: driver.deploy(site))) == [STYLE, "assets/old.css"]


def test_gzip_keeps_texts_compressed_and_a_reader_gets_them_whole(bucket):
    bucket.driver(gzip=True).deploy(bucket.site({**OLD, "a.png": "png"}))
    assert bucket.head("index.html")["ContentEncoding"] == "gzip"
    assert "ContentEncoding" not in bucket.head("a.png")
    raw = bucket.filesystem().cat_file(f"{bucket.name}/www/index.html")
    assert gzip.decompress(raw).decode() == OLD["index.html"]
    assert bucket.driver(gzip=True).deploy(bucket.site({**OLD, "a.png": "png"})).details == {
        "files": 7,
        "added": 0,
        "changed": 0,
        "removed": 0,
    }


def test_a_store_that_cannot_say_so_takes_nothing_compressed(tmp_path):
    options = ObjectStore.Options(url="memory://www", gzip=True)
    with pytest.raises(OutputError, match="no way to say that a file is compressed"):
        ObjectStore(options, OutputContext("web", tmp_path)).deploy(
            write_site(tmp_path / "site", OLD)
        )


def test_any_filesystem_of_fsspec_will_do(tmp_path):
    options = ObjectStore.Options(url=f"memory://{tmp_path.name}/www", delete=True)
    driver = ObjectStore(options, OutputContext("web", tmp_path))
    for files in (OLD, NEW):
        driver.deploy(write_site(tmp_path / "site", files))
        fs = fsspec.filesystem("memory")
        found = {p.partition("/www/")[2]: fs.cat(p).decode() for p in fs.find(f"/{tmp_path.name}")}
        assert json.loads(found.pop(MANIFEST))["files"].keys() == files.keys()
        assert found == files


def test_the_arguments_of_the_reference_name_a_bucket(bucket):
    options = ObjectStore.Options(
        bucket=bucket.name,
        prefix="www/",
        region_name="us-east-1",
        endpoint_url=bucket.s3.address,
        aws_access_key_id=bucket.s3.options["key"],
        aws_secret_access_key=bucket.s3.options["secret"],
    )
    receipt = ObjectStore(options, OutputContext("web", bucket.folder)).deploy(bucket.site(OLD))
    assert receipt.target == f"s3://{bucket.name}/www"
    assert bucket.seen() == OLD
    assert bucket.s3.options["secret"] not in repr(options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name either 'url' or 'bucket'"),
        ({"url": "s3://a", "bucket": "b"}, "name either 'url' or 'bucket'"),
        ({"url": "s3://a", "prefix": "b"}, "'prefix' belongs to 'bucket'"),
        ({"url": "public"}, "is no URL of a store"),
    ],
)
def test_a_place_is_named_once(options, message):
    with pytest.raises(ValidationError, match=message):
        ObjectStore.Options(**options)


def test_a_folder_of_this_computer_is_left_to_static(tmp_path):
    options = ObjectStore.Options(url=f"file://{tmp_path}/www")
    with pytest.raises(OutputError, match="plugin: static"):
        ObjectStore(options, OutputContext("web", tmp_path)).plan(
            write_site(tmp_path / "site", OLD)
        )


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "webdav4", None)
    options = ObjectStore.Options(url="webdav://example.org/www")
    with pytest.raises(OutputError, match="pip install 'webdav4'"):
        ObjectStore(options, OutputContext("web", tmp_path)).plan(
            write_site(tmp_path / "site", OLD)
        )


def test_a_password_in_the_url_is_not_shown(tmp_path):
    options = ObjectStore.Options(url="ftp://me:secret-word@example.org/www")
    assert "secret-word" not in ObjectStore(options, OutputContext("web", tmp_path)).target


# --- failures ---------------------------------------------------------------------------------


def refuse_after(bucket: Bucket, count: int, status: int, code: str, times: int = 1000) -> None:
    """Answer writes with an error, once so many have passed."""
    state = {"passed": 0, "refused": 0}

    def refuse(request: dict[str, Any]) -> tuple[int, str] | None:
        if request["REQUEST_METHOD"] not in ("PUT", "DELETE"):
            return None
        if state["passed"] < count or state["refused"] >= times:
            state["passed"] += 1
            return None
        state["refused"] += 1
        return status, code

    bucket.s3.refuse = refuse


@pytest.fixture
def old(bucket: Bucket, old_lock: None) -> Iterator[Bucket]:
    bucket.driver().deploy(bucket.site(OLD))
    bucket.site(NEW)
    yield bucket
    bucket.s3.refuse = lambda request: None


def finish(bucket: Bucket) -> None:
    """Publish again, and see the new site only."""
    bucket.s3.refuse = lambda request: None
    bucket.driver(delete=True).deploy(read_site(bucket.folder / "site"))
    assert bucket.seen() == NEW


@pytest.mark.parametrize(
    ("count", "status", "code", "message"),
    [
        *((count, 507, "QuotaExceeded", "no room left") for count in range(13)),
        *((count, 507, "XMinioStorageFull", "no room left") for count in (1, 5)),
        *((count, 403, "AccessDenied", "the store refuses") for count in (0, 4)),
        *((count, 503, "SlowDown", "answered 503 SlowDown") for count in (1, 6)),
    ],
)
def test_wherever_it_ends_each_visible_page_is_whole_and_a_rerun_finishes(
    old, count, status, code, message
):
    site = read_site(old.folder / "site")
    refuse_after(old, count, status, code)
    failed = None
    try:
        old.driver(delete=True, tries=1, parallel=1).deploy(site)
    except OutputError as error:
        failed = str(error)
    old.s3.refuse = lambda request: None
    seen = old.seen()
    assert dead_links(seen) == []
    for path, text in seen.items():
        assert text in (OLD.get(path), NEW.get(path))
    if count < 11:  # the lock, two manifests, six files, two removals; the lock may stay
        assert failed is not None
        assert message in failed
        assert "output 'web'" in failed
    finish(old)


@pytest.mark.parametrize("count", [0, 3, 7])
def test_after_a_failure_the_old_site_can_be_put_back(old, count):
    refuse_after(old, count, 403, "AccessDenied")
    with pytest.raises(OutputError):
        old.driver(delete=True, tries=1).deploy(read_site(old.folder / "site"))
    old.s3.refuse = lambda request: None
    old.driver(delete=True).deploy(old.site(OLD))
    assert old.seen() == OLD


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown")])
def test_what_may_pass_is_tried_again(old, status, code):
    refuse_after(old, 2, status, code, times=3)
    old.driver(delete=True).deploy(read_site(old.folder / "site"))
    finish(old)


def test_what_will_not_pass_is_not_tried_again(old):
    refuse_after(old, 0, 403, "AccessDenied")
    site = read_site(old.folder / "site")

    def deploy() -> None:
        with pytest.raises(OutputError, match="Check the credentials"):
            old.driver().deploy(site)

    asked = old.s3.asked(deploy)
    assert len([path for method, path in asked if method == "PUT"]) == 1


def test_a_server_that_refuses_connections_is_named_and_a_rerun_finishes(old):
    site = read_site(old.folder / "site")
    with pytest.raises(OutputError, match="was not reached") as caught:
        old.driver(refusing_port(), tries=2).deploy(site)
    assert "endpoint_url" in caught.value.hint
    assert old.seen() == OLD
    finish(old)


def test_a_store_that_is_connected_to_as_soon_as_it_is_opened_is_named_too(tmp_path):
    options = ObjectStore.Options(url=f"ftp://me:secret-word@127.0.0.1:{refusing_port()}/www")
    driver = ObjectStore(options, OutputContext("web", tmp_path))
    site = write_site(tmp_path / "site", OLD)
    for act in (driver.plan, driver.deploy):
        with pytest.raises(OutputError, match="was not reached") as caught:
            act(site)
        assert "secret-word" not in "".join(traceback.format_exception(caught.value, limit=0))


def test_a_server_that_never_answers_is_given_up(old):
    with SilentServer() as silent, pytest.raises(OutputError, match="was not reached"):
        old.driver(silent.port, tries=1, timeout=0.3).deploy(read_site(old.folder / "site"))
    assert old.seen() == OLD
    finish(old)


@pytest.mark.parametrize("limit", [300, 2000, 4000, 8000, 12000, 20000])
def test_a_reset_in_the_middle_leaves_whole_pages_and_a_rerun_finishes(old, limit):
    port = int(old.s3.address.rpartition(":")[2])
    site = read_site(old.folder / "site")
    with CuttingProxy(port, limit) as proxy:
        try:
            old.driver(proxy.port, tries=1, parallel=2).deploy(site)
        except OutputError as error:
            assert "output 'web'" in str(error)  # noqa: PT017 - the last limit lets all pass
        assert limit == 20000 or proxy.limit == 0
    assert dead_links(old.seen()) == []
    finish(old)


def test_a_server_that_falls_silent_in_the_middle_is_given_up(old):
    port = int(old.s3.address.rpartition(":")[2])
    site = read_site(old.folder / "site")
    with (
        CuttingProxy(port, 6000, silent=True) as proxy,
        pytest.raises(OutputError, match="was not reached"),
    ):
        old.driver(proxy.port, tries=1, timeout=2).deploy(site)
    assert dead_links(old.seen()) == []
    finish(old)


def test_a_missing_bucket_is_named_and_not_made(bucket):
    driver = bucket.driver(url="s3://kpis-nowhere/www")
    with pytest.raises(OutputError, match="there is no such bucket"):
        driver.deploy(bucket.site(OLD))


# --- two at once ------------------------------------------------------------------------------

NEWER = {
    "index.html": page("assets/newer.css", STYLE) + "newer",
    "sales/index.html": page("assets/newer.css"),
    "assets/newer.css": "d{}",
    STYLE: "b{}",
    "sitemap.xml": "<newer/>",
}


def test_a_publish_waits_for_another_one_and_goes_on_from_what_that_has_left(bucket):
    """The second one begins while the first one is about to write a page."""
    first = bucket.site(OLD)
    second = write_site(bucket.folder / "second", NEW)
    waits = Event()
    results: list[Any] = []

    def publish_second() -> None:
        results.append(bucket.driver(delete=True).deploy(second))

    thread = Thread(target=publish_second)

    def refuse(request: dict[str, Any]) -> None:
        method, path = request["REQUEST_METHOD"], request["PATH_INFO"].rsplit("/", 1)[-1]
        if (method, path) == ("GET", LOCK):
            waits.set()

    def begin_second() -> None:
        bucket.s3.refuse = refuse
        thread.start()
        assert waits.wait(120)

    bucket.s3.between("PUT", "index.html", begin_second)
    bucket.driver(delete=True).deploy(first)
    thread.join()
    assert bucket.seen() == NEW
    assert results[0].details["removed"] == 2
    assert bucket.driver(delete=True).plan(second) == []
    assert not bucket.filesystem().exists(f"{bucket.name}/www/{LOCK}")


def test_publishes_at_once_leave_one_whole_site_and_a_manifest_that_is_true(bucket):
    sites = {"old": OLD, "new": NEW, "newer": NEWER}
    built = {name: write_site(bucket.folder / name, files) for name, files in sites.items()}
    barrier = Barrier(len(sites))

    def publish(name: str) -> None:
        barrier.wait()
        bucket.driver(delete=True).deploy(built[name])

    with ThreadPoolExecutor(len(sites)) as executor:
        list(executor.map(publish, sites))
    seen = bucket.seen()
    name = next(name for name, files in sites.items() if files == seen)
    assert bucket.driver(delete=True).plan(built[name]) == []


def test_a_publish_that_was_taken_over_stops_and_says_so(old, monkeypatch):
    """The first one sleeps while it writes; another one finds its lock too old."""
    first = old.site(NEW)
    second = write_site(old.folder / "second", NEWER)

    def take_over() -> None:
        old.driver(delete=True).deploy(second)
        monkeypatch.setattr(_store_lock, "VALID", 0.0)

    old.s3.between("PUT", "data.json", take_over)
    with pytest.raises(OutputError, match="took over"):
        old.driver(delete=True, parallel=1).deploy(first)
    monkeypatch.setattr(_store_lock, "VALID", 45.0)
    in_flight = {"sales/2025-W02/data.json": "[1]"}
    assert old.seen() == {**NEWER, **in_flight}
    finish(old)


def test_a_killed_publish_is_followed_by_one_that_finishes(old):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    old.s3.between("PUT", "index.html", lambda: killed.kill())
    killed = subprocess.Popen(
        [sys.executable, "-c", DEPLOY, str(old.folder), old.name, json.dumps(old.s3.options)],
        env=environment,
    )
    assert killed.wait(300) == -signal.SIGKILL
    assert old.filesystem().exists(f"{old.name}/www/{LOCK}")
    assert dead_links(old.seen()) == []
    finish(old)


DEPLOY = """\
import json, sys
from pathlib import Path
from kpisite.outputs._store_files import arguments, headers
from kpisite.outputs.object_store import ObjectStore
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext
folder, bucket, storage = sys.argv[1:]
options = ObjectStore.Options(url=f"s3://{bucket}/www", storage_options=json.loads(storage))
ObjectStore(options, OutputContext("web", Path(folder))).deploy(read_site(Path(folder) / "site"))
"""


def test_credentials_that_may_not_remove_leave_a_lock_that_is_open(bucket):
    bucket.s3.refuse = lambda request: (
        (403, "AccessDenied") if request["REQUEST_METHOD"] == "DELETE" else None
    )
    bucket.driver().deploy(bucket.site(OLD))
    bucket.driver().deploy(bucket.site({**OLD, "index.html": "new"}))
    assert bucket.seen() == {**OLD, "index.html": "new"}


def test_a_publish_that_never_ends_is_not_waited_for_for_ever(bucket, monkeypatch):
    monkeypatch.setattr(_store_lock, "PATIENCE", 0.2)
    bucket.filesystem().pipe_file(f"{bucket.name}/www/{LOCK}", b"damaged")
    with pytest.raises(OutputError, match="all the time") as caught:
        bucket.driver().deploy(bucket.site(OLD))
    assert LOCK in caught.value.hint
    assert bucket.seen() == {}


def test_a_lock_that_is_held_is_written_anew(bucket, monkeypatch):
    """Also while the only upload at a time takes long."""
    monkeypatch.setattr(_store_lock, "BEAT", 0.01)
    site = bucket.site(OLD)

    def wait_for_beats() -> None:
        before = len(bucket.s3.requests)
        while len([path for method, path in bucket.s3.requests[before:] if method == "PUT"]) < 2:
            Event().wait(0.01)

    bucket.s3.between("PUT", "index.html", wait_for_beats)
    bucket.driver(parallel=1).deploy(site)
    assert bucket.seen() == OLD


# --- the CDN ----------------------------------------------------------------------------------

TELL = "import sys; open('told.txt', 'a').write(' '.join(sys.argv[1:]) + chr(10))"


def test_the_cdn_is_told_what_changed_and_nothing_where_nothing_did(bucket):
    driver = bucket.driver(invalidate=[sys.executable, "-c", TELL, "--paths", "{paths}"])
    driver.deploy(bucket.site({"index.html": "1", "a/index.html": "1"}))
    driver.deploy(bucket.site({"index.html": "1", "a/index.html": "2"}))
    driver.deploy(bucket.site({"index.html": "1", "a/index.html": "2"}))
    assert (bucket.folder / "told.txt").read_text().splitlines() == [
        "--paths / /a/ /a/index.html /index.html",
        "--paths /a/ /a/index.html",
    ]


def test_a_cdn_that_was_not_told_is_told_by_the_next_deploy(bucket):
    site = bucket.site({"index.html": "1"})
    broken = bucket.driver(invalidate=[sys.executable, "-c", "raise SystemExit('no key')"])
    with pytest.raises(OutputError, match=r"the CDN was not told: .* no key"):
        broken.deploy(site)
    assert bucket.seen() == {"index.html": "1"}
    mended = bucket.driver(invalidate=[sys.executable, "-c", TELL, "{paths}"])
    mended.deploy(site)
    mended.deploy(site)
    assert (bucket.folder / "told.txt").read_text() == "/ /index.html\n"


def test_a_cdn_is_told_addresses_as_browsers_ask_for_them(bucket):
    command = [sys.executable, "-c", TELL, "{paths}"]
    bucket.driver(invalidate=command).deploy(bucket.site({"verkäufe nord/a@2.css": "1"}))
    assert (bucket.folder / "told.txt").read_text() == "/verk%C3%A4ufe%20nord/a@2.css\n"


def test_what_a_cdn_command_says_may_be_no_text(bucket):
    says = "import sys; sys.stderr.buffer.write(b'geht nicht: \\xfc'); sys.exit(3)"
    with pytest.raises(OutputError, match="ended with 3: geht nicht: \ufffd"):
        bucket.driver(invalidate=[sys.executable, "-c", says]).deploy(bucket.site({"a.css": "1"}))


def test_a_reader_without_credentials_is_answered_with_the_type(bucket):
    bucket.driver().deploy(bucket.site(OLD))
    address = f"{bucket.s3.address}/{bucket.name}/www/index.html"
    acl = {"Bucket": bucket.name, "Key": "www/index.html", "ACL": "public-read"}
    bucket.filesystem().call_s3("put_object_acl", **acl)
    with urllib.request.urlopen(address) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.read().decode() == OLD["index.html"]


def test_the_report_of_the_guide_is_published(bucket, tmp_path):
    write_files(GUIDE / "outputs" / "object_store.md", tmp_path)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: Sales\ndocs_dir: content\ntheme: {name: material, font: false}\n"
        "plugins: [kpisite]\n"
    )
    environment = {
        **os.environ,
        "KPISITE_NOW": "2025-04-01",
        "KPI_BUCKET": bucket.name,
        "KPI_STORE_URL": bucket.s3.address,
        "AWS_ACCESS_KEY_ID": bucket.s3.options["key"],
        "AWS_SECRET_ACCESS_KEY": bucket.s3.options["secret"],
    }
    planned = run(tmp_path, "kpisite", "publish", "--dry-run", environment=environment)
    assert planned.returncode == 0, planned.stderr
    assert "add index.html" in planned.stdout or "more lines" in planned.stdout
    assert bucket.filesystem().find(bucket.name) == []
    for added in (True, False):
        published = run(tmp_path, "kpisite", "publish", environment=environment)
        assert published.returncode == 0, published.stderr + published.stdout
        assert (" 0 added" in published.stdout.replace("\n", " ")) is not added
    home = bucket.filesystem().cat_file(f"{bucket.name}/sales/index.html").decode()
    assert home == (tmp_path / "site" / "index.html").read_text()
