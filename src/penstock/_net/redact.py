"""Taking secrets out of what people and logs get to see."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_URL = re.compile(r"""https?://[^\s"'<>]+""")
_CREDENTIALS = re.compile(
    r"""(?P<name>["']?(?:authorization|proxy-authorization|cookie|set-cookie|x-amz-security-token|password|token|secret)["']?)"""
    r"""(?P<link>\s*[:=]\s*b?["']?)(?P<value>[^"'\r\n,}]+)""",
    re.IGNORECASE,
)
_LOGGERS = ("httpx", "httpcore", "gql", "aiohttp", "aiobotocore", "botocore", "urllib3")
_SHORTEST = 6


def redact_url(url: str) -> str:
    """Cut a URL down to what may be shown: no user, no password, no query, no fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "a malformed URL"
    if ":" in host:
        host = f"[{host}]"
    return f"{parts.scheme}://{host}{port}{parts.path}{'?…' if parts.query else ''}"


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """Blank known secrets, and whatever stands after the name of a credential or in a URL's query."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "…")
    text = _URL.sub(lambda match: redact_url(match[0]), text)
    return _CREDENTIALS.sub(r"\g<name>\g<link>…", text)


class _Scrubber(logging.Filter):
    """Rewrite each record's text; arguments are folded in, so that no later handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = scrub(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_info = None
        return True


def redact_third_party_logs() -> None:
    """Put a filter before the loggers of the network libraries, some of which log whole signed URLs and tokens.

    A filter on a logger does not see the records of its children, so those that exist get one each.
    """
    scrubber = _Scrubber()
    for name in list(logging.root.manager.loggerDict):
        if name.split(".", 1)[0] in _LOGGERS:
            _install(name, scrubber)
    for name in _LOGGERS:
        _install(name, scrubber)


def _install(name: str, scrubber: _Scrubber) -> None:
    logger = logging.getLogger(name)
    if not any(isinstance(known, _Scrubber) for known in logger.filters):
        logger.addFilter(scrubber)
