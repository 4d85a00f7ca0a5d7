"""The rendered pages, where the renderer is installed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.docs.pages import GUIDES, README, SCRIPTS
from tests.docs.render import render

if TYPE_CHECKING:
    from pathlib import Path


def test_every_page_is_rendered_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    pytest.importorskip("markdown2", reason="pages are rendered in the docs session, which installs pdoc")
    written = render(tmp_path / "guides")
    assert len(written) == len({path.name for path in written}) == len([README, *GUIDES, *SCRIPTS])
    for path in written:
        for target, anchor in re.findall(r'href="(?!https?:)([^"#]*)#?([^"]*)"', path.read_text()):
            if target == "../index.html":
                continue  # the reference, which pdoc writes
            aim = path.parent / target if target else path
            assert aim.exists(), f"{path.name}: {target}"
            assert not anchor or f'id="{anchor}"' in aim.read_text(), f"{path.name}: {target}#{anchor}"
