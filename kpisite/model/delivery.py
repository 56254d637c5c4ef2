"""The recorded fact that an edition went out through an output."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from kpisite.model.base import StrictModel


class Receipt(StrictModel):
    """What an output driver says about a delivery that went through."""

    target: str
    """Where it went: a folder, an address; no secrets."""
    digest: str
    """SHA-256 of what was delivered."""
    details: dict[str, str | int] = Field(default_factory=dict)
    """What else the receiver said: counts, a message id."""
    refused: str = ""
    """Who of several does not get it, and why."""


class Delivery(StrictModel):
    """An edition went out through an output."""

    output: str
    """The output's id in the report."""
    plugin: str
    revision: int
    """The edition's revision that went out."""
    time: AwareDatetime
    receipt: Receipt
    asked_for: bool = False
    """Whether somebody named the edition before its turn: an output does not begin with it."""


class Intent(StrictModel):
    """An edition is about to go out to people. Where this stays, nobody knows whether it did."""

    output: str
    """The output's id in the report."""
    revision: int
    """The edition's revision."""
    time: AwareDatetime
    target: str
    """Where it was to go."""
    asked_for: bool = False
    """As of a delivery."""


class Notice(StrictModel):
    """The owners of an output were told, or about to be told, why an edition did not go out."""

    output: str
    """The output's id in the report."""
    revision: int
    """The edition's revision."""
    failures: str
    """Digest of the views that failed and of the reasons: the same failures are told once."""
    time: AwareDatetime
    target: str
    """Who was told."""
    receipt: Receipt | None = None
    """None where nobody knows whether it arrived."""


class DeliveryLog(StrictModel):
    """All deliveries of one edition through one output, oldest first."""

    deliveries: tuple[Delivery, ...] = ()
    intents: tuple[Intent, ...] = ()
    """What was begun and neither arrived nor failed, as far as is known."""
    notices: tuple[Notice, ...] = ()
    """What its owners were told of failures."""

    @property
    def is_begun(self) -> bool:
        """Whether the edition went out, or was about to."""
        return bool(self.deliveries or self.intents)

    @property
    def begins(self) -> bool:
        """Whether it did in its turn, so that what comes after it is due."""
        known = (*(d.asked_for for d in self.deliveries), *(i.asked_for for i in self.intents))
        return not all(known)

    @property
    def latest(self) -> Delivery | None:
        """The delivery of the newest revision that went out."""
        return max(self.deliveries, key=lambda delivery: delivery.revision, default=None)

    def before(self, revision: int) -> Delivery | None:
        """Return the last delivery of the newest of the older revisions that went out."""
        older = [delivery for delivery in self.deliveries if delivery.revision < revision]
        return max(reversed(older), key=lambda delivery: delivery.revision, default=None)

    def notice(self, revision: int, failures: str) -> Notice | None:
        """Return the notice of these failures, if there is one."""
        same = (n for n in self.notices if (n.revision, n.failures) == (revision, failures))
        return next(same, None)

    def has(self, revision: int, target: str) -> bool:
        """Tell whether this revision went to this target already."""
        return any(d.revision == revision and d.receipt.target == target for d in self.deliveries)

    def united(self, other: DeliveryLog) -> DeliveryLog:
        """Return a log with what either has, once, and of what was begun what is not settled."""
        new = [delivery for delivery in other.deliveries if delivery not in self.deliveries]
        deliveries = sorted((*self.deliveries, *new), key=lambda delivery: delivery.time)
        begun = dict.fromkeys((*self.intents, *other.intents))
        open_ = (
            i
            for i in begun
            if not any(d.revision == i.revision and d.time >= i.time for d in deliveries)
        )
        told_last = sorted((*self.notices, *other.notices), key=lambda n: n.receipt is not None)
        notices = {(notice.revision, notice.failures): notice for notice in told_last}
        return DeliveryLog(
            deliveries=tuple(deliveries),
            intents=tuple(open_),
            notices=tuple(sorted(notices.values(), key=lambda notice: notice.time)),
        )
