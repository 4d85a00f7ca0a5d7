"""What key file names say, and which file is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import ConfigError
from penstock.platforms.seer.keyfile import KeyFile, choose, find_key_files


@pytest.mark.parametrize(
    ("name", "key_id", "region", "default"),
    [
        ("seerpy.pem", None, None, False),
        ("seerpy.ID.pem", "ID", None, False),
        ("seerpyfoo.ID.pem", "ID", None, False),
        ("seerpy.ID.au.pem", "ID", "au", False),
        ("seerpy.au.ID.pem", "ID", "au", False),
        ("seerpy.us.pem", None, "us", False),
        ("seerpy.default.pem", None, None, True),
        ("seerpy.default.ID.uk.pem", "ID", "uk", True),
        ("seerpy.a.b.pem", None, None, False),
        ("seerpy.ID.AU.pem", None, None, False),
    ],
)
def test_reads_the_name(name, key_id, region, default):
    assert KeyFile.named(Path(name)) == KeyFile(Path(name), key_id, region, default)


@pytest.mark.parametrize("name", ["seerpy.au.uk.pem", "seerpy.au.au.ID.pem", "seerpy.default.default.pem"])
def test_refuses_an_ambiguous_name(name):
    with pytest.raises(ConfigError, match="ambiguous"):
        KeyFile.named(Path(name))


def keys(*names):
    return [KeyFile.named(Path(name)) for name in names]


@pytest.mark.parametrize(
    ("names", "wanted", "chosen"),
    [
        (["seerpy.A.pem"], {}, "seerpy.A.pem"),
        (["seerpy.A.pem", "seerpy.default.B.pem"], {}, "seerpy.default.B.pem"),
        (["seerpy.A.uk.pem", "seerpy.B.au.pem"], {}, "seerpy.B.au.pem"),
        (["seerpy.A.uk.pem", "seerpy.B.au.pem"], {"region": "uk"}, "seerpy.A.uk.pem"),
        (["seerpy.default.A.uk.pem", "seerpy.default.B.de.pem"], {"region": "de"}, "seerpy.default.B.de.pem"),
        (["seerpy.A.uk.pem", "seerpy.B.au.pem"], {"key_id": "A"}, "seerpy.A.uk.pem"),
        (["seerpy.A.uk.pem", "seerpy.A.au.pem"], {"key_id": "A", "region": "uk"}, "seerpy.A.uk.pem"),
        (["seerpy.pem"], {"key_id": "A"}, "seerpy.pem"),
    ],
)
def test_chooses_by_id_then_default_then_region(names, wanted, chosen):
    assert choose(keys(*names), **wanted).path.name == chosen


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], {}),
        (["seerpy.A.pem"], {"key_id": "B"}),
        (["seerpy.A.pem", "seerpy.B.pem"], {}),
        (["seerpy.A.uk.pem", "seerpy.A.de.pem"], {"key_id": "A"}),
        (["seerpy.default.A.uk.pem", "seerpy.default.B.uk.pem"], {"region": "uk"}),
    ],
)
def test_refuses_to_guess(names, wanted):
    with pytest.raises(ConfigError):
        choose(keys(*names), **wanted)


def test_finds_the_files_of_the_vendors_client(tmp_path):
    folder = tmp_path / ".seerpy"
    folder.mkdir()
    for name in ["seerpy.A.pem", "seerpyfoo.B.pem", "other.pem", "seerpy.txt"]:
        (folder / name).touch()
    assert [file.key_id for file in find_key_files(tmp_path)] == ["A", "B"]
