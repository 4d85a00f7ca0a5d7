"""The sandbox's API key: made anew by each process, its private half in a folder that vanishes with the process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEY_ID = "sandbox-key"
FILE_NAME = f"seerpy.default.{KEY_ID}.pem"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What the client gets and what the service knows.

    Attributes:
        file: The private key; its folder is laid out so that the one above can serve as a HOME in which the vendor's
            client finds the key by itself.
        public: The public key.
    """

    file: Path
    public: RSAPublicKey


@cache
def sandbox_key() -> KeyPair:
    """Make this process's key pair, once."""
    home = Path(tempfile.mkdtemp(prefix="penstock-sandbox-seer-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = home / ".seerpy" / FILE_NAME
    file.parent.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_bytes(text)
    return KeyPair(file, private.public_key())
