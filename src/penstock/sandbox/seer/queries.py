"""The root of all queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.sandbox.seer import labels, people
from penstock.sandbox.seer.diary_nodes import patient_node
from penstock.sandbox.seer.paging import cursor_page, page
from penstock.sandbox.seer.study_nodes import Node, segment_node, study_node, tag_node, user_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.sandbox.seer.backend import Backend
    from penstock.sandbox.seer.studies import Study

VIEWS = (("Demo Reader", 263), ("Second Reader", 7), ("Third Reader", 0))


@dataclass(frozen=True, slots=True)
class Queries:
    """Resolvers of the query type, one a field.

    Attributes:
        backend: What is looked into.
        party: Restricts listings to what belongs to an organisation; empty for no restriction.
    """

    backend: Backend
    party: str = ""

    def study(self, id: str) -> Node | None:
        """Find a study; null for an unknown one."""
        found = self.backend.study(id)
        return study_node(self.backend, found) if found is not None else None

    def studies(
        self,
        search_term: str | None = None,
        study_ids: Sequence[str | None] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[Node]:
        """List studies by a term or by ids."""
        found = [
            study
            for study in self.backend.studies
            if self.party in {"", study.party}
            and (study_ids is None or study.id in study_ids)
            and _mentions(study, search_term or "")
        ]
        return [study_node(self.backend, study) for study in self._page(found, limit, offset)]

    def study_channel_group_segments(
        self,
        segment_ids: Sequence[str | None] = (),
    ) -> list[Node | None]:
        """Find segments; null for unknown ones, in the order of the ids."""
        places = [self.backend.recorder.place(segment or "") for segment in segment_ids]
        return [segment_node(self.backend, place[1], place[2]) if place is not None else None for place in places]

    def study_channel_group_data_chunk_urls(
        self,
        chunk_keys: Sequence[Node] = (),
        s3_urls: bool | None = True,
    ) -> list[str | None]:
        """Sign one link a chunk; null where nothing was ever stored, in the order of the keys."""
        sign = self.backend.links.object if s3_urls else self.backend.links.chunk
        keys = [(key["segmentId"], key["chunkIndex"]) for key in chunk_keys]
        return [sign(*key) if self.backend.recorder.has_link(*key) else None for key in keys]

    def resource(self) -> Node:
        """Offer the one resource that is listed by cursor."""
        return {"channelGroupSegment": {"list": self._segments}}

    def _segments(self, filter: Node | None = None, pagination: Node | None = None) -> Node:
        asked = (filter or {}).get("studyChannelGroup") or {}
        studies = (asked.get("studyId") or {}).get("in")
        found = [
            (group, segment)
            for study in self.backend.studies
            if studies is None or study.id in studies
            for group in study.groups
            for segment in group.segments
        ]
        wish, cap = pagination or {}, self.backend.controls.page_cap
        cut = cursor_page(found, lambda pair: pair[1].id, wish.get("limit"), wish.get("after"), cap)
        return {
            "pageInfo": {"endCursor": cut.cursor, "hasNextPage": cut.more},
            "items": [segment_node(self.backend, *pair) for pair in cut.items],
        }

    def label_tags(self) -> list[Node]:
        """List the ontology."""
        return [tag_node(tag) for tag in labels.TAGS]

    def view_groups(self, study_id: str) -> list[Node]:
        """List who looked at a study, and when."""
        study = self.backend.study(study_id)
        return [self._views(study, reader, count) for reader, count in VIEWS] if study is not None else []

    def _views(self, study: Study, reader: str, count: int) -> Node:
        def views(limit: int | None = None, offset: int | None = None) -> list[Node]:
            return [
                {
                    "id": f"view-{study.id}-{reader}-{number}".replace(" ", "-"),
                    "startTime": study.start + number * 10_000.0,
                    "duration": 10_000.0,
                    "createdAt": f"2024-05-02 10:{number // 60:02d}:{number % 60:02d}",
                    "updatedAt": f"2024-05-02 10:{number // 60:02d}:{number % 60:02d}",
                }
                for number in self._page(range(count), limit, offset)
            ]

        return {"user": {"fullName": reader}, "views": views}

    def organisations(self) -> list[Node]:
        """List the organisations."""
        return [self._organisation(found) for found in people.ORGANISATIONS]

    def organisation(self, id: str) -> Node | None:
        """Find an organisation; null for an unknown one."""
        return next((self._organisation(found) for found in people.ORGANISATIONS if found["id"] == id), None)

    def _organisation(self, values: Node) -> Node:
        def bookings(include_cancelled: bool | None = False, **window: float | None) -> list[Node]:
            begin, end = window.get("start_time") or 0.0, window.get("end_time") or float("inf")
            return [
                {**found, "patient": self._patient(found["patientId"])}
                for found in people.BOOKINGS
                if values["id"] == people.ORGANISATION
                and (include_cancelled or not found["cancelled"])
                and begin <= found["startTime"]["datetime"] < end
            ]

        return {**values, "bookings": bookings}

    def patient(self, id: str) -> Node | None:
        """Find a patient; null for an unknown one."""
        return self._patient(id)

    def _patient(self, identity: str | None) -> Node | None:
        found = people.patient_of(identity)
        return patient_node(self.backend, found) if found is not None else None

    def patients(self, limit: int | None = None, offset: int | None = None) -> list[Node]:
        """List the patients."""
        found = [patient for patient in people.PATIENTS if self.party in {"", patient.party}]
        return [patient_node(self.backend, patient) for patient in self._page(found, limit, offset)]

    def study_cohort(self, id: str | None = None) -> Node:
        """Find a cohort of studies."""
        return self.study_cohort_node(id)

    def study_cohort_node(self, identity: str | None) -> Node:
        """Show a cohort of studies."""
        cohort = self.backend.study_cohorts.find(identity)

        def studies(limit: int | None = None, offset: int | None = None) -> list[Node]:
            known = [study for study in map(self.backend.study, cohort.members) if study is not None]
            return [study_node(self.backend, study) for study in self._page(known, limit, offset)]

        return {"id": cohort.id, "name": cohort.name, "studies": studies}

    def user_cohort(self, id: str | None = None) -> Node:
        """Find a cohort of users."""
        return self.user_cohort_node(id)

    def user_cohort_node(self, identity: str | None) -> Node:
        """Show a cohort of users."""
        cohort = self.backend.user_cohorts.find(identity)

        def users(limit: int | None = None, offset: int | None = None) -> list[Node]:
            return [{"id": user} for user in self._page(cohort.members, limit, offset)]

        return {"id": cohort.id, "name": cohort.name, "users": users}

    def surveys(
        self,
        survey_template_ids: Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[Node]:
        """List the answers to some surveys."""
        found = [one for one in people.SURVEYS if survey_template_ids is None or one["template"] in survey_template_ids]
        return [{**one, "completer": _completer(one["patientId"])} for one in self._page(found, limit, offset)]

    def _page(self, items: Sequence[Any], limit: int | None, offset: int | None) -> list[Any]:
        return page(items, limit, offset, self.backend.controls.page_cap)


def _completer(identity: str) -> Node | None:
    patient = people.patient_of(identity)
    return user_node(patient) if patient is not None else None


def _mentions(study: Study, term: str) -> bool:
    """Search as the service does: anywhere in the name, description, code or the patient's name."""
    patient = people.patient_of(study.patient)
    texts = (study.name, study.description, study.code, patient.name if patient is not None else "")
    return any(term.casefold() in text.casefold() for text in texts)
