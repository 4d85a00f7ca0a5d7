"""How long to wait for what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a connection or an answer is given up.

    Attributes:
        connect: For name, connection and TLS handshake together.
        stall: Between two sightings of bytes, in either direction.
        answer: From the last byte of a request to the last byte of the answer's head.
        min_rate: Bytes a second that a body must bring, averaged over `rate_window`.
        rate_window: Seconds of waiting over which the rate is taken.
    """

    connect: float = 10.0
    stall: float = 30.0
    answer: float = 120.0
    min_rate: float = 1024.0
    rate_window: float = 30.0
