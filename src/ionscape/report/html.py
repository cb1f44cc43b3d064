"""A report as one HTML page that needs nothing else: figures and tables of numbers are inside."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from html import escape
from itertools import zip_longest
from string import Template

from ionscape.figures.render_matplotlib import draw
from ionscape.figures.style import figure_bytes

from .parts import Panel, Report, Section, TextTable

LARGEST_EMBEDDED_TABLE = 500_000  # bytes; larger ones lie in the folder beside the page only
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")

# The policy forbids the browser to load anything that is not in the page itself.
PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="ionscape $version">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #ccc; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
nav { margin: 1rem 0; font-size: .9rem; } nav a { margin-right: 1.1rem; white-space: nowrap; }
a { color: #005a92; }
.subtitle, figcaption, .remark { color: #555; font-size: .9rem; }
.notice { background: #fff5dc; border-left: 4px solid #e69f00; padding: .4rem .8rem; margin: .4rem 0; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .82rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #e3e3e3; }
th { border-bottom: 1px solid #888; font-weight: 600; }
td { overflow-wrap: break-word; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:first-child { min-width: 9rem; } td small { color: #666; }
figure { margin: 0 0 1.5rem; break-inside: avoid; } figure img { max-width: 100%; height: auto; display: block; }
pre { background: #f5f5f5; padding: .7rem; overflow-x: auto; font-size: .82rem; }
details { margin: .6rem 0; } summary { cursor: pointer; }
@media print { nav { display: none; } body { max-width: none; padding: 0; } .scroll { overflow: visible; } }
</style>
</head>
<body>
<header><h1>$title</h1><p class="subtitle">$subtitle</p></header>
<nav>$contents</nav>
<main>
$body
</main>
</body>
</html>
""")


def html_page(report: Report, tables: dict[str, str], *, folder: str, version: str) -> str:
    """The page as text.

    Args:
        report: what it says.
        tables: CSV text of each panel by its name.
        folder: name of the folder beside the page that holds these tables as files.
        version: of the package.
    """
    contents = "\n".join(
        f'<a href="#part-{number}">{escape(section.title)}</a>' for number, section in enumerate(report.sections)
    )
    body = "\n".join(_section(number, section, tables, folder) for number, section in enumerate(report.sections))
    return PAGE.substitute(
        title=escape(report.title), subtitle=escape(report.subtitle), contents=contents, body=body,
        version=escape(version),
    )  # fmt: skip


def _section(number: int, section: Section, tables: dict[str, str], folder: str) -> str:
    parts = [f'<section id="part-{number}">', f"<h2>{escape(section.title)}</h2>"]
    parts += [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    parts += [f'<p class="notice">{escape(text)}</p>' for text in section.notices]
    if section.commands:
        parts.append(f"<pre><code>{escape(chr(10).join(section.commands))}</code></pre>")
    parts += [_table(table) for table in section.tables]
    parts += [f'<p class="remark">{_with_links(text)}</p>' for text in section.remarks]
    parts += [_panel(panel, tables[panel.name], folder) for panel in section.panels]
    parts += [
        f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"
        for title, text in section.listings.items()
    ]
    return "\n".join([*parts, "</section>"])


def _table(table: TextTable) -> str:
    def row(cells: Sequence[str], tag: str, hint: str = "") -> str:
        inner = ""
        for place, cell in enumerate(cells):
            kind = ' class="number"' if place in table.numeric else ""
            text = escape(cell) if place else _breakable(cell)
            if hint and not place:
                text += f"<br><small>{_breakable(hint)}</small>"
            inner += f"<{tag}{kind}>{text}</{tag}>"
        return f"<tr>{inner}</tr>"

    rows = "\n".join(row(cells, "td", hint) for cells, hint in zip_longest(table.rows, table.hints, fillvalue=""))
    return f'<div class="scroll"><table><thead>{row(table.header, "th")}</thead><tbody>\n{rows}\n</tbody></table></div>'


def _breakable(text: str) -> str:
    """A text that can be broken at the dots and underlines of the paths in it."""
    return re.sub(r"(?<=[A-Za-z])([._])(?=[A-Za-z])", r"\1<wbr>", escape(text))


def _panel(panel: Panel, table: str, folder: str) -> str:
    picture = f"data:image/svg+xml;base64,{base64.b64encode(figure_bytes(draw(panel.plot), 'svg')).decode()}"
    name = f"{panel.name}.csv"
    place = escape(f"{folder}/{name}")
    if len(table.encode()) <= LARGEST_EMBEDDED_TABLE:
        data = base64.b64encode(table.encode()).decode()
        link = f'<a download="{escape(name)}" href="data:text/csv;charset=utf-8;base64,{data}">{place}</a>'
    else:
        link = place
    return (
        f'<figure id="{escape(panel.name)}"><h3>{escape(panel.title)}</h3>\n'
        f'<img alt="{escape(panel.title)}" src="{picture}">\n'
        f"<figcaption>{escape(panel.caption)} Numbers: {link}</figcaption></figure>"
    )


def _with_links(text: str) -> str:
    """A text with its addresses as links; a link is followed on a click only, nothing is loaded."""
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a rel="noreferrer" href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, escape(text[end:])])
