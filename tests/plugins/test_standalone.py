"""A page of the site as one file: it has all that it shows, and leads nowhere by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.errors import OutputError
from kpisite.plugins.standalone import StandalonePages

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
<!doctype html>
<html lang="de" class="no-js">
<head><meta charset="utf-8"><title>Sales &amp; more - Site</title>
<meta property="og:title" content="Sales &amp; more">
<link rel="canonical" href="https://kpi.example.org/sales/2024-W06/">
<link rel="stylesheet" href="../../assets/look.css">
<link rel="stylesheet" href="https://fonts.example.org/font.css">
<style>.own { color: red }</style>
<script>var scheme = "<div class='kpi-page'>";</script>
</head>
<body dir="ltr" data-md-color-scheme="slate" class="site">
<header><svg><title>Logo</title></svg><a href="../..">Home</a></header>
<article>"""
TAIL = "</article><footer>Made with a theme</footer></body></html>"


def write(folder: Path, body: str, head: str = HEAD) -> StandalonePages:
    page = folder / "sales" / "2024-W06" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'{head}<div class="kpi-page kpi-x">{body}</div>{TAIL}', encoding="utf-8")
    assets = folder / "assets"
    assets.mkdir(exist_ok=True)
    (assets / "look.css").write_text(
        '@charset "utf-8"; .a { background: url(dot.png) } .b { background: url("no.png") }\n'
        ".c { background: url('data:image/svg+xml,<svg a=\"b\"/>') } .d { mask: url(#mask) }\n"
        ".e { background: url(https://elsewhere.example.org/x.png) }\n"
        "/*# sourceMappingURL=look.css.map */"
    )
    (assets / "dot.png").write_bytes(b"dot")
    (page.parent / "map.png").write_bytes(b"map")
    return StandalonePages(folder)


def shown(folder: Path, body: str, head: str = HEAD) -> str:
    html = write(folder, body, head).html("sales/2024-W06/index.html")
    return html.partition('<main class="md-typeset">\n')[2].partition("\n</main>")[0]


def test_only_the_edition_is_there_under_its_own_title(tmp_path):
    html = write(tmp_path, "<h1>Week 6</h1>").html("sales/2024-W06/index.html")
    assert '<html lang="de">' in html
    assert "<title>Sales &amp; more</title>" in html
    assert '<div class="kpi-page kpi-x"><h1>Week 6</h1></div>' in html
    assert '<body class="kpi-alone" dir="ltr" data-md-color-scheme="default">' in html
    for other in ("Home", "Made with", "Logo", "<script", "og:title", "slate"):
        assert other not in html


def test_without_a_title_for_others_the_pages_own_is_taken(tmp_path):
    head = HEAD.replace('<meta property="og:title" content="Sales &amp; more">\n', "")
    html = write(tmp_path, "<svg><title>x</title></svg>", head).html("sales/2024-W06/index.html")
    assert "<title>Sales &amp; more - Site</title>" in html


def test_styles_and_pictures_are_in_it_and_nothing_is_fetched(tmp_path):
    html = write(tmp_path, '<img src="map.png" srcset="map2.png 2x" alt="A map">').html(
        "sales/2024-W06/index.html"
    )
    assert ".own { color: red }" in html
    assert '.a { background: url("data:image/png;base64,ZG90") }' in html
    assert '.b { background: url("") }' in html
    assert """.c { background: url('data:image/svg+xml,<svg a="b"/>') }""" in html
    assert ".d { mask: url(#mask) }" in html
    assert '.e { background: url("") }' in html
    assert '<img src="data:image/png;base64,bWFw" alt="A map">' in html
    assert "http" not in html.replace('http-equiv="Content', "").replace("xmlns", "")
    assert "default-src 'none'" in html
    assert "sourceMapping" not in html


