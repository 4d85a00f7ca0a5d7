"""Emulators of the platforms on loopback, for trying penstock without an account and for testing it.

The sandbox imports nothing of penstock but errors and types: it is written from the platforms' protocols a second
time, so that it cannot agree with the clients by sharing their mistakes.
"""

from __future__ import annotations

from penstock.sandbox.access_log import AccessLog, read_log
from penstock.sandbox.process import SandboxProcess
from penstock.sandbox.server import PLATFORMS, Emulator, Sandbox
from penstock.sandbox.world import SCALES, Scale, World

__all__ = ["PLATFORMS", "SCALES", "AccessLog", "Emulator", "Sandbox", "SandboxProcess", "Scale", "World", "read_log"]
