"""Patients and their diaries, as queries see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from penstock.sandbox.seer import diary
from penstock.sandbox.seer.paging import page
from penstock.sandbox.seer.study_nodes import (
    Node,
    group_node,
    label_group_node,
    label_node,
    segment_node,
    study_node,
    user_node,
)

if TYPE_CHECKING:
    from penstock.sandbox.seer.backend import Backend
    from penstock.sandbox.seer.diary import Alert, DiaryLabels, Dose
    from penstock.sandbox.seer.labels import Label
    from penstock.sandbox.seer.people import Patient
    from penstock.sandbox.seer.studies import Group, Segment, Study

INSIGHTS = 61
Ranges = Sequence["dict[str, float | None] | None"]


def patient_node(backend: Backend, patient: Patient) -> Node:
    """Show a patient."""
    wearable = next((study for study in backend.diary_studies if study.patient == patient.id), None)

    def insights(limit: int | None = None, offset: int | None = None) -> list[Node]:
        numbers = range(INSIGHTS if patient.diary else 0)
        return [_insight(patient, number) for number in page(numbers, limit, offset, backend.controls.page_cap)]

    return {
        "id": patient.id,
        "user": user_node(patient),
        "studies": lambda: [study_node(backend, found) for found in backend.studies if found.patient == patient.id],
        "diary": lambda: diary_node(backend, patient) if patient.diary else None,
        "diaryStudy": lambda: diary_study_node(backend, wearable) if wearable is not None else None,
        "insights": insights,
    }


def _insight(patient: Patient, number: int) -> Node:
    day = f"2024-{1 + number // 28:02d}-{1 + number % 28:02d}"
    return {
        "id": f"insight-{patient.id}-{number}",
        "report": {"patientId": patient.id, "reportPeriod": "month"},
        "reportDate": day,
        "emailNotificationSent": f"{day} 09:00:00",
        "emailLinkOpened": None,
        "createdAt": f"{day} 08:00:00",
        "updatedAt": f"{day} 08:00:00",
    }


def diary_node(backend: Backend, patient: Patient) -> Node:
    """Show a diary."""
    alerts = diary.alerts(patient.id)

    def label_groups(filters: Sequence[Node] = ()) -> list[Node]:
        kind = _wanted(filters, "labelType")
        found = [group for group in diary.diary_labels(patient.id) if kind in {None, "all", group.kind}]
        return [_diary_group_node(backend, group) for group in found]

    def compliance(range: Node | None = None, timezone: str | None = None) -> list[Node]:
        del timezone
        end = (range or {}).get("to") or backend.world.clock() * 1000.0
        return [_compliance(dose) for alert in alerts for dose in _between(alert, (range or {}).get("from"), end)]

    def adherences(range: Node | None = None) -> list[Node]:
        return _adherence(alerts, range or {})

    return {
        "id": f"diary-{patient.id}",
        "createdAt": diary.BEGIN - diary.DAY,
        "labelGroups": label_groups,
        "alerts": [_alert_node(alert) for alert in alerts],
        "medicationCompliance": compliance,
        "medicationAdherences": adherences,
    }


def _wanted(filters: Sequence[Node], name: str) -> str | None:
    return next((found.get("value") for found in filters if found["name"] == name), None)


def _diary_group_node(backend: Backend, group: DiaryLabels) -> Node:
    def labels(limit: int | None = None, offset: int | None = None, ranges: Ranges = ()) -> list[Node]:
        found = [label for label in group.labels if _in_ranges(label, ranges)]
        return [
            {**label_node(label), "createdAt": label.start + 60_000.0}
            for label in page(found, limit, offset, backend.controls.page_cap)
        ]

    return {
        "id": group.id,
        "labelType": group.kind,
        "labelSourceType": group.source,
        "name": group.name,
        "numberOfLabels": len(group.labels),
        "labels": labels,
    }


def _in_ranges(label: Label, ranges: Ranges) -> bool:
    """Apply the ranges by their position: the first to the start, the second to the duration."""
    return all(_within(value, span) for value, span in zip((label.start, label.duration), ranges, strict=False))


def _within(value: float, span: dict[str, float | None] | None) -> bool:
    low, high = (span or {}).get("from"), (span or {}).get("to")
    return (low is None or value >= low) and (high is None or value < high)


def _between(alert: Alert, begin: float | None, end: float | None) -> list[Dose]:
    return [dose for dose in alert.doses if _within(dose.scheduled, {"from": begin, "to": end})]


def _alert_node(alert: Alert) -> Node:
    def labels(ranges: Ranges = ()) -> list[Node]:
        spans = list(ranges) or [None]
        found = [dose for dose in alert.doses if any(_within(dose.scheduled, span) for span in spans)]
        return [_dose_node(alert, dose) for dose in found if dose.taken is not None]

    def windows(filters: Sequence[Node] = ()) -> list[Node]:
        asked = _wanted(filters, "isActive")
        if asked not in {None, str(alert.active).lower()}:
            return []
        begin = alert.doses[0].scheduled
        return [{"startTime": begin, "timezone": 10.0, "endTime": None if alert.active else begin + 30 * diary.DAY}]

    return {"id": alert.id, "name": alert.name, "labels": labels, "windows": windows}


def _dose_node(alert: Alert, dose: Dose) -> Node:
    """Show a dose that was taken; its amount is given in grams by an exponent."""
    amount = {"doseValue": dose.milligrams, "doseUnit": "g", "doseExponent": -3.0}
    return {
        "id": dose.id,
        "startTime": dose.taken,
        "scheduledTime": dose.scheduled,
        "alert": {"name": alert.name},
        "doses": [{**amount, "medication": {"brandName": dose.brand, "drugName": dose.drug}}],
        "deleted": False,
    }


def _compliance(dose: Dose) -> Node:
    status = "taken" if dose.taken is not None else "missed"
    return {"label": f"{dose.brand} {dose.milligrams:g} mg", "status": status, "date": dose.scheduled}


def _adherence(alerts: Sequence[Alert], span: Node) -> list[Node]:
    """Tell day by day, in UTC, both ends included, what was taken."""
    if not span:
        return []
    first, last = (datetime.fromisoformat(span[name]).date() for name in ("fromDate", "toDate"))
    days = [first + timedelta(days=number) for number in range(max(0, (last - first).days + 1))]
    return [
        {
            "date": day.isoformat(),
            "medications": [
                {"drugName": dose.drug, "status": "taken_as_scheduled" if dose.taken is not None else "not_logged"}
                for alert in alerts
                for dose in alert.doses
                if datetime.fromtimestamp(dose.scheduled / 1000.0, UTC).date() == day
            ],
        }
        for day in days
    ]


def diary_study_node(backend: Backend, study: Study) -> Node:
    """Show a study of wearable data."""

    def label_groups(limit: int | None = None, offset: int | None = None) -> list[Node]:
        groups = page(backend.labels.of_study(study.id), limit, offset, backend.controls.page_cap)
        return [label_group_node(backend, group) for group in groups]

    def label_group(label_group_id: str | None = None) -> Node:
        return label_group_node(backend, backend.labels.group(label_group_id, study.id))

    return {
        "startTime": study.start,
        "labelGroups": label_groups,
        "labelGroup": label_group,
        "channelGroups": lambda: [_band_node(backend, study, group) for group in study.groups],
    }


def _band_node(backend: Backend, study: Study, group: Group) -> Node:
    """Show a wristband's group; the encoding it claims is not the one that its chunks have."""

    def segments(ranges: Ranges = (), **__: Any) -> list[Node]:
        spans = list(ranges) or [None]
        return [
            segment_node(backend, group, segment)
            for segment in group.segments
            if any(_touches(segment, span) for span in spans)
        ]

    return {**group_node(backend, group), "startTime": study.start, "sampleEncoding": "int16", "segments": segments}


def _touches(segment: Segment, span: dict[str, float | None] | None) -> bool:
    low, high = (span or {}).get("from"), (span or {}).get("to")
    return (low is None or segment.end > low) and (high is None or segment.start < high)
