"""Files attached to studies: announced, put, then confirmed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from penstock.sandbox.seer.refusals import Refusal
from penstock.sandbox.seer.studies import name_id

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDED_AT = 1_714_521_600.0


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a study; not listed before it is confirmed."""

    id: str
    study: str
    name: str
    uploaded: float
    confirmed: bool = False


class Documents:
    """All documents and their contents.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._documents: dict[str, Document] = {}
        self._bodies: dict[str, bytes] = {}
        self._lock = Lock()

    def seed(self, study: str, name: str, body: bytes) -> None:
        """Have a document from the beginning."""
        identity = name_id(study, "document", name)
        self._documents[identity] = Document(identity, study, name, SEEDED_AT * 1000.0, confirmed=True)
        self._bodies[identity] = body

    def listed(self, study: str) -> list[Document]:
        """List the confirmed documents of a study."""
        with self._lock:
            return [found for found in self._documents.values() if found.study == study and found.confirmed]

    def find(self, identity: str) -> Document:
        """Find a document, confirmed or not."""
        return self._documents[identity]

    def announce(self, study: str, name: str) -> Document:
        """Make place for a document."""
        with self._lock:
            identity = name_id(study, "document", name, len(self._documents))
            self._documents[identity] = Document(identity, study, name, self._clock() * 1000.0)
            return self._documents[identity]

    def confirm(self, study: str, identity: str) -> Document:
        """List a document that has been put.

        Raises:
            Refusal: It was never announced for this study, or nothing was put.
        """
        with self._lock:
            found = self._documents.get(identity)
            if found is None or found.study != study or identity not in self._bodies:
                raise Refusal("NOT_FOUND", f"Document {identity} not found")
            self._documents[identity] = replace(found, confirmed=True)
            return self._documents[identity]

    def put(self, identity: str, body: bytes) -> None:
        """Store the contents of an announced document."""
        with self._lock:
            if identity in self._documents:
                self._bodies[identity] = body

    def body(self, identity: str) -> bytes | None:
        """Return the contents of a document."""
        return self._bodies.get(identity)

    def size(self, identity: str) -> int:
        """Return the size of a document's contents."""
        return len(self._bodies.get(identity, b""))
