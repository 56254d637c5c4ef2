"""What owners are told of an edition that does not go out."""

from datetime import UTC, datetime

from kpisite.plugins import FailedView, FailureNotice

NOTICE = FailureNotice(
    key="sales/2024-W06",
    title="Verkäufe",
    period="Week 6, 2024",
    revision=1,
    subject="Failed: Verkäufe, Week 6, 2024",
    text="People are not told of it:\n\nrows: <no> *such* table _x_\n\nMend it.\n",
    views=[FailedView("rows", "<no> *such* table _x_", "Is it there?")],
    digest="a" * 64,
    time=datetime(2024, 2, 12, 6, tzinfo=UTC),
)
