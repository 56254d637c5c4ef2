"""The output driver `github_pages`: puts the site on a branch, as one commit of what changed."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from kpisite.errors import OutputError
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARKER = ".kpisite"
"""File on the branch that lists, after the site's digest, the files that this driver put there."""

_ATTEMPTS = 5
_TIMEOUT = 600
_USERINFO = re.compile(r"(?<=://)[^/\s'\"]*@")


class GithubPages(SiteDriver):
    """Commits on top of the remote's branch with an index of its own.

    The library ghp-import writes every file of a branch anew and keeps no one else's files beside
    them, so this driver speaks to git itself. The project's working tree, index and branches are
    never touched.
    """

    class Options(PluginOptions):
        """Where the site is put."""

        remote: str = Field(default="origin", pattern=r"^[^-]")
        """Name or address of the Git remote."""
        branch: str = Field(default="gh-pages", pattern=r"^[^-:+\s][^:\s]*$")
        """The branch that is published."""
        folder: str = ""
        """Folder of the branch that the site is put into; its root by default."""
        cname: str = ""
        """Own domain of the site, written to the file `CNAME`."""
        message: str = Field(default="Publish the site {digest}", min_length=1)
        """Message of the commit; `{digest}` stands for the start of the site's digest."""
        author_name: str = ""
        """Author of the commit; by default who Git says you are, else `kpisite`."""
        author_email: str = ""
        """The author's address."""

        @field_validator("folder")
        @classmethod
        def _inside(cls, folder: str) -> str:
            path = PurePosixPath(folder)
            if path.is_absolute() or ".." in path.parts or ".git" in path.parts:
                raise ValueError("must be a folder inside the branch, such as 'reports'")
            return "" if path == PurePosixPath() else path.as_posix()

    options: Options

    @property
    def target(self) -> str:
        """Remote, branch and folder, without a secret."""
        remote = _USERINFO.sub("", self.options.remote)
        folder = f"/{self.options.folder}" if self.options.folder else ""
        return f"{remote} {self.options.branch}{folder}"

    def plan(self, site: Site) -> Sequence[str]:
        """Return the files that would be added, changed and removed; none where all are equal."""
        parent = self._fetch()
        return self._compare(site, parent, write=False).lines()

    def deploy(self, site: Site) -> Receipt:
        """Commit what changed and push it; where the remote moved meanwhile, again on top of it.

        Raises:
            OutputError: The push was refused, or the branch holds files of others in the way.
        """
        for attempt in range(_ATTEMPTS):
            parent = self._fetch()
            changes = self._compare(site, parent, write=True)
            if not changes.any:
                return self._receipt(site, changes, parent)
            commit = self._commit(site, changes, parent)
            lease = f"--force-with-lease=refs/heads/{self.options.branch}:{parent}"
            refspec = f"{commit}:refs/heads/{self.options.branch}"
            try:
                self._git("push", "--quiet", lease, self.options.remote, refspec)
            except OutputError:
                if self._tip() == parent or attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.2 * 2**attempt)
                continue
            return self._receipt(site, changes, commit)
        raise AssertionError("the last attempt returns or raises")

    def _receipt(self, site: Site, changes: _Changes, commit: str) -> Receipt:
        return Receipt(
            target=self.target,
            digest=site.digest,
            details={
                "commit": commit,
                "files": len(site.files),
                "added": len(changes.added),
                "changed": len(changes.changed),
                "removed": len(changes.removed),
            },
        )

    def _tip(self) -> str:
        """Return the commit that the remote's branch is at; "" where there is no branch."""
        name = f"refs/heads/{self.options.branch}"
        return self._git("ls-remote", self.options.remote, name).partition("\t")[0]

    def _fetch(self) -> str:
        """Fetch the branch to a name of this driver's own, and return its commit."""
        if not self._tip():
            return ""
        own = f"refs/kpisite/{self.options.branch}"
        shallow = self._git("rev-parse", "--is-shallow-repository").strip() == "true"
        self._git(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head"),
            *(["--depth=1"] if shallow else []),
            *(self.options.remote, f"+refs/heads/{self.options.branch}:{own}"),
        )
        return self._git("rev-parse", own).strip()

    def _compare(self, site: Site, parent: str, *, write: bool) -> _Changes:
        """Compare the site with the branch by the hashes that Git knows contents by."""
        prefix = f"{self.options.folder}/" if self.options.folder else ""
        there = self._tree(parent)
        marked = f"{prefix}{MARKER}" in there
        listed = self._git("cat-file", "blob", f"{parent}:{prefix}{MARKER}") if marked else ""
        ours = {f"{prefix}{path}" for path in listed.splitlines()[1:]} & set(there)
        wanted = self._hashes(site, prefix, write=write)
        if not marked and (in_the_way := sorted(set(wanted) & set(there))):
            raise self._error(
                f"the branch '{self.options.branch}' holds files that kpisite did not put there, "
                f"such as '{in_the_way[0]}'",
                f"Name another 'folder'. If they may be replaced, commit an empty file "
                f"'{prefix}{MARKER}' to the branch.",
            )
        marker = "\n".join([site.digest, *site.files]) + "\n"
        wanted[f"{prefix}{MARKER}"] = self._hash(marker, write=write)
        if ".nojekyll" not in there:
            wanted.setdefault(".nojekyll", self._hash("", write=write))
        if self.options.cname:
            wanted["CNAME"] = self._hash(f"{self.options.cname}\n", write=write)
        return _Changes(
            {path: blob for path, blob in wanted.items() if path not in there},
            {p: blob for p, blob in wanted.items() if p in there and there[p] != blob},
            tuple(sorted(ours - set(wanted))),
        )

    def _tree(self, commit: str) -> dict[str, str]:
        """Return the hashes of all files of a commit by their paths."""
        if not commit:
            return {}
        entries = self._git("ls-tree", "-r", "-z", commit).split("\0")[:-1]
        pairs = (entry.split("\t", 1) for entry in entries)
        return {path: head.split(" ")[2] for head, path in pairs}

    def _hashes(self, site: Site, prefix: str, *, write: bool) -> dict[str, str]:
        paths = "".join(f"{(site.folder / path).resolve()}\n" for path in site.files)
        options = ["-w"] if write else []
        hashes = self._git("hash-object", *options, "--no-filters", "--stdin-paths", text=paths)
        return {
            f"{prefix}{path}": blob
            for path, blob in zip(site.files, hashes.split(), strict=True)
            if path != MARKER
        }

    def _hash(self, text: str, *, write: bool) -> str:
        options = ["-w"] if write else []
        return self._git("hash-object", *options, "--stdin", text=text).strip()

    def _commit(self, site: Site, changes: _Changes, parent: str) -> str:
        """Write the commit; nothing names it before it is pushed."""
        gone = "".join(f"0 {'0' * 40}\t{path}\0" for path in changes.removed)
        new = {**changes.added, **changes.changed}
        lines = gone + "".join(f"100644 {blob}\t{path}\0" for path, blob in new.items())
        message = self.options.message.replace("{digest}", site.digest[:12])
        with tempfile.TemporaryDirectory(prefix="kpisite-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if parent:
                self._git("read-tree", parent, env=index)
            self._git("update-index", "-z", "--index-info", text=lines, env=index)
            tree = self._git("write-tree", env=index).strip()
        parents = ["-p", parent] if parent else []
        return self._git("commit-tree", tree, *parents, text=message, env=self._author()).strip()

    def _author(self) -> dict[str, str]:
        name = self.options.author_name or self._setting("user.name") or "kpisite"
        email = self.options.author_email or self._setting("user.email") or "kpisite@localhost"
        people = ("AUTHOR", "COMMITTER")
        return {
            **{f"GIT_{who}_NAME": name for who in people},
            **{f"GIT_{who}_EMAIL": email for who in people},
        }

    def _setting(self, name: str) -> str:
        return self._git("config", "--default", "", "--get", name).strip()

    def _git(self, *arguments: str, text: str = "", env: Mapping[str, str] | None = None) -> str:
        """Run git in the project's folder, and return what it says."""
        quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603 - no shell
                ["git", *arguments],  # noqa: S607 - the one on the PATH
                cwd=self.context.folder,
                env={**os.environ, **quiet, **(env or {})},
                input=text.encode(),
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except FileNotFoundError as error:
            raise self._error("git is not on the PATH", "Install Git.") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = "took too long" if isinstance(error, subprocess.TimeoutExpired) else "failed"
            raise self._error(f"'git {arguments[0]}' {reason}", "Try again.") from None
        if done.returncode:
            said = _USERINFO.sub("", done.stderr.decode(errors="replace").strip())
            raise self._error(
                f"cannot be put on '{self.target}': 'git {arguments[0]}' says: {said}",
                "What was there before still is. Check the remote and your rights to it.",
            )
        return done.stdout.decode(errors="surrogateescape")

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(message, where=f"output '{self.context.id}'", hint=hint)


@dataclass(frozen=True)
class _Changes:
    """Paths on the branch; hashes of the new contents."""

    added: Mapping[str, str]
    changed: Mapping[str, str]
    removed: tuple[str, ...]

    @property
    def any(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def lines(self) -> list[str]:
        """Return a summary and a line for each file; none where nothing changes."""
        if not self.any:
            return []
        return [
            f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed",
            *(f"add {path}" for path in sorted(self.added)),
            *(f"change {path}" for path in sorted(self.changed)),
            *(f"remove {path}" for path in self.removed),
        ]
