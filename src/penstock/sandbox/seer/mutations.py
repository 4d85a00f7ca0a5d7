"""The root of all changes; it answers queries too, so that one object serves both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.sandbox.seer.queries import Queries
from penstock.sandbox.seer.refusals import Refusal
from penstock.sandbox.seer.study_nodes import Node, document_node

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Root(Queries):
    """Resolvers of the mutation type, one a field."""

    def add_label_group_to_study(self, study_id: str, name: str, **values: Any) -> Node:
        """Add a label group."""
        self._known(study_id)
        return {"id": self.backend.labels.create(study_id, name, values.get("description")).id}

    def remove_label_group_from_study(self, group_id: str) -> str:
        """Delete a label group."""
        return self.backend.labels.remove(group_id)

    def edit_study_label_group(self, id: str, **values: Any) -> Node:
        """Rename or describe a label group."""
        return {"id": self.backend.labels.edit(id, values.get("name"), values.get("description")).id}

    def add_labels_to_label_group(self, group_id: str, labels: Sequence[Node | None]) -> list[Node]:
        """Add labels; sending them twice adds them twice."""
        sent = [label for label in labels if label is not None]
        return [{"id": identity} for identity in self.backend.labels.add(group_id, sent)]

    def create_study_documents(self, study_id: str, documents: Sequence[Node | None]) -> list[Node]:
        """Announce documents, to be put next."""
        self._known(study_id)
        made = [self.backend.documents.announce(study_id, wish["name"]) for wish in documents if wish is not None]
        return [document_node(self.backend, document.id) for document in made]

    def confirm_study_documents(
        self,
        study_id: str,
        document_ids: Sequence[str | None],
    ) -> list[Node]:
        """List documents that have been put."""
        made = [self.backend.documents.confirm(study_id, identity or "") for identity in document_ids]
        return [document_node(self.backend, document.id) for document in made]

    def create_study_cohort(self, input: Node) -> Node:
        """Add a cohort of studies."""
        made = self.backend.study_cohorts.create(input["name"], input.get("key"), input.get("studyIds") or [])
        return {"studyCohort": self.study_cohort_node(made.id)}

    def add_studies_to_study_cohort(self, study_cohort_id: str, study_ids: Sequence[str]) -> Node:
        """Add members to a cohort of studies."""
        return {
            "studyCohort": self.study_cohort_node(self.backend.study_cohorts.change(study_cohort_id, add=study_ids).id)
        }

    def remove_studies_from_study_cohort(self, study_cohort_id: str, study_ids: Sequence[str]) -> Node:
        """Remove members from a cohort of studies."""
        changed = self.backend.study_cohorts.change(study_cohort_id, remove=study_ids)
        return {"studyCohort": self.study_cohort_node(changed.id)}

    def create_user_cohort(self, input: Node) -> Node:
        """Add a cohort of users."""
        made = self.backend.user_cohorts.create(input["name"], input.get("key"), input.get("userIds") or [])
        return {"userCohort": self.user_cohort_node(made.id)}

    def add_users_to_user_cohort(self, user_cohort_id: str, user_ids: Sequence[str]) -> Node:
        """Add members to a cohort of users."""
        return {"userCohort": self.user_cohort_node(self.backend.user_cohorts.change(user_cohort_id, add=user_ids).id)}

    def remove_users_from_user_cohort(self, user_cohort_id: str, user_ids: Sequence[str]) -> Node:
        """Remove members from a cohort of users."""
        changed = self.backend.user_cohorts.change(user_cohort_id, remove=user_ids)
        return {"userCohort": self.user_cohort_node(changed.id)}

    def _known(self, study: str) -> None:
        if self.backend.study(study) is None:
            raise Refusal("NOT_FOUND", f"Study {study} not found")
