"""Where penstock keeps its own files."""

from __future__ import annotations

from pathlib import Path


def config_dir() -> Path:
    """Folder of the user's settings and saved credentials."""
    from platformdirs import user_config_path

    return user_config_path("penstock", appauthor=False)


def state_dir() -> Path:
    """Folder of what should outlive a run but can be lost: kept sessions, logs."""
    from platformdirs import user_state_path

    return user_state_path("penstock", appauthor=False)


def cache_dir() -> Path:
    """Folder of what can be fetched again."""
    from platformdirs import user_cache_path

    return user_cache_path("penstock", appauthor=False)


def user_file() -> Path:
    """The user's `penstock.toml`."""
    return config_dir() / "penstock.toml"


def credentials_file() -> Path:
    """Where `penstock login` saves secrets."""
    return config_dir() / "credentials.toml"
