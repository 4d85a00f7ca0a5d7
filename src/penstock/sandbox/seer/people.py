"""Patients, users, organisations, bookings, cohorts and surveys: all invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from penstock.sandbox.seer.catalog import EPILEPSY, OTHER_PARTY, PARTY, SLEEP
from penstock.sandbox.seer.refusals import Refusal
from penstock.sandbox.seer.studies import name_id

if TYPE_CHECKING:
    from collections.abc import Sequence

STUDY_COHORT = "cohort-demo-studies"
USER_COHORT = "cohort-demo-users"
SURVEY_TEMPLATE = "survey-template-mood"
ORGANISATION = "organisation-sandbox-clinic"


@dataclass(frozen=True, slots=True)
class Patient:
    """An invented person, with the user who is that person."""

    id: str
    user: str
    name: str
    party: str
    zone: str = "Australia/Melbourne"
    diary: bool = False

    @property
    def email(self) -> str:
        """An address that cannot exist."""
        return f"{self.name.split()[0].lower()}@sandbox.invalid"


PATIENTS = (
    Patient("patient-ada", "user-ada", "Ada Sandbox", PARTY, diary=True),
    Patient("patient-blaise", "user-blaise", "Blaise Sandbox", PARTY, "Australia/Darwin", diary=True),
    Patient("patient-grace", "user-grace", "Grace Sandbox", OTHER_PARTY, "Europe/Berlin"),
)

ORGANISATIONS: tuple[dict[str, Any], ...] = (
    {
        "id": ORGANISATION,
        "partyId": PARTY,
        "ownerId": "user-demo",
        "name": "Sandbox Neurology",
        "description": "A clinic that does not exist",
        "isPublic": False,
        "isDeleted": False,
    },
    {
        "id": "organisation-sandbox-wearables",
        "partyId": OTHER_PARTY,
        "ownerId": "user-demo",
        "name": "Sandbox Wearables",
        "description": "Another one",
        "isPublic": True,
        "isDeleted": False,
    },
)

BOOKINGS: tuple[dict[str, Any], ...] = tuple(
    {
        "id": f"booking-{number}",
        "equipmentItems": [
            {"name": f"Recorder {number}", "equipmentType": {"type": "recorder"}},
            {"name": f"Camera {number}", "equipmentType": {"type": "camera"}},
        ],
        "bookingTemplate": {"name": "Home monitoring"},
        "referral": {"id": f"referral-{number}"},
        "startTime": {"datetime": 1_709_500_000_000.0 + number * 86_400_000.0, "timezone": "Australia/Melbourne"},
        "endTime": {"datetime": 1_709_900_000_000.0 + number * 86_400_000.0, "timezone": "Australia/Melbourne"},
        "location": {"name": "Sandbox Hospital", "suburb": "Nowhere"},
        "patientId": patient,
        "cancelled": cancelled,
    }
    for number, patient, cancelled in ((1, "patient-ada", False), (2, "patient-blaise", False), (3, None, True))
)

SURVEYS: tuple[dict[str, Any], ...] = tuple(
    {
        "id": f"survey-{number}",
        "template": SURVEY_TEMPLATE,
        "patientId": patient,
        "fields": [{"key": "mood", "value": str(1 + number % 5)}, {"key": "energy", "value": str(1 + number % 3)}],
        "lastSubmittedAt": f"2024-05-{1 + number % 28:02d} 08:30:00",
    }
    for number in range(7)
    for patient in (PATIENTS[number % 2].id,)
)


def patient_of(identity: str | None) -> Patient | None:
    """Find a patient by id."""
    return next((patient for patient in PATIENTS if patient.id == identity), None)


@dataclass(slots=True)
class Cohort:
    """A named set of studies or users."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)


class Cohorts:
    """The cohorts of one sort.

    Args:
        sort: `study` or `user`.
        seeded: What is there from the beginning.
    """

    def __init__(self, sort: str, seeded: Cohort) -> None:
        self._sort = sort
        self._cohorts = {seeded.id: seeded}
        self._lock = Lock()

    def find(self, identity: str | None) -> Cohort:
        """Find a cohort.

        Raises:
            Refusal: There is none.
        """
        found = self._cohorts.get(identity or "")
        if found is None:
            raise Refusal("NOT_FOUND", f"{self._sort.capitalize()} cohort not found")
        return found

    def create(self, name: str, key: str | None, members: Sequence[str]) -> Cohort:
        """Add a cohort; its id stands in where no key is given."""
        with self._lock:
            identity = key or name_id(self._sort, "cohort", len(self._cohorts))
            self._cohorts[identity] = Cohort(identity, name, list(dict.fromkeys(members)))
            return self._cohorts[identity]

    def change(self, identity: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Cohort:
        """Add or remove members."""
        cohort = self.find(identity)
        with self._lock:
            kept = [member for member in cohort.members if member not in set(remove)]
            cohort.members = list(dict.fromkeys([*kept, *add]))
        return cohort


def study_cohorts() -> Cohorts:
    """Make the cohorts of studies."""
    return Cohorts("study", Cohort(STUDY_COHORT, "Demo studies", [SLEEP, EPILEPSY]))


def user_cohorts() -> Cohorts:
    """Make the cohorts of users."""
    return Cohorts("user", Cohort(USER_COHORT, "Demo users", [patient.user for patient in PATIENTS]))
