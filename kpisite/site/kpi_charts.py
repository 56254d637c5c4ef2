"""The charts on the page of a KPI: all editions in one line, and one line for each year."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from kpisite.model.language import gettext, language
from kpisite.model.period import Period
from kpisite.model.words import quarter
from kpisite.plugins.svg import Canvas, LinkedDot, colour, text_width
from kpisite.plugins.ticks import Ticks, number_ticks, time_ticks
from kpisite.plugins.wall_clock import month_name, wall_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kpisite.site.kpi_history import KpiPoint

HEIGHT = 260
"""Of both charts, in CSS pixels; `kpisite.css` says so too."""

_NAN = float("nan")
_NEAR_ZERO = 1 / 3
_MOST_DOTS = 120
"""Where there are more points, the dots show when they are pointed at."""
_MANY, _MANY_IN_A_YEAR = 600, 100
"""Of more points, thinner lines are drawn."""
_MOST_LINKS = 400
_DOT, _HOLLOW = 5, 7
_LINE_HEIGHT = 13
_MOST_NAMES = 14
_AT_END = 0.94
"""Names of lines that go on to here stand in a column, at the right edge."""


@dataclass(frozen=True)
class KpiChart:
    """A drawn chart."""

    svg: str
    places: list[list[int] | None]
    """Where the points are, newest first: thousandths of the frame from the left and from the top;
    None for one without a value."""


def history_chart(points: Sequence[KpiPoint], url: Callable[[KpiPoint], str]) -> KpiChart:
    """Return all points of a metric on one axis of time.

    Args:
        points: Oldest first; at least one has a value.
        url: Returns where the edition of a point is.
    """
    at = [point.at for point in points]
    days = _with_a_year(time_ticks(_whole(points)))
    y = _value_ticks(points)
    canvas = Canvas((at[0], days.end), (y.start, y.end))
    canvas.lines_across(y.at, colour("grid"))
    _add_target(canvas, points, at, y, days.end)
    xs, ys = _with_gaps(points, at)
    canvas.line(xs, ys, colour("accent"), width=1 if len(points) > _MANY else 2, lone=True)
    _add_dots(canvas, points, at, url)
    canvas.labels_left(y.at, y.labels, colour("muted"))
    canvas.labels_below(days.at, days.labels, colour("muted"))
    return KpiChart(canvas.svg(), _places(canvas, points, at))


def years_chart(points: Sequence[KpiPoint]) -> KpiChart | None:
    """Return a line for each year over the places in a year; None where there are no two years.

    Args:
        points: Oldest first.
    """
    unit = points[-1].entry.period.unit
    fitting = [point for point in points if point.entry.period.unit == unit and unit != "year"]
    years = {year: list(group) for year, group in groupby(fitting, key=year_of)}
    lines = {
        year: line
        for year, line in years.items()
        if sum(point.metric.value is not None for point in line) > 1
    }
    if len(lines) < 2:
        return None
    axis, y = _year_axis(unit), _value_ticks(fitting)
    canvas = Canvas((axis.start, axis.end), (y.start, y.end))
    canvas.borders.right = max(map(text_width, lines)) + 12
    canvas.lines_across(y.at, colour("grid"))
    for age, line in reversed([*enumerate(reversed(lines.values()))]):
        stroke, width = _look_of(age, many=len(line) > _MANY_IN_A_YEAR)
        xs, ys = _with_gaps(line, [place_in_year(point.entry.period) for point in line])
        canvas.line(xs, ys, stroke, width=width, lone=True)
    _add_years(canvas, lines, axis)
    canvas.labels_left(y.at, y.labels, colour("muted"))
    canvas.labels_below(axis.at, axis.labels, colour("muted"))
    places = {
        id(point): place
        for line in lines.values()
        for point, place in zip(
            reversed(line),
            _places(canvas, line, [place_in_year(p.entry.period) for p in line]),
            strict=True,
        )
    }
    return KpiChart(canvas.svg(), [places.get(id(point)) for point in reversed(points)])


def year_of(point: KpiPoint) -> str:
    """Return the year that a point counts for; that of a week is the ISO year."""
    return point.entry.label[:4]


def place_in_year(period: Period) -> float:
    """Return the number of a period's week, month or quarter, or of its first day, in its year.

    Days are counted as in a leap year, so that the same day of two years has the same place.
    """
    start = period.start
    match period.unit:
        case "week":
            return start.isocalendar().week
        case "month":
            return start.month
        case "quarter":
            return (start.month + 2) // 3
        case _:
            return date(2000, start.month, start.day).timetuple().tm_yday


def _look_of(age: int, *, many: bool) -> tuple[str, float]:
    """Return colour and width of the line of a year, 0 being the newest."""
    if age == 0:
        return colour("accent"), 1.5 if many else 2.5
    if age == 1:
        return colour("muted"), 1 if many else 1.5
    return colour("faint"), 0.5 if many else 1


def _whole(points: Sequence[KpiPoint]) -> Period:
    """Return the axis: from the first start to the last, or the only period."""
    first, last = points[0].entry.period, points[-1].entry.period
    return Period(first.start, last.start) if last.start > first.start else first


def _with_a_year(days: Ticks) -> Ticks:
    """Return ticks of which one says its year: `2013` instead of "Jan", else `Mar 2013`."""
    if not days.labels or any(label.isdecimal() for label in days.labels):
        return days
    january = month_name(1)
    if january in days.labels:
        place = days.labels.index(january)
        year = str(wall_time(days.at[place]).year)
    else:
        place, year = 0, f"{days.labels[0]} {wall_time(days.at[0]).year}"
    return replace(days, labels=(*days.labels[:place], year, *days.labels[place + 1 :]))


def _value_ticks(points: Sequence[KpiPoint]) -> Ticks:
    values = [point.metric.value for point in points]
    values += {point.metric.target for point in points}
    known = [value for value in values if value is not None]
    return number_ticks(known, points[-1].metric.format, from_zero=False, near=_NEAR_ZERO)


def _with_gaps(points: Sequence[KpiPoint], at: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the line through points, with NaN where it breaks."""
    xs, ys = list[float](), list[float]()
    for point, x in zip(points, at, strict=True):
        if not point.joins:
            xs.append(x)
            ys.append(_NAN)
        xs.append(x)
        ys.append(_NAN if point.metric.value is None else point.metric.value)
    return xs, ys


