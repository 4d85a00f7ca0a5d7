"""Taking secrets out of what people and logs get to see."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_URL = re.compile(r"""https?://[^\s"'<>]+""")
_CREDENTIALS = re.compile(
    r"""(?P<name>["']?(?:authorization|proxy-authorization|cookie|set-cookie|x-amz-security-token|password|token|secret)["']?)"""
    r"""(?P<link>\s*[:=]\s*b?["']?)(?P<value>[^"'\r\n,}]+)""",
    re.IGNORECASE,
)
_LOGGERS = ("httpx", "httpcore", "gql", "aiohttp", "aiobotocore", "botocore", "urllib3")


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
    """Blank known secrets, and cut URLs down to what may be shown."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return _URL.sub(lambda match: redact_url(match[0]), text)


def scrub_values(value: Any, secrets: Collection[str]) -> Any:
    """Blank known secrets in JSON-able values, however deep."""
    if isinstance(value, str):
        return scrub(value, secrets)
    if isinstance(value, dict):
        return {key: scrub_values(inner, secrets) for key, inner in value.items()}
    if isinstance(value, list):
        return [scrub_values(inner, secrets) for inner in value]
    return value


class _Scrubber(logging.Filter):
    """Blank credentials and URLs in each record's text; its arguments are folded in, so that no handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _CREDENTIALS.sub(r"\g<name>\g<link>…", scrub(record.getMessage()))
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
