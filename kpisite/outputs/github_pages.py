"""The output driver `github_pages`: puts the site on a branch, as one commit of what changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, field_validator

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes, compare
from kpisite.outputs._git import Git, GitError, NoGitError, without_user
from kpisite.outputs._git_branch import RemoteBranch
from kpisite.outputs._git_trouble import MovedError, hint, may_pass
from kpisite.outputs._retries import retrying
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MARKER = ".kpisite"
"""File on the branch that lists, after the site's digest, the files that this driver put there."""

_T = TypeVar("_T")


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
        timeout: float = Field(default=60, gt=0)
        """Seconds until a remote that says nothing more is given up."""
        tries: int = Field(default=5, ge=1, le=20)
        """How often it is begun anew when the remote was not reached, or has moved."""

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
        remote = without_user(self.options.remote)
        folder = f"/{self.options.folder}" if self.options.folder else ""
        return f"{remote} {self.options.branch}{folder}"

    def plan(self, site: Site) -> Sequence[str]:
        """Return the files that would be added, changed and removed; none where all are equal."""

        def ask(branch: RemoteBranch) -> list[str]:
            found = self._compare(site, branch, branch.fetch(), write=False)
            return found.changes.lines_with(found.sizes)

        return self._with_branch(ask)

    def deploy(self, site: Site) -> Receipt:
        """Commit what changed and push it; where the remote moved meanwhile, again on top of it.

        Raises:
            OutputError: The push was refused, or the branch holds files of others in the way.
        """

        def bring(branch: RemoteBranch) -> Receipt:
            commit = branch.fetch()
            found = self._compare(site, branch, commit, write=True)
            if found.new or found.changes.any:
                message = self.options.message.replace("{digest}", site.digest[:12])
                author = (self.options.author_name, self.options.author_email)
                parent = commit
                commit = branch.commit(parent, found.new, found.changes.removed, message, author)
                branch.push(commit, parent, self.context.progress)
            details = {"commit": commit, **found.changes.details(len(site.files))}
            return Receipt(target=self.target, digest=site.digest, details=details)

        return self._with_branch(bring)

    def _compare(self, site: Site, branch: RemoteBranch, commit: str, *, write: bool) -> _Found:
        """Compare the site with the branch by the hashes that Git knows contents by."""
        prefix = f"{self.options.folder}/" if self.options.folder else ""
        there = branch.files(commit)
        marked = f"{prefix}{MARKER}" in there
        listed = branch.text(commit, f"{prefix}{MARKER}") if marked else ""
        ours = {f"{prefix}{path}" for path in listed.splitlines()[1:]} & there.keys()
        paths = [path for path in site.files if path != MARKER]
        files = [site.folder / path for path in paths]
        names = [f"{prefix}{path}" for path in paths]
        wanted = dict(zip(names, branch.hashes(files, write=write), strict=True))
        if not marked and (in_the_way := sorted(wanted.keys() & there.keys())):
            raise self._error(
                f"the branch '{self.options.branch}' holds files that kpisite did not put there, "
                f"such as '{in_the_way[0]}'",
                f"Name another 'folder'. If they may be replaced, commit an empty file "
                f"'{prefix}{MARKER}' to the branch.",
            )
        sizes = {n: file.stat().st_size for n, file in zip(names, files, strict=True)}
        for path, text in self._texts(there).items():
            if path == "CNAME" or path not in wanted:
                wanted[path] = branch.hash(text, write=write)
                sizes[path] = len(text)
        before = {path: there[path] for path in (wanted.keys() | ours) & there.keys()}
        marker = "\n".join([site.digest, *site.files]) + "\n"
        all_new = {**wanted, f"{prefix}{MARKER}": branch.hash(marker, write=write)}
        new = {path: blob for path, blob in all_new.items() if there.get(path) != blob}
        return _Found(compare(wanted, before), new, sizes)

    def _texts(self, there: Mapping[str, str]) -> dict[str, str]:
        """Return what GitHub looks for in the branch's root."""
        cname = {"CNAME": f"{self.options.cname}\n"} if self.options.cname else {}
        return cname if ".nojekyll" in there else {".nojekyll": "", **cname}

    def _with_branch(self, act: Callable[[RemoteBranch], _T]) -> _T:
        options = self.options
        git = Git(self.context.folder, options.timeout)
        branch = RemoteBranch(git, options.remote, options.branch)
        try:
            return retrying(options.tries, may_pass)(lambda: act(branch))
        except NoGitError as error:
            raise self._error(str(error), "Install Git.") from error
        except (GitError, MovedError) as error:
            raise self._error(
                f"'{self.target}' cannot be reached or changed: {error}", hint(error)
            ) from None
        except OSError as error:
            raise self._error(
                f"git cannot be run: {error}", "Check the project's folder."
            ) from error

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(message, where=f"output '{self.context.id}'", hint=hint)


@dataclass(frozen=True)
class _Found:
    """How the branch becomes what is wanted. Paths begin at its root."""

    changes: Changes
    new: Mapping[str, str]
    """Hashes of the files to commit: what is added or changed, and the marker."""
    sizes: Mapping[str, int]
    """Bytes of each file that is wanted."""
