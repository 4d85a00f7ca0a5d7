"""Where to connect and as whom, settled from all layers when a client opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from penstock._config.secrets import Secret, read_private_file
from penstock._config.settings import Layers, env
from penstock.errors import ConfigError, MissingCredential
from penstock.platforms.seer.keyfile import FALLBACK_REGION, REGIONS, KeyFile, choose, find_key_files

if TYPE_CHECKING:
    from penstock.types import PathLike

EMAIL_URL = "https://api.seermedical.com/api"
KEY_URL = "https://sdk-{region}.seermedical.com/api"
VENDOR = ".seermedical.com"

_HINT = "Run `penstock login seer`, or set PENSTOCK_SEER_EMAIL and PENSTOCK_SEER_PASSWORD."


@dataclass(frozen=True, slots=True)
class Given:
    """What the caller passed to the client's constructor."""

    url: str | None = None
    email: str | None = None
    password: Secret | str | None = field(default=None, repr=False)
    key_id: str | None = None
    key_file: PathLike | None = None
    region: str | None = None
    party: str | None = None


@dataclass(frozen=True, slots=True)
class EmailLogin:
    """An account; `legacy` are session files of the vendor's client that may belong to it."""

    email: str
    password: Secret
    legacy: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key and its private half."""

    key_id: str
    pem: Secret


@dataclass(frozen=True, slots=True)
class Settings:
    """Base URL without a trailing slash, who asks, and for which party."""

    url: str
    login: EmailLogin | ApiKey
    party: str | None = None


def settle(given: Given) -> Settings:
    """Find everything needed to connect.

    E-mail is used when an address or a password is passed or set, an API key when its id or file is; with neither,
    the key files of the vendor's client come before its credentials file.

    Raises:
        MissingCredential: Nothing says who asks.
        ConfigError: Something is malformed or contradicts another setting.
    """
    layers = Layers("seer", historical={"url": [env("SDK_API_BASE_URL")]})
    login, region = _login(layers, given)
    fallback = EMAIL_URL if isinstance(login, EmailLogin) else KEY_URL.format(region=region or FALLBACK_REGION)
    url = _checked_url(str(layers.value("url", given.url) or fallback))
    if isinstance(login, EmailLogin) and not (urlsplit(url).hostname or "").endswith(VENDOR):
        login = EmailLogin(login.email, login.password)  # the vendor's session files are for its own hosts alone
    return Settings(url, login, layers.value("party", given.party) or None)


def _login(layers: Layers, given: Given) -> tuple[EmailLogin | ApiKey, str | None]:
    region = _checked_region(layers.value("region", given.region))
    by_email = given.email is not None or given.password is not None
    by_key = given.key_id is not None or given.key_file is not None
    if by_email and by_key:
        raise ConfigError("both an e-mail login and an API key were passed to Seer", hint="Pass one of the two.")
    email = None if by_key else layers.optional_secret("email", given.email, kind="text")
    password = None if by_key else layers.optional_secret("password", given.password, kind="password")
    by_email = by_email or password is not None
    if by_email or email is not None:
        return _email_login(layers, given, email.reveal() if email else None), region
    return _key_or_legacy(layers, given, region)


def _key_or_legacy(layers: Layers, given: Given, region: str | None) -> tuple[EmailLogin | ApiKey, str | None]:
    key_id, path = layers.value("key_id", given.key_id), layers.value("key_file", given.key_file)
    if path is not None:
        return _api_key(KeyFile.named(Path(path).expanduser()), key_id, region)
    files = find_key_files(Path.home())
    if key_id is not None or files:
        return _api_key(choose(files, key_id=key_id, region=region), key_id, region)
    if (legacy := _legacy_login(Path.home())) is not None:
        return legacy, region
    places = [*layers.searched("email"), "~/.seerpy/credentials", "PENSTOCK_SEER_KEY_FILE", "~/.seerpy/seerpy*.pem"]
    raise MissingCredential(
        f"no account for seer was found; searched: {', '.join(places)}", hint=_HINT, searched=places
    )


def _email_login(layers: Layers, given: Given, email: str | None) -> EmailLogin:
    password = layers.optional_secret("password", given.password, kind="password")
    legacy = None if email and password else _legacy_login(Path.home())
    if legacy is not None and email in {None, legacy.email}:
        return EmailLogin(legacy.email, password or legacy.password, legacy.legacy)
    if email is None:
        raise MissingCredential("a password for seer was given, but no e-mail address", hint=_HINT)
    return EmailLogin(email, password or layers.secret("password", kind="password"))


def _legacy_login(home: Path) -> EmailLogin | None:
    """Read the credentials file of the vendor's client: the address in one line, the password in the next."""
    path = home / ".seerpy" / "credentials"
    if not path.exists():
        return None
    lines = [line.rstrip() for line in read_private_file(path).splitlines()]
    if len(lines) < 2:
        raise ConfigError(f"{path} should hold an e-mail address in its first line and the password in its second")
    cookies = (path.with_name("cookie"), path.with_name("cookie-dev"))
    return EmailLogin(lines[0], Secret(lines[1], kind="password", name=f"the password in {path}"), cookies)


def _api_key(file: KeyFile, key_id: str | None, region: str | None) -> tuple[ApiKey, str | None]:
    wanted = key_id or file.key_id
    if not file.path.is_file():
        raise ConfigError(f"there is no key file {file.path}", hint="Check key_file= or PENSTOCK_SEER_KEY_FILE.")
    if not wanted:
        raise ConfigError(
            f"the key file {file.path.name} does not tell the id of its key",
            hint="Pass key_id=, set PENSTOCK_SEER_KEY_ID, or name the file seerpy.KEY_ID.pem.",
        )
    pem = Secret(read_private_file(file.path), kind="text", name=f"the key in {file.path}")
    return ApiKey(wanted, pem), region or file.region


def _checked_region(region: str | None) -> str | None:
    if region is None or region in REGIONS:
        return region
    raise ConfigError(f"Seer has no region {region!r}", hint=f"Regions: {', '.join(REGIONS)}.")


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{url!r} is no base URL", hint=f"It should look like {EMAIL_URL}.")
    return url.rstrip("/")
