"""What the errors of object stores mean: which may pass, and what to do about the others."""

from __future__ import annotations

import errno
from typing import Any

from kpisite.outputs._causes import causes

_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_NO_CONNECTION = {
    "ClientConnectionError",
    "ClientPayloadError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ReadTimeoutError",
    "ServiceRequestError",
    "ServiceResponseError",
}
"""Classes of the stores' own packages, which may not be installed."""
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
_BUSY_CODES = {"SlowDown", "InternalError", "RequestTimeout", "ServiceUnavailable", "Throttling"}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def may_pass(error: BaseException) -> bool:
    """Tell whether asking again may help: the store is busy or was not reached."""
    status, code = answer(error)
    if status or code:
        return status in _MAY_PASS or code in _BUSY_CODES
    return _unreached(error)


def explain(error: BaseException) -> tuple[str, str]:
    """Return what an error means and what to do about it."""
    status, code = answer(error)
    names = {name for one in causes(error) for name in _classes(one)}
    if "Quota" in code or status == 507 or getattr(error, "errno", None) in _FULL:
        return "the store has no room left", "Raise the quota, or set 'delete: true' to make room."
    if status in (401, 403) or isinstance(error, PermissionError) or names & _NO_CREDENTIALS:
        return (
            f"the store refuses: {_text(error)}",
            "Check the credentials, in 'storage_options' or in the environment; they must allow "
            "to read, write and list below the URL, and with 'delete: true' to delete.",
        )
    if code == "NoSuchBucket" or status == 404 or isinstance(error, FileNotFoundError):
        return "there is no such bucket", "Make the bucket first, or check the name in 'url'."
    if status:
        return f"the store answered {status} {code}".rstrip(), "Run it again later."
    if _unreached(error):
        return (
            f"the store was not reached: {_text(error)}",
            "Check the network, and 'endpoint_url' in 'storage_options'.",
        )
    return _text(error), "Check 'url' and 'storage_options'."


def _unreached(error: BaseException) -> bool:
    return any(
        isinstance(one, ConnectionError | TimeoutError)
        or not _NO_CONNECTION.isdisjoint(_classes(one))
        for one in causes(error)
    )


def _classes(error: BaseException) -> set[str]:
    return {cls.__name__ for cls in type(error).__mro__}


def answer(error: BaseException) -> tuple[int, str]:
    """Return the HTTP status and the store's own code; 0 and "" where there was no answer."""
    for one in causes(error):
        response: Any = getattr(one, "response", None)
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return int(status), str(response.get("Error", {}).get("Code", ""))
        for name in ("status", "status_code", "code"):
            value = getattr(one, name, None)
            if isinstance(value, int) and 400 <= value < 600:
                return value, ""
    return 0, ""


def _text(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error).strip() else type(error).__name__
