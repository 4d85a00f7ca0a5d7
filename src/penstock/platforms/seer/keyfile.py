"""Key files of the vendor's console: what their names say, and which one to use.

The name is `seerpy[.TOKEN…].pem`. Among the tokens, one of `au de uk us` is the region, `default` marks the file to
prefer, and a single remaining token is the id of the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

REGIONS = ("au", "de", "uk", "us")
FALLBACK_REGION = "au"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key on disk and what its name tells about it."""

    path: Path
    key_id: str | None = None
    region: str | None = None
    default: bool = False

    @classmethod
    def named(cls, path: Path) -> KeyFile:
        """Read the name of a key file.

        Raises:
            ConfigError: It names two regions, or says `default` twice.
        """
        tokens = path.stem.split(".")[1:]
        regions = [token for token in tokens if token in REGIONS]
        defaults = tokens.count("default")
        if len(regions) > 1 or defaults > 1:
            raise ConfigError(
                f"the key file name {path.name} is ambiguous: it names several regions, or `default` more than once",
                hint="Name it seerpy[.default].KEY_ID[.REGION].pem.",
            )
        rest = [word for word in tokens if word not in (*REGIONS, "default")]
        return cls(path, rest[0] if len(rest) == 1 else None, regions[0] if regions else None, bool(defaults))


def find_key_files(home: Path) -> list[KeyFile]:
    """List the key files in the folder where the vendor's client looks for them."""
    folder = home / ".seerpy"
    return [KeyFile.named(path) for path in sorted(folder.glob("seerpy*.pem"))]


def choose(files: Sequence[KeyFile], *, key_id: str | None = None, region: str | None = None) -> KeyFile:
    """Pick the key file to use, by id when one is asked for, else by `default`, else by region.

    A file whose name carries another id than the one asked for is never used.

    Raises:
        ConfigError: None fits, or several do.
    """
    if key_id is not None:
        return _single(_of_key(files, key_id), region, f"of key {key_id}")
    preferred = [file for file in files if file.default]
    if len(files) > 1 and not preferred:
        files = [file for file in files if file.region == (region or FALLBACK_REGION)]
    return _single(preferred or files, region, f"marked `default` or for region {region or FALLBACK_REGION}")


def _of_key(files: Sequence[KeyFile], key_id: str) -> list[KeyFile]:
    named = [file for file in files if file.key_id == key_id]
    if named or len(files) != 1 or files[0].key_id is not None:
        return named
    return list(files)  # a single file without an id in its name can only be meant


def _single(files: Sequence[KeyFile], region: str | None, what: str) -> KeyFile:
    here = [file for file in files if file.region == (region or FALLBACK_REGION)] if len(files) > 1 else files
    if len(here) == 1:
        return here[0]
    names = ", ".join(file.path.name for file in files)
    problem = f"several key files {what}: {names}" if files else f"no key file {what}"
    raise ConfigError(
        problem, hint="Pass key_file=, set PENSTOCK_SEER_KEY_FILE, or mark one file by `.default.` in its name."
    )
