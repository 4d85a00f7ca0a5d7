"""Which data files a time window keeps, and how instants are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from penstock.errors import ConfigError, SelectionError, UnexpectedResponse
from penstock.platforms.sds.instants import moment, requested, zone
from penstock.platforms.sds.models import File
from penstock.platforms.sds.windows import Trimmer, Window, first_sample

T0 = datetime(2024, 6, 27, 14, 49, tzinfo=UTC)


def record(name: str, directory: str = "/files/a@b.c/d", **more: object) -> dict[str, object]:
    return {
        "uuid": str(uuid4()), "name": name, "directory": directory, "size": 3, "sum_blake3": "0" * 64,
        "created_at": "2026-11-20 21:54:17", **more,
    }  # fmt: skip


def data_file(offset_ms: int, directory: str = "/d") -> File:
    ms = int(T0.timestamp() * 1000) + offset_ms
    return File.parse(record(f"rf@{ms // 1000}.{ms % 1000:03d}.h5", directory))


def trimmed(window: Window, files: list[File]) -> list[str]:
    trimmer = Trimmer(window)
    return [file.name for file in [*trimmer.feed(files), *trimmer.finish()]]


def window(start_ms: int, stop_ms: int) -> Window:
    return Window(T0 + timedelta(milliseconds=start_ms), T0 + timedelta(milliseconds=stop_ms))


def test_the_file_that_covers_the_start_is_kept() -> None:
    files = [data_file(n * 125) for n in range(8)]
    kept = trimmed(window(300, 800), files)
    assert kept == [files[n].name for n in (2, 3, 4, 5, 6)]


def test_a_window_that_begins_with_a_file_keeps_none_before_it() -> None:
    files = [data_file(n * 125) for n in range(8)]
    assert trimmed(window(250, 500), files) == [files[2].name, files[3].name]


def test_the_last_file_of_a_directory_is_taken_to_last_a_second() -> None:
    assert trimmed(window(900, 2000), [data_file(0)]) == [data_file(0).name]
    assert trimmed(window(1000, 2000), [data_file(0)]) == []


def test_directories_are_judged_apart() -> None:
    files = [data_file(0, "/a"), data_file(0, "/b"), data_file(200, "/b")]
    assert trimmed(window(300, 400), files) == [files[0].name, files[2].name]


def test_other_files_are_always_kept() -> None:
    metadata = File.parse(record("drf_properties.h5"))
    assert trimmed(window(0, 1), [metadata]) == ["drf_properties.h5"]


def test_the_query_is_widened_by_a_second() -> None:
    assert window(300, 800).query == {
        "start_time": "2024-06-27T14:48:59.300Z",
        "end_time": "2024-06-27T14:49:00.800Z",
    }


def test_half_a_window_is_filled_up() -> None:
    assert Window.given(None, None) is None
    assert Window.given("2024-06-27T14:49:00Z", None).query["start_time"] == "2024-06-27T14:48:59.000Z"
    assert Window.given(None, "2024-06-27T14:49:00").query["start_time"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("start", "stop"), [("2024-06-27", "2024-06-26"), ("2024-06-27", "2024-06-27"), ("noon", None)]
)
def test_windows_that_make_no_sense_are_refused(start: str, stop: str | None) -> None:
    with pytest.raises(SelectionError):
        Window.given(start, stop)


def test_names_of_data_files_tell_their_first_sample() -> None:
    assert first_sample("rf@1719499740.300.h5") == T0 + timedelta(milliseconds=300)
    assert first_sample("rf@x.h5") is None
    assert first_sample("drf_properties.h5") is None


NEW_YORK = zone("America/New_York")


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-11-20 21:54:17", 2),
        ("2026-11-20T21:54:17.877051-05:00", 2),
        ("2026-11-20 21:54:17-0500", 2),
        ("2026-11-21T02:54:17Z", 2),
        ("2026-07-01 21:54:17", 1),
    ],
)
def test_instants_are_aware_and_in_utc(text: str, hour: int) -> None:
    found = moment(text, NEW_YORK)
    assert found.tzinfo is UTC
    assert (found.hour, found.minute, found.second) == (hour, 54, 17)


def test_the_gateways_zone_can_be_another() -> None:
    file = File.parse(record("a"), local=zone("Europe/Berlin"))
    assert file.created_at == datetime(2026, 11, 20, 20, 54, 17, tzinfo=UTC)
    assert File.parse(record("a")).created_at == datetime(2026, 11, 21, 2, 54, 17, tzinfo=UTC)


def test_an_unknown_zone_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        zone("Mars/Olympus")


def test_a_users_naive_instant_is_utc() -> None:
    assert requested("2024-06-27T14:49:00") == T0
    assert requested(datetime(2024, 6, 27, 14, 49)) == T0


def test_records_keep_the_answer_and_refuse_nonsense() -> None:
    values = record("a.txt", owner={"id": 2, "email": "a@b.c", "name": "A"}, surprise=1)
    file = File.parse(values)
    assert file.raw == values
    assert file.path.long == "/files/a@b.c/d/a.txt"
    assert file.digest.algorithm == "blake3"
    with pytest.raises(UnexpectedResponse, match="sum_blake3"):
        File.parse({**values, "sum_blake3": "nonsense"})
    with pytest.raises(UnexpectedResponse):
        File.parse({**values, "created_at": "yesterday"})
    with pytest.raises(Exception, match="frozen"):
        file.name = "b"


def test_a_repr_shows_no_signed_url() -> None:
    assert "Signature" not in repr(File.parse(record("a", file="http://s3/x?X-Amz-Signature=abc")))
