"""Render the README and the guides beside the reference: `python -m tests.docs.render build/docs`."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from tests.docs.pages import GUIDES, README, ROOT, SCRIPTS

EXTRAS = ["fenced-code-blocks", "tables", "header-ids", "code-friendly"]

STYLE = """
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222; }
pre { background: #f6f8fa; padding: .8rem; overflow-x: auto; } code { font-size: .9em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top; }
nav a { margin-right: 1rem; }
"""


def render(to: Path) -> list[Path]:
    """Write a page of HTML for the README, each guide and each script; links between them are kept."""
    import markdown2

    written = []
    for source in (README, *GUIDES, *SCRIPTS):
        text = source.read_text()
        if source.suffix == ".py":
            text = f"# {source.name}\n\n```python\n{text}```\n"
        body = relinked(str(markdown2.markdown(text, extras=EXTRAS)))
        target = to / f"{source.stem}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(source.relative_to(ROOT).as_posix(), body))
        written.append(target)
    return written


def relinked(body: str) -> str:
    """Let links to pages and scripts lead to their HTML, which all stands in one folder."""
    return re.sub(r'href="(?!https?:)(?:[^"#]*/)?([\w-]+)\.(?:md|py)([^"]*)"', r'href="\1.html\2"', body)


def page(title: str, body: str) -> str:
    """Put a page around what was rendered."""
    links = [("README", "README.html"), *((guide.stem, f"{guide.stem}.html") for guide in GUIDES)]
    bar = "".join(f'<a href="{target}">{name}</a>' for name, target in [*links, ("reference", "../index.html")])
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><nav>{bar}</nav>{body}</body></html>\n'


if __name__ == "__main__":
    for path in render(Path(sys.argv[1]) / "guides"):
        print(path)
