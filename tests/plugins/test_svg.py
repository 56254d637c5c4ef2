"""A chart as SVG: well-formed, in its place, with nothing in it that data could break."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

from kpisite.plugins.svg import WIDTHS, Canvas, colour, series_colour, text_width

NAN = math.nan


def canvas() -> Canvas:
    return Canvas((0, 10), (0, 100))


def parsed(made: Canvas) -> ET.Element:
    return ET.fromstring(made.svg())


def paths(made: Canvas) -> list[str]:
    return [element.get("d", "") for element in parsed(made).iter("path")]


def labels(made: Canvas) -> dict[str, str]:
    [group] = [g for g in parsed(made).iter("g") if g.get("class") == "kpi-below"]
    return {"".join(label.itertext()): label.get("class", "") for label in group}


def test_a_line_goes_from_corner_to_corner():
    made = canvas()
    made.line([0, 10], [0, 100], series_colour(0))
    assert paths(made) == ["M0 1000L1000 0"]


def test_a_missing_number_is_a_gap():
    made = canvas()
    made.line([0, 5, 10, 10], [0, NAN, 50, 100], "red")
    made.area([0, 2, 4, 6, 8], [0] * 5, [50, 50, NAN, 100, 100], "red", 0.5)
    line, area = paths(made)
    assert line == "M0 1000M1000 500L1000 0"
    assert area.count("M") == area.count("Z") == 2


def test_boxes_and_dots_without_a_number_are_left_out():
    made = canvas()
    made.boxes([(0, 1, 0, 50), (1, 2, 0, NAN), (2, 3, 0, -50)], "red", radius=2)
    made.dots([1, 2], [50, NAN], "red", size=9)
    first, second = parsed(made).iter("rect")
    assert (first.get("y"), first.get("height")) == ("50%", "50%")
    assert (second.get("y"), second.get("height")) == ("100%", "50%")
    [dot] = parsed(made).iter("circle")
    assert (dot.get("cx"), dot.get("cy"), dot.get("r")) == ("10%", "50%", "4.5")


def test_texts_are_text_whatever_is_in_them():
    made = canvas()
    evil = '</text><script>alert("1")</script>&\x00'
    made.text(evil, 5, 50, fill=colour("muted"))
    made.labels_left([0], [evil], "red")
    made.labels_below([0], [evil], "red", name=evil)
    assert "<script" not in made.svg()
    assert [t.text for t in parsed(made).iter("text")] == [evil.replace("\x00", "\ufffd")] * 4


def test_labels_that_have_no_room_are_left_out_by_halves():
    made = canvas()
    names = [f"label {n} of a long row" for n in range(9)]
    made.labels_below(list(range(9)), names, "red")
    least = [int(cls.rpartition("-")[2] or 0) for cls in labels(made).values()]
    assert least[0] == 0
    assert least[8] < least[4] < least[2] < least[1]
    assert least[1] == least[3] == least[5] == least[7]
    assert set(least) - {0} <= set(WIDTHS)


def test_labels_that_never_have_room_do_not_show():
    made = canvas()
    made.labels_below(list(range(400)), ["a long name of a thing"] * 400, "red")
    assert labels(made)["a long name of a thing"] == "kpi-never"


def test_names_lean_where_they_are_long_and_need_more_room_below():
    made = canvas()
    made.labels_below(list(range(6)), ["a category"] * 6, "red", turn=True)
    svg = parsed(made)
    width = next(int(c.rpartition("-")[2]) for c in svg.get("class", "").split() if "lean" in c)
    assert width >= 6 * text_width("a category")
    assert "--kpi-b-lean:" in svg.get("style", "")
    few = canvas()
    few.labels_below([0, 1], ["a", "b"], "red", turn=True)
    assert "kpi-lean-240" in parsed(few).get("class", "")


def test_a_given_angle_makes_room_for_the_labels():
    flat, turned = canvas(), canvas()
    flat.labels_below([0], ["a long name of a thing"], "red")
    turned.labels_below([0], ["a long name of a thing"], "red", angle=90)
    assert turned.borders.bottom > flat.borders.bottom + 100


def test_labels_at_the_left_make_room():
    made = canvas()
    made.labels_left([0, 100], ["0", "1,000,000 flights"], "red")
    assert made.borders.left > text_width("1,000,000 flights")


def test_a_frame_without_extent_draws_all_the_same():
    made = Canvas((3, 3), (5, 5))
    made.line([3], [5], "red")
    made.dots([3], [5], "red", size=6)
    assert "nan" not in made.svg()


def test_colours_follow_the_page_and_have_the_light_palette_without_it():
    assert colour("grid") == "var(--kpi-grid,#edf0f3)"
    assert series_colour(8) == series_colour(1)


def test_wide_letters_are_wide_and_combining_marks_are_nothing():
    assert text_width("iii") < text_width("aaa") < text_width("WWW") < text_width("数数数")
    assert text_width("e\u0301") == text_width("e")
