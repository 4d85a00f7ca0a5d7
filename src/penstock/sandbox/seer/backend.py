"""Everything that queries and links look into, built once for a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.sandbox.seer import catalog, diary, findings
from penstock.sandbox.seer.controls import Controls
from penstock.sandbox.seer.documents import Documents
from penstock.sandbox.seer.labels import LabelStore
from penstock.sandbox.seer.links import Links
from penstock.sandbox.seer.people import Cohorts, study_cohorts, user_cohorts
from penstock.sandbox.seer.recorder import Recorder

if TYPE_CHECKING:
    from penstock.sandbox.seer.studies import Study
    from penstock.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Backend:
    """The state of one emulated service."""

    world: World
    controls: Controls
    studies: tuple[Study, ...]
    diary_studies: tuple[Study, ...]
    recorder: Recorder
    labels: LabelStore
    documents: Documents
    links: Links
    study_cohorts: Cohorts
    user_cohorts: Cohorts

    @classmethod
    def of(cls, world: World, controls: Controls | None = None) -> Backend:
        """Build the state that a world starts with."""
        controls = controls or Controls()
        seed = world.number("seer")
        studies, diary_studies = catalog.studies(world), diary.studies(seed)
        groups = [*findings.label_groups(studies, seed), *diary.label_groups()]
        documents = Documents(world.clock)
        for study, name, text in REPORTS:
            documents.seed(study, name, text.encode())
        return cls(
            world=world,
            controls=controls,
            studies=studies,
            diary_studies=diary_studies,
            recorder=Recorder((*studies, *diary_studies)),
            labels=LabelStore(groups, world.clock),
            documents=documents,
            links=Links(world, controls),
            study_cohorts=study_cohorts(),
            user_cohorts=user_cohorts(),
        )

    def study(self, identity: str | None) -> Study | None:
        """Find a study by id."""
        return next((study for study in self.studies if study.id == identity), None)


REPORTS = (
    (catalog.SLEEP, "Report / night 1.txt", "Slept well.\n"),
    (catalog.EPILEPSY, "Report.txt", "One focal seizure from the left temple.\n"),
    (catalog.EPILEPSY, "Report.txt ", "A second report under almost the same name.\n"),
)
