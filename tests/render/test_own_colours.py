"""What a report's theme makes of the page's colours."""

from __future__ import annotations

import pytest

from kpisite.model.definition import Theme, ViewDefinition
from kpisite.model.recorded_definition import RecordedDefinition
from kpisite.render.own_colours import css_variables


@pytest.mark.parametrize(
    ("theme", "variables"),
    [
        ({}, ""),
        ({"column_width": 100, "padding_width": 8, "theme_dir": "look"}, ""),
        ({"series_colors": ["#123456", "#abc"]}, "--kpi-series-1:#123456;--kpi-series-2:#abc"),
        ({"error_colors": ["#a00"]}, "--kpi-bad:light-dark(#a00,#a00)"),
        ({"success_colors": ["#0a0", "#8f8"]}, "--kpi-good:light-dark(#0a0,#8f8)"),
        (
            {"ui_colors": ["#111", "#222", "#333", "#444", "#555"]},
            "--kpi-ink:light-dark(#111,var(--kpi-dark-ink));"
            "--kpi-muted:light-dark(#222,var(--kpi-dark-muted));"
            "--kpi-card:light-dark(#555,var(--kpi-dark-card))",
        ),
        ({"heading_font": "Open Sans"}, "--kpi-heading-font:'Open Sans',var(--kpi-font)"),
        (
            {"heading_font": "Open Sans, Arial, sans-serif"},
            "--kpi-heading-font:'Open Sans','Arial',sans-serif,var(--kpi-font)",
        ),
        ({"heading_font": " , "}, ""),
    ],
)
def test_what_kpi_reporter_calls_a_theme_becomes_variables(theme, variables):
    assert css_variables(Theme.model_validate(theme)) == variables


@pytest.mark.parametrize("font", ["x;color:red", "'", "url(//evil)", "Arial\n}"])
def test_a_font_is_a_name_and_nothing_else(font):
    with pytest.raises(ValueError, match="heading_font"):
        Theme(heading_font=font)


def test_a_theme_says_what_was_chosen_and_keeps_digests_from_before():
    view = {"a": ViewDefinition(plugin="text")}
    plain = RecordedDefinition(title="Sales", views=view)
    assert plain.model_dump(mode="json")["theme"] == {"num_columns": 6, "series_colors": []}
    assert plain.digest == "7d9a63e26797"  # as it was before there were these keys
    red = RecordedDefinition(title="Sales", views=view, theme=Theme(error_colors=("#f00",)))
    assert red.digest != plain.digest
    assert RecordedDefinition.model_validate(red.model_dump(mode="json")) == red
