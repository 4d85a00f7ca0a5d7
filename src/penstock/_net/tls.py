"""Whom to trust: the system's authorities, or a bundle of the user's."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.types import PathLike


def tls_context(authorities: PathLike | None) -> ssl.SSLContext:
    """Make a verifying TLS context; there is no way to make one that does not verify.

    Without a bundle the system's store is used (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured), and the one that
    comes with httpx where the system has none.

    Raises:
        ConfigError: The bundle cannot be read or holds no certificate.
    """
    if authorities is not None:
        return _with_bundle(Path(authorities).expanduser())
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _with_bundle(path: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{path} is no bundle of certificate authorities: {type(error).__name__}") from None
