"""What the errors of git mean: which may pass, and what to do about the others."""

from __future__ import annotations

import re

from kpisite.outputs._git import GitError

_NO_ROOM = re.compile(r"no space left|quota|file too large|exceeds .*(limit|size)|GH001", re.I)
_NO_ACCESS = re.compile(
    r"authentication failed|could not read (username|password)|permission (to .*)?denied|"
    r"(returned error:|http) 40[13]|host key verification failed|access denied|not authorized",
    re.I,
)
_MISSING = re.compile(
    r"not found|not appear to be a git repository|returned error: 404|does not exist|not valid:|"
    r"git-http-push failed",
    re.I,
)
_REFUSED = re.compile(r"declined|protected branch|GH006|refusing to", re.I)
_MAY_PASS = re.compile(
    r"could not resolve|(failed|couldn't) (to )?connect|connection (refused|reset|timed|closed)|"
    r"timed out|too slow|returned error: (408|425|429|5\d\d)|rpc failed|hung up|early eof|"
    r"unexpected disconnect|broken pipe|empty reply|kex_exchange|gnutls|openssl|bad line length|"
    r"expected flush|invalid response|cannot lock ref|failed to update ref|\.lock': file exists",
    re.I,
)


class MovedError(Exception):
    """Somebody else has moved the branch meanwhile."""


def may_pass(error: BaseException) -> bool:
    """Tell whether the same again may help. What is refused for good is told by the same words."""
    if not isinstance(error, GitError):
        return isinstance(error, MovedError)
    final = (_NO_ROOM, _NO_ACCESS, _MISSING, _REFUSED)
    return _MAY_PASS.search(error.said) is not None and not any(
        pattern.search(error.said) for pattern in final
    )


def hint(error: GitError | MovedError) -> str:
    """Return what to do about an error."""
    if isinstance(error, MovedError):
        return "Others push to the branch all the time. Publish again when they are done."
    said = error.said
    if not error.over_network:
        return "Look at the project's own repository: may it be written, and has its disk room?"
    if _NO_ROOM.search(said):
        return "Make room for the remote, or raise its quota. What was there before still is."
    if _NO_ACCESS.search(said):
        return (
            "Check the credentials: they must allow to push to the remote. A job of GitHub Actions "
            "needs 'permissions: {contents: write}'."
        )
    if _MISSING.search(said):
        return "Check the name or address in 'remote'; a private one may look as if it were absent."
    if _REFUSED.search(said):
        return "The remote has a rule against it: allow this push, or name another 'branch'."
    if _MAY_PASS.search(said):
        return "What was there before still is. Check the network, and publish again."
    return "What was there before still is. Check the remote and your rights to it."