def _add_target(
    canvas: Canvas, points: Sequence[KpiPoint], at: Sequence[float], y: Ticks, end: float
) -> None:
    """Shade what meets the target, as it was at the time, and draw its edge."""
    runs = [
        (key, [x for _, x in group])
        for key, group in groupby(
            zip(points, at, strict=True), key=lambda pair: (pair[0].metric.target, _side(pair[0]))
        )
    ]
    begins = [run[0] for _, run in runs]
    for ((target, side), run), until in zip(runs, [*begins[1:], end], strict=True):
        if target is None:
            continue
        edge = y.start if side == "down" else y.end
        canvas.boxes([(run[0], until, target, edge)], colour("good"), opacity=0.08)
        canvas.line([run[0], until], [target] * 2, colour("good"), width=1, dashes="4 3")
    newest = points[-1].metric
    if newest.target is not None:
        label = gettext("target {result}").format(result=newest.target_alone)
        canvas.borders.right = text_width(label) + 14
        canvas.borders.narrow_right = 10
        canvas.text(label, end, newest.target, fill=colour("good"), shift=(8, 0), wide=True)


def _side(point: KpiPoint) -> str:
    return "down" if point.metric.good == "down" else "up"


def _add_dots(
    canvas: Canvas,
    points: Sequence[KpiPoint],
    at: Sequence[float],
    url: Callable[[KpiPoint], str],
) -> None:
    """Add the points that lead to their editions; those that are not sealed are hollow."""
    step = math.ceil(len(points) / _MOST_LINKS)
    full, hollow = list[LinkedDot](), list[LinkedDot]()
    for back, (point, x) in enumerate(zip(reversed(points), reversed(at), strict=True)):
        value = point.metric.value
        if value is None or back % step:
            continue
        dots = full if point.entry.status == "sealed" else hollow
        dots.append(LinkedDot(x, value, url(point), point.text))
    quiet = "kpi-dots kpi-dots-quiet" if len(points) > _MOST_DOTS else "kpi-dots"
    canvas.linked_dots(full, colour("accent"), size=_DOT, kind=quiet)
    canvas.linked_dots(hollow, colour("card"), size=_HOLLOW, rim=colour("accent"), kind="kpi-dots")


def _add_years(canvas: Canvas, lines: dict[str, list[KpiPoint]], axis: Ticks) -> None:
    """Write each year at the end of its line, moved apart where they would touch."""
    named = list(lines)[-_MOST_NAMES:]
    ends = []
    for year in named:
        point = next(p for p in reversed(lines[year]) if p.metric.value is not None)
        place = place_in_year(point.entry.period)
        at_end = canvas.x(place) > _AT_END
        ends.append((year, axis.end if at_end else place, point.metric.value or 0.0))
    height = HEIGHT - canvas.borders.top - 30
    ends.sort(key=lambda end: canvas.y(end[2]))
    wanted = [canvas.y(value) * height for _, _, value in ends]
    for (year, x, value), up, down in zip(ends, wanted, _apart(wanted, height), strict=True):
        newest = year == named[-1]
        fill = colour("accent" if newest else "muted")
        canvas.text(year, x, value, fill=fill, shift=(7, down - up), bold=newest)


def _apart(wanted: Sequence[float], height: float) -> list[float]:
    """Return where names stand, from the top, so that none touches the one before."""
    placed = list[float]()
    for want in wanted:
        placed.append(max(want, placed[-1] + _LINE_HEIGHT if placed else 0))
    limit = height
    for position in reversed(range(len(placed))):
        placed[position] = min(placed[position], limit)
        limit = placed[position] - _LINE_HEIGHT
    return placed


def _year_axis(unit: str) -> Ticks:
    if unit == "month":
        return Ticks(1, 12, tuple(range(1, 13)), language().months)
    if unit == "quarter":
        return Ticks(
            1, 4, (1, 2, 3, 4), tuple(quarter(date(2000, month, 1)) for month in (1, 4, 7, 10))
        )
    firsts = [date(2000, month, 1).timetuple().tm_yday for month in range(1, 13)]
    if unit == "week":
        return Ticks(1, 53, tuple(1 + (day - 1) / 7 for day in firsts), language().months)
    return Ticks(1, 366, tuple(firsts), language().months)


def _places(
    canvas: Canvas, points: Sequence[KpiPoint], at: Sequence[float]
) -> list[list[int] | None]:
    """Return the places of points, newest first."""

    def found() -> Iterator[list[int] | None]:
        for point, x in zip(reversed(points), reversed(at), strict=True):
            value = point.metric.value
            if value is None:
                yield None
            else:
                yield [round(canvas.x(x) * 1000), round(canvas.y(value) * 1000)]

    return list(found())
