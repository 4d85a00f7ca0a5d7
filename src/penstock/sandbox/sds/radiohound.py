"""A synthetic RadioHound document: one periodogram as JSON."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from penstock.sandbox.world import World

BINS = 1024
CENTRE_HZ = 2_000_000_000
SPAN_HZ = 20_000_000


def document(world: World) -> bytes:
    """Render the document, version 0 of its schema."""
    noise = np.frombuffer(world.entropy("radiohound", size=BINS), np.uint8) / 255
    power = (1e-12 * (1 + noise + 80 * np.exp(-(((np.arange(BINS) - 300) / 6) ** 2)))).astype("<f4")
    values = {
        "altitude": 2.0,
        "center_frequency": float(CENTRE_HZ),
        "custom_fields": {"requested": {"samples": BINS, "span": SPAN_HZ, "gain": 1}},
        "data": base64.b64encode(power.tobytes()).decode(),
        "gain": 1.0,
        "latitude": 40.0,
        "longitude": -105.25,
        "mac_address": "02535a4e4442",
        "metadata": {
            "data_type": "periodogram",
            "fmax": CENTRE_HZ + SPAN_HZ // 2,
            "fmin": CENTRE_HZ - SPAN_HZ // 2,
            "gps_lock": False,
            "nfft": BINS,
            "scan_time": 0.07766,
        },
        "sample_rate": SPAN_HZ,
        "scan_group": str(world.uuid("radiohound", "scan group")),
        "short_name": "sandbox sensor",
        "timestamp": "2025-01-10T15:48:07.100486Z",
        "type": "float32",
        "version": "v0",
    }
    return json.dumps(values, indent=4, sort_keys=True).encode() + b"\n"
