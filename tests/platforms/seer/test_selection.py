"""Which groups, channels and segments a selection means."""

from __future__ import annotations

import json

import pytest

from penstock.errors import FormatError, SelectionError, UnexpectedResponse
from penstock.platforms.seer.models import StudyMetadata
from penstock.platforms.seer.planning import _targets, layout_of
from penstock.platforms.seer.selection import select

T = 1_577_836_800_000.0


def group(name, channels, *, key=None, starts=(T,), duration=25_000.0, **changes):
    key = key or f"g-{name}"
    return {
        "id": key,
        "name": name,
        "sampleRate": 4.0,
        "samplesPerRecord": 4,
        "recordLength": 1.0,
        "recordsPerChunk": 10,
        "chunkPeriod": 10.0,
        "sampleEncoding": "int16",
        "compression": "gzip",
        "signalMin": -5.0,
        "signalMax": 5.0,
        "units": "V",
        "exponent": -3.0,
        "timestamped": False,
        "channels": [{"id": f"{key}-c{n}", "name": channel, "channelType": None} for n, channel in enumerate(channels)],
        "segments": [
            {"id": f"{key}-s{n}", "startTime": start, "duration": duration, "timezone": 10.0}
            for n, start in enumerate(starts)
        ],
        **changes,
    }


def study(*groups):
    return StudyMetadata.parse({"id": "st", "name": "Night 1", "patient": None, "channelGroups": list(groups)})


EEG = group("EEG", ["EEG Fz", "EEG Cz", "EEG Cz", None])
ECG = group("ECG", ["ECGR", "ECGS"], starts=(T, T + 100_000.0))


def chosen(selection):
    return {selected.group.name: [selected.group.labels[i] for i in selected.indices] for selected in selection.groups}


def test_everything_by_default():
    assert chosen(select(study(EEG, ECG))) == {
        "EEG": ["EEG Fz", "g-EEG-c1", "g-EEG-c2", "g-EEG-c3"],
        "ECG": ["ECGR", "ECGS"],
    }


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (["EEG F*"], {"EEG": ["EEG Fz"]}),
        ("EEG F*", {"EEG": ["EEG Fz"]}),
        (["ECG*"], {"ECG": ["ECGR", "ECGS"]}),
        (["ECG"], {"ECG": ["ECGR", "ECGS"]}),
        (["g-ECG-c1", "EEG Fz"], {"EEG": ["EEG Fz"], "ECG": ["ECGS"]}),
        (["ECGS", "ECGR"], {"ECG": ["ECGR", "ECGS"]}),
        (["EEG Cz"], {"EEG": ["g-EEG-c1", "g-EEG-c2"]}),
    ],
)
def test_patterns_match_channels_groups_and_ids(channels, expected):
    assert chosen(select(study(EEG, ECG), channels=channels)) == expected


def test_groups_narrow_what_channels_may_match():
    assert chosen(select(study(EEG, ECG), groups=["E?G"], channels=["*R"])) == {"ECG": ["ECGR"]}
    with pytest.raises(SelectionError):
        select(study(EEG, ECG), groups="EEG", channels="ECGR")


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ({"channels": ["ECRG"]}, "ECGR"),
        ({"channels": ["ecg*"]}, "ECGR"),
        ({"groups": ["eeg"]}, "EEG"),
        ({"channels": ["ECGR", "EEG Fx"]}, "EEG Fz"),
    ],
)
def test_a_pattern_without_a_match_names_its_neighbours(wanted, near):
    with pytest.raises(SelectionError, match=near):
        select(study(EEG, ECG), **wanted)


@pytest.mark.parametrize("wanted", [{"channels": []}, {"groups": []}, {"channels": [""]}, {"channels": [3]}])
def test_an_empty_choice_is_refused(wanted):
    with pytest.raises(SelectionError, match="names nothing"):
        select(study(EEG), **wanted)


@pytest.mark.parametrize("groups", [[], [group("EEG", [])]])
def test_a_study_without_channels_is_refused(groups):
    with pytest.raises(SelectionError, match="no channel groups"):
        select(study(*groups))


def test_a_name_with_brackets_matches_itself():
    assert chosen(select(study(group("EEG", ["C[1]", "C1"])), channels=["C[1]"])) == {"EEG": ["C[1]", "C1"]}


def test_windows_pick_segments_and_chunks_half_open():
    selection = select(study(EEG, ECG), start=T + 10_000, stop=T + 20_000)
    assert [(piece.segment.id, piece.chunks) for piece in selection.pieces()] == [
        ("g-EEG-s0", (1, 2)),
        ("g-ECG-s0", (1, 2)),
    ]


def test_a_window_in_a_pause_of_the_recording_selects_nothing():
    assert list(select(study(ECG), start=T + 50_000, stop=T + 60_000).pieces()) == []


@pytest.mark.parametrize(
    "window",
    [
        {"start": "2020-01-02", "stop": "2020-01-01"},
        {"start": "2020-01-01", "stop": "2020-01-01"},
        {"stop": "2019-01-01"},
        {"start": "2021-01-01"},
    ],
)
def test_a_window_that_holds_nothing_is_refused(window):
    with pytest.raises(SelectionError, match="time selection"):
        select(study(ECG), **window)


def test_a_group_that_cannot_be_decoded_is_refused_by_name():
    with pytest.raises(FormatError, match=r"'EEG'.*chunk period"):
        select(study(group("EEG", ["a"], chunkPeriod=None), ECG))
    assert select(study(group("EEG", ["a"], chunkPeriod=None), ECG), groups=["ECG"])


def test_targets_are_distinct_and_safe():
    same = group("EEG", ["a"], key="g2", starts=(T, T + 0.5))
    targets = _targets(study(EEG, same, group("a/b", ["x"])))
    assert targets["g-a/b-s0"] == "Night 1/a%2Fb/20200101T000000.000Z"
    assert len(set(targets.values())) == 4
    assert targets["g2-s1"].startswith(targets["g2-s0"] + "~")


def test_a_layout_is_json_and_holds_no_infinities():
    selection = select(study(EEG), channels=["EEG Fz"], start=T + 1)
    [piece] = selection.pieces()
    layout = json.loads(json.dumps(layout_of(selection, piece), allow_nan=False))
    assert (layout["from_ms"], layout["to_ms"], layout["select"]) == (T + 1, T + 25_000, [0])
    assert len(layout["channels"]) == 4


def test_raw_answers_are_kept_at_every_level():
    metadata = study(EEG)
    assert metadata.raw["channelGroups"][0] is EEG
    assert metadata.channel_groups[0].raw is EEG
    assert metadata.channel_groups[0].segments[0].raw["timezone"] == 10.0


def test_real_metadata_parses(vectors):
    document = json.loads((vectors / "seer" / "study1_metadata.json").read_text())
    metadata = StudyMetadata.parse(document["study"])
    assert {g.title: (len(g.channels), len(g.segments)) for g in metadata.channel_groups} == {
        "ECG": (2, 10),
        "EEG": (21, 10),
    }
    assert len(list(select(metadata, channels=["EEG"]).pieces())) == 10


def test_an_answer_that_lacks_a_required_field_is_named():
    with pytest.raises(UnexpectedResponse, match="duration"):
        study(group("EEG", ["a"], segments=[{"id": "s", "startTime": 1}]))
