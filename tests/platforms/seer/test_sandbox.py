"""Against the sandbox, which is written from the protocol a second time and serves real vectors too."""

from __future__ import annotations

import csv
import json
from contextlib import asynccontextmanager

import anyio
import numpy as np
import pytest

import penstock
from penstock._net.retry import no_backoff
from penstock.errors import NotFound, SelectionError
from penstock.sandbox import Sandbox
from penstock.sandbox.seer import EPILEPSY, KEY_ID, ODD, SIESTA, SLEEP

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def sandboxed(monkeypatch, **options):
    async with Sandbox(platforms=["seer"], **options) as sandbox:
        for name, value in sandbox.env.items():
            monkeypatch.setenv(name, value)
        with no_backoff():
            yield sandbox


@pytest.fixture
async def sandbox(monkeypatch, tmp_path_factory):
    async with sandboxed(monkeypatch, log=tmp_path_factory.mktemp("log") / "requests.jsonl") as running:
        yield running


@pytest.fixture
async def control(sandbox):
    """Turn the sandbox's switches."""
    async with penstock.Context() as context:
        service = context.http(sandbox.urls["seer"], platform="sandbox")

        async def adjust(**values):
            await service.request("POST", "/sandbox/controls", json=values)

        yield adjust


async def test_settings_come_from_the_environment(sandbox):
    async with penstock.Seer() as seer:
        names = [study.name async for study in seer.studies(search="demo")]
        assert "Demo sleep study" in names
        assert seer._source.instance == "sandbox-0-tiny-seer"


async def test_the_vendors_key_files_work_too(sandbox, monkeypatch):
    for name in ("EMAIL", "PASSWORD"):
        monkeypatch.delenv(f"PENSTOCK_SEER_{name}")
    async with penstock.Seer(key_id=KEY_ID) as seer:
        assert (await seer.study(SLEEP)).name == "Demo sleep study"


async def test_a_real_chunk_reads_as_the_original_client_decodes_it(monkeypatch, vectors):
    with (vectors / "seer" / "siesta_channel_data_2s.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if "." not in name and name not in {"", "time", "id"}]
    expected = np.array([[float(row[name]) for name in names] for row in rows])
    async with sandboxed(monkeypatch, data=vectors), penstock.Seer() as seer:
        [block] = await seer.read(SIESTA)
    assert block.names == tuple(names)
    assert block.data.shape == expected.shape
    np.testing.assert_allclose(block.data, expected, rtol=2e-7, atol=1e-12)
    np.testing.assert_allclose(block.clock(), [float(row["time"]) for row in rows], rtol=0, atol=1e-3)


async def test_blocks_agree_with_files(sandbox, tmp_path):
    async with penstock.Seer() as seer:
        report = await seer.download(EPILEPSY, to=tmp_path)
        blocks = await seer.read(EPILEPSY)
    report.raise_for_failures()
    files = sorted(tmp_path.rglob("*.npy"))
    assert len(files) == len(blocks)
    for file, block in zip(files, sorted(blocks, key=lambda block: (block.group, block.start_ms)), strict=True):
        np.testing.assert_array_equal(np.load(file), block.data)
        assert np.nanstd(block.data) > 0
        described = json.loads(file.with_suffix(".json").read_text())
        assert described
    eeg = next(block for block in blocks if block.group == "EEG")
    assert eeg.missing  # a chunk that was never stored, and a loose plug


async def test_every_trap_of_the_odd_study_is_survived(sandbox, tmp_path):
    async with penstock.Seer() as seer:
        blocks = await seer.read(ODD)
        (double,) = await seer.read(ODD, groups=["Reference*"], dtype="float64")
        report = await seer.download(ODD, to=tmp_path)
    report.raise_for_failures()
    by_group = {}
    for block in blocks:
        by_group.setdefault(block.group, []).append(block)
    names = by_group["Names"][0].names
    assert len(set(names)) == 4
    assert names[3] == "L / R"
    gone, holed = by_group["Scattered"]
    assert np.isnan(gone.data).all()
    assert holed.missing == ((0, 1280),)
    assert by_group["Surplus record"][0].data.shape == (1600, 2)
    assert not np.isnan(by_group["Surplus record"][0].data).any()
    assert double.data.dtype == np.float64
    assert 0 < np.ptp(double.data) < 1


async def test_links_that_run_out_soon_are_renewed(sandbox, control):
    await control(link_seconds=1.0)
    async with penstock.Seer() as seer:
        blocks = []
        async for block in seer.stream(SLEEP, groups=["EEG"]):
            blocks.append(block)
            await anyio.sleep(0.05)
    assert len(blocks) > 20


async def test_many_tasks_share_one_login_when_everybody_is_logged_out(sandbox, control):
    async with penstock.Seer() as seer:
        await seer.study(SLEEP)
        await control(era=1)
        async with anyio.create_task_group() as group:
            for _ in range(32):
                group.start_soon(seer.metadata, SLEEP)
    assert [request["path"] for request in sandbox.requests()].count("/api/auth/login") == 2


@pytest.mark.parametrize("kind", ["500", "503", "403", "429", "truncate"])
async def test_faults_of_the_chunk_network_are_overcome(sandbox, control, tmp_path, kind):
    await control(faults=[{"place": "chunk", "kind": kind, "count": 3, "after": 2, "retry_after": 0}])
    async with penstock.Seer() as seer:
        report = await seer.download(SLEEP, to=tmp_path, groups=["ECG"])
    report.raise_for_failures()


@pytest.mark.parametrize("kind", ["502", "server_error", "not_authenticated", "429"])
async def test_faults_of_queries_are_overcome(sandbox, control, kind):
    await control(faults=[{"place": "graphql", "kind": kind, "retry_after": 0}])
    async with penstock.Seer() as seer:
        assert (await seer.study(SLEEP)).id == SLEEP


async def test_more_segments_than_a_page(sandbox):
    async with penstock.Seer() as seer:
        [many] = [study async for study in seer.studies(search="snippets")]
        metadata = await many.metadata()
        assert len(metadata.channel_groups[0].segments) == 5203
        assert len(await seer.segments(many.id).collect()) == 5203


async def test_unknown_and_empty_studies(sandbox):
    async with penstock.Seer() as seer:
        with pytest.raises(NotFound):
            await seer.study("no-such-study")
        [empty] = [study async for study in seer.studies(search="empty")]
        with pytest.raises(SelectionError):
            await seer.read(empty.id)
