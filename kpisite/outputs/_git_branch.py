"""A branch of a Git remote that gets one commit at a time, without a working tree."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.outputs._git import Git, GitError, without_user
from kpisite.outputs._git_trouble import MovedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class RemoteBranch:
    """The branch; errors are those of `Git`."""

    def __init__(self, git: Git, remote: str, branch: str) -> None:
        self._git = git
        self._remote = remote
        self._name = f"refs/heads/{branch}"
        digest = hashlib.sha256(without_user(remote).encode()).hexdigest()[:8]
        self._own = f"refs/kpisite/{branch}-{digest}"

    def tip(self) -> str:
        """Return the commit that the branch is at; "" where there is no branch."""
        return self._git.run("ls-remote", self._remote, self._name).partition("\t")[0]

    def fetch(self) -> str:
        """Fetch the branch, and return its commit; "" where there is no branch.

        Raises:
            MovedError: It was rewritten meanwhile.
        """
        tip = self.tip()
        if not tip:
            return ""
        shallow = self._git.run("rev-parse", "--is-shallow-repository").strip() == "true"
        self._git.run(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="),
            *(["--depth=1"] if shallow else []),
            *(self._remote, self._name),
        )
        try:
            self._git.run("cat-file", "-e", f"{tip}^{{commit}}")
        except GitError as error:
            raise MovedError("the branch was rewritten meanwhile") from error
        self._keep(tip)
        return tip

    def files(self, commit: str) -> dict[str, str]:
        """Return the hashes of all files of a commit by their paths."""
        if not commit:
            return {}
        entries = self._git.run("ls-tree", "-r", "-z", commit).split("\0")[:-1]
        pairs = (entry.split("\t", 1) for entry in entries)
        return {path: head.split(" ")[2] for head, path in pairs}

    def text(self, commit: str, path: str) -> str:
        """Return a file's content."""
        return self._git.run("cat-file", "blob", f"{commit}:{path}")

    def hashes(self, files: Iterable[Path], *, write: bool) -> list[str]:
        """Return the hashes of files; `write` puts their contents into the project's repository."""
        paths = "".join(f"{file.resolve()}\n" for file in files)
        options = ["-w"] if write else []
        return self._git.run(
            "hash-object", *options, "--no-filters", "--stdin-paths", text=paths
        ).split()

    def hash(self, text: str, *, write: bool) -> str:
        """Return the hash of a text."""
        options = ["-w"] if write else []
        return self._git.run("hash-object", *options, "--stdin", text=text).strip()

    def commit(
        self,
        parent: str,
        new: Mapping[str, str],
        gone: Iterable[str],
        message: str,
        author: tuple[str, str],
    ) -> str:
        """Write a commit; nothing names it before it is pushed.

        Args:
            parent: The commit before; "" for the first one.
            new: Path and hash of each file that is added or changed.
            gone: Paths of files that are removed.
            message: Its message.
            author: Name and address; where they are empty, who Git says you are.
        """
        lines = [f"0 {'0' * 40}\t{path}\0" for path in gone]
        lines += [f"100644 {blob}\t{path}\0" for path, blob in new.items()]
        with tempfile.TemporaryDirectory(prefix="kpisite-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if parent:
                self._git.run("read-tree", parent, env=index)
            self._git.run("update-index", "-z", "--index-info", text="".join(lines), env=index)
            tree = self._git.run("write-tree", env=index).strip()
        parents = ["-p", parent] if parent else []
        who = self._who(author)
        return self._git.run("commit-tree", tree, *parents, text=message, env=who).strip()

    def push(self, commit: str, parent: str, progress: Callable[[int, int], None]) -> None:
        """Put the branch from one commit to the next, in one step.

        Raises:
            MovedError: It is not at the first one any more.
            GitError: It still is.
        """
        lease = f"--force-with-lease={self._name}:{parent}"
        arguments: Sequence[str] = ("push", "--progress", lease, self._remote)
        try:
            self._git.run(*arguments, f"{commit}:{self._name}", progress=progress)
        except GitError as error:
            if (tip := self._tip_after(error)) != commit:
                if tip == parent:
                    raise
                raise MovedError("others have pushed to the branch meanwhile") from error
        self._keep(commit)  # it has arrived, though the answer may be lost

    def _tip_after(self, failure: GitError) -> str:
        """Return where the branch is after a push that failed."""
        try:
            return self.tip()
        except GitError:
            raise failure from None

    def _keep(self, commit: str) -> None:
        """Name a commit, so that the next fetch brings only what is new."""
        try:
            self._git.run("update-ref", self._own, commit)
        except GitError:
            return  # another output is at it, or a crash left a lock: that costs a download

    def _who(self, author: tuple[str, str]) -> dict[str, str]:
        name = author[0] or self._git.setting("user.name") or "kpisite"
        email = author[1] or self._git.setting("user.email") or "kpisite@localhost"
        people = ("AUTHOR", "COMMITTER")
        return {
            **{f"GIT_{who}_NAME": name for who in people},
            **{f"GIT_{who}_EMAIL": email for who in people},
        }
