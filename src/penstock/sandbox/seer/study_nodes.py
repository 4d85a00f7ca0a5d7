"""Studies, groups, segments and labels, as queries see them.

A node is a mapping; a value that takes arguments, or is only made when it is asked for, is a function.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from penstock.sandbox.seer import labels as ontology
from penstock.sandbox.seer import people
from penstock.sandbox.seer.paging import page

if TYPE_CHECKING:
    from penstock.sandbox.seer.backend import Backend
    from penstock.sandbox.seer.labels import Label, LabelGroup
    from penstock.sandbox.seer.people import Patient
    from penstock.sandbox.seer.studies import Group, Segment, Study

Node: TypeAlias = dict[str, Any]


def study_node(backend: Backend, study: Study) -> Node:
    """Show a study."""
    patient = people.patient_of(study.patient)
    cap = backend.controls.page_cap

    def label_groups(limit: int | None = None, offset: int | None = None) -> list[Node]:
        groups = page(backend.labels.of_study(study.id), limit, offset, cap)
        return [label_group_node(backend, group) for group in groups]

    def label_group(label_group_id: str | None = None) -> Node:
        return label_group_node(backend, backend.labels.group(label_group_id, study.id))

    return {
        "id": study.id,
        "name": study.name,
        "description": study.description,
        "startTime": study.start,
        "duration": study.duration,
        "patient": short_patient_node(patient) if patient is not None else None,
        "channelGroups": lambda: [group_node(backend, group) for group in study.groups],
        "labelGroups": label_groups,
        "labelGroup": label_group,
        "documents": lambda: [document_node(backend, document.id) for document in backend.documents.listed(study.id)],
    }


def short_patient_node(patient: Patient) -> Node:
    """Show who a study is of."""
    return {"id": patient.id, "user": user_node(patient)}


def user_node(patient: Patient) -> Node:
    """Show a patient's user."""
    return {
        "id": patient.user,
        "fullName": patient.name,
        "shortName": patient.name.split()[0],
        "email": patient.email,
        "lastActive": 1_714_521_600_000.0,
        "lastInsightGenerated": 1_714_435_200_000.0,
        "preferredTimezone": patient.zone,
        "roles": {"patient": {"id": patient.id}},
    }


def group_node(backend: Backend, group: Group) -> Node:
    """Show a channel group."""

    def segments(limit: int | None = None, offset: int | None = None, ranges: Any = None) -> list[Node]:
        del ranges
        return [
            segment_node(backend, group, segment)
            for segment in page(group.segments, limit, offset, backend.controls.page_cap)
        ]

    return {
        "id": group.id,
        "name": group.name,
        "sampleRate": group.sample_rate,
        "samplesPerRecord": group.samples_per_record,
        "recordLength": group.record_length,
        "chunkPeriod": group.chunk_period,
        "recordsPerChunk": group.records_per_chunk,
        "sampleEncoding": group.encoding,
        "compression": group.compression,
        "signalMin": group.signal_min,
        "signalMax": group.signal_max,
        "units": group.units,
        "exponent": group.exponent,
        "timestamped": group.timestamped,
        "channelGroupType": {"id": group.kind},
        "segments": segments,
        "channels": [
            {
                "id": channel.id,
                "name": channel.name,
                "channelType": {"name": channel.kind, "category": channel.category},
            }
            for channel in group.channels
        ],
    }


def segment_node(backend: Backend, group: Group, segment: Segment) -> Node:
    """Show a segment; its link is signed when it is asked for."""
    return {
        "id": segment.id,
        "startTime": segment.start,
        "duration": segment.duration,
        "timezone": segment.timezone,
        "baseDataChunkUrl": lambda: backend.links.base(segment.id) if segment.stored else None,
        "dataChunks": lambda: [
            {"url": backend.links.chunk(segment.id, index)}
            for index in range(group.chunks(segment))
            if backend.recorder.has_link(segment.id, index)
        ],
        "studyChannelGroup": {"id": group.id, "name": group.name},
    }


def label_group_node(backend: Backend, group: LabelGroup) -> Node:
    """Show a label group; its count disregards any window of time."""

    def labels(limit: int | None = None, offset: int | None = None, **window: float | None) -> list[Node]:
        begin = window.get("from_time") if window.get("from_time") is not None else window.get("from_")
        end = window.get("to_time") if window.get("to_time") is not None else window.get("to")
        return [
            label_node(found) for found in page(group.between(begin, end), limit, offset, backend.controls.page_cap)
        ]

    def compact(**window: float | None) -> str:
        found = group.between(window.get("from_time"), window.get("to_time"))
        records = [{"id": label.id, "s": label.start, "d": label.duration} for label in found]
        return json.dumps(records, separators=(",", ":"))

    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "numberOfLabels": lambda: len(group.labels),
        "labels": labels,
        "labelString": compact,
    }


def label_node(label: Label) -> Node:
    """Show a label."""
    return {
        "id": label.id,
        "note": label.note,
        "startTime": label.start,
        "duration": label.duration,
        "timezone": label.timezone,
        "confidence": label.confidence,
        "createdBy": {"fullName": "Demo Reader"},
        "createdAt": label.created,
        "updatedAt": label.created,
        "tags": [{"id": f"{label.id}-{tag}", "tagType": tag_node(tag)} for tag in label.tags],
    }


def tag_node(tag: str) -> Node:
    """Show a term of the ontology."""
    category, value = ontology.TAGS[tag]
    name, description = ontology.CATEGORIES[category]
    return {
        "id": tag,
        "category": {"id": category, "name": name, "description": description},
        "value": value,
        "forStudy": category != "medication",
        "forDiary": category in {"epileptiform", "medication"},
    }


def document_node(backend: Backend, identity: str) -> Node:
    """Show a document, with links to fetch and to put it."""
    document = backend.documents.find(identity)
    return {
        "id": document.id,
        "name": document.name,
        "uploaded": document.uploaded,
        "fileSize": backend.documents.size(document.id),
        "downloadFileUrl": lambda: backend.links.download(document.id),
        "uploadFileUrl": lambda: backend.links.upload(document.id),
    }