def test_a_style_cannot_end_the_styles(tmp_path):
    pages = write(tmp_path, "x")
    (tmp_path / "assets" / "look.css").write_text("a::after { content: '</style><b>' }")
    assert pages.html("sales/2024-W06/index.html").count("</style>") == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>a &lt; b &#38; c</p>", "<p>a &lt; b &#38; c</p>"),
        ("<p>one<p>two", "<p>one<p>two"),
        ("<nav><ul><li>before<li>after</ul></nav><p>x</p>", "<p>x</p>"),
        ('<a class="kpi-permalink" href="#a"><span>#</span></a>b', "b"),
        ("<script>run()</script><template><p>data</p></template>x", "x"),
        ('<iframe src="/etc/passwd"></iframe><object data="x">y</object><embed src="z">x', "x"),
        ('<meta http-equiv="refresh" content="0"><base href="/"><link rel="x" href="y">x', "x"),
        ('<b onclick="run()" tabindex="0">x</b>', "<b>x</b>"),
        ('<a href="javascript:run()">x</a>', "<a>x</a>"),
        ('<a href="file:///etc/passwd">x</a>', "<a>x</a>"),
        ('<a href="#total">x</a>', '<a href="#total">x</a>'),
        ('<a href="on_time/">x</a>', '<a href="https://kpi.example.org/sales/2024-W06/on_time/">x</a>'),
        ('<a href="mailto:a@example.org">x</a>', '<a href="mailto:a@example.org">x</a>'),
        ('<img src="../../../secret.png">', "<img>"),
        ('<img src="file:///etc/passwd">', "<img>"),
        ('<img src="https://elsewhere.example.org/x.png">', "<img>"),
        ('<img src="missing.png" alt="">', '<img alt="">'),
        ('<svg viewBox="0 0 1 1"><path d="M0"/><use href="#x"/></svg>',
         '<svg viewbox="0 0 1 1"><path d="M0"/><use href="#x"/></svg>'),
        ('<svg><image href="map.png"/></svg>',
         '<svg><image href="data:image/png;base64,bWFw"/></svg>'),
        ('<i style="background: url(map.png)">x</i>',
         '<i style="background: url(&quot;data:image/png;base64,bWFw&quot;)">x</i>'),
        ("<!-- secret --><p>x</p>", "<p>x</p>"),
        ("<details><summary>D</summary>1</details>", "<details><summary>D</summary>1</details>"),
        ("</section></nav><p>x</p>", "<p>x</p>"),
    ],
)  # fmt: skip
def test_what_is_kept_of_a_page(tmp_path, body, expected):
    (tmp_path / "secret.png").write_bytes(b"secret")
    assert shown(tmp_path / "site", body) == f'<div class="kpi-page kpi-x">{expected}</div>'


def test_without_the_sites_address_links_are_text(tmp_path):
    head = HEAD.replace('<link rel="canonical" href="https://kpi.example.org/sales/2024-W06/">', "")
    text = shown(tmp_path, '<a href="on_time/">x</a>', head)
    assert text == '<div class="kpi-page kpi-x"><a>x</a></div>'


def test_a_title_cannot_break_out_of_the_foot_of_a_sheet(tmp_path):
    head = HEAD.replace("Sales &amp; more", "A \\ &quot; }</style>")
    html = write(tmp_path, "x", head).html("sales/2024-W06/index.html")
    assert html.count("</style>") == 1
    assert r'content: "A \5c  \22  }\3c /style>"' in html


@pytest.mark.parametrize("page", ["sales/2024-W07/index.html", "sales"])
def test_a_page_that_is_not_there_is_an_error(tmp_path, page):
    pages = write(tmp_path, "x")
    for read in (pages.html, pages.digest):
        with pytest.raises(OutputError, match=f"the built site has no {page}"):
            read(page)


def test_a_page_without_an_edition_is_an_error(tmp_path):
    pages = write(tmp_path, "x")
    (tmp_path / "index.html").write_text("<p>Home</p>")
    with pytest.raises(OutputError, match="shows no edition") as caught:
        pages.html("index.html")
    assert "kpi-page" in caught.value.hint


def test_a_digest_changes_with_all_that_a_page_shows(tmp_path):
    page = "sales/2024-W06/index.html"
    body = '<img src="map.png"><script src="run.js"></script>'
    digests = {write(tmp_path, body).digest(page)}
    assert write(tmp_path, body).digest(page) in digests
    (tmp_path / "sales/2024-W06/map.png").write_bytes(b"another")
    digests.add(StandalonePages(tmp_path).digest(page))
    (tmp_path / "assets/look.css").write_text("b {}")
    digests.add(StandalonePages(tmp_path).digest(page))
    digests.add(write(tmp_path, f"{body} ").digest(page))
    assert len(digests) == 4
