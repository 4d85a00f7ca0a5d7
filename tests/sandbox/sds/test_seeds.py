"""What the sandbox is seeded with: real recordings where there are some, believable ones elsewhere."""

from __future__ import annotations

import io

import aiohttp
import h5py
import numpy as np
import pytest
from blake3 import blake3

from penstock.sandbox import Sandbox, World
from penstock.sandbox.sds import applications
from penstock.sandbox.sds.contents import Repeated
from penstock.sandbox.sds.digital_rf import Channel
from penstock.sandbox.sds.large import LARGE_DIGESTS, LARGE_SIZE
from penstock.sandbox.sds.seeds import RESEARCHER, _large_block, populate

HEADERS = {"Authorization": "Api-Key: sandbox-sds-token"}


def inventory(world):
    return {
        f.path: (f.uuid, f.content.size, f.content.digest, f.created) for f in populate(world).accessible(RESEARCHER)
    }


def test_the_same_seed_gives_the_same_files_and_another_gives_others():
    assert inventory(World(seed=3)) == inventory(World(seed=3))
    other = inventory(World(seed=4))
    assert set(other) == set(inventory(World(seed=3)))
    assert all(other[path][0] != values[0] for path, values in inventory(World(seed=3)).items())
    assert any(other[path][2] != values[2] for path, values in inventory(World(seed=3)).items() if "rf@" in path)


@pytest.mark.parametrize(
    ("scale", "many", "least"), [("tiny", 40, 1 << 20), ("small", 2_000, 95 << 20), ("large", 20_000, 4 << 30)]
)
def test_scales(scale, many, least):
    store = populate(World(scale=scale))
    root = RESEARCHER.root
    assert len(store.newest_below(RESEARCHER, f"{root}/many")) == many
    assert sum(file.content.size for file in store.newest_below(RESEARCHER, f"{root}/captures")) >= least


@pytest.mark.parametrize("index", [0, len(LARGE_DIGESTS) - 1])
def test_the_digests_of_large_files_are_true(index):
    content = Repeated(_large_block, LARGE_SIZE, shift=index * 524_309)
    assert content.digest == LARGE_DIGESTS[index]


def test_large_files_differ_and_amount_to_four_gibibytes():
    assert len(set(LARGE_DIGESTS)) * LARGE_SIZE >= 4 << 30


def test_a_synthetic_data_file_has_the_layout_of_digital_rf():
    channel = Channel(World(), "x", rate=160_000, files=4)
    members = dict(channel.members())
    with h5py.File(io.BytesIO(members["2024-06-27T14-00-00/rf@1719499740.250.h5"]())) as file:
        samples, index = file["rf_data"], file["rf_data_index"]
        assert samples.dtype == np.dtype([("r", "<i2"), ("i", "<i2")])
        assert samples.shape == (20_000, 1)
        assert index[()].tolist() == [[1_719_499_740 * 160_000 + 40_000, 0]]
        assert samples.attrs["sample_rate_numerator"] == 160_000
        assert samples.attrs["file_cadence_millisecs"] == 125


def test_the_synthetic_spectrum_has_carriers_above_the_noise():
    channel = Channel(World(), "x", rate=160_000, files=1)
    with h5py.File(io.BytesIO(channel.data(0))) as file:
        samples = file["rf_data"][:, 0]
    spectrum = np.abs(np.fft.fft(samples["r"].astype(float) + 1j * samples["i"]))
    carrier = spectrum[round(0.11 * len(spectrum))]
    assert carrier > 50 * np.median(spectrum)


@pytest.mark.anyio
async def test_the_real_capture_is_served_byte_for_byte(vectors):
    real = vectors / "sds" / "drf" / "westford-vpol"
    async with Sandbox(platforms=["sds"], data=vectors) as sandbox, aiohttp.ClientSession(headers=HEADERS) as session:
        api = f"{sandbox.urls['sds']}/api/v1/assets"
        async with session.get(f"{api}/files/", params={"path": "/captures/westford", "page_size": "100"}) as response:
            rows = (await response.json())["results"]
        assert len(rows) == len(list(real.rglob("*.h5"))) == 19
        for row in rows:
            path = real / row["directory"].partition("/captures/westford/")[2] / row["name"]
            async with session.get(f"{api}/files/{row['uuid']}/download/") as response:
                body = await response.read()
            assert body == path.read_bytes()
            assert row["sum_blake3"] == blake3(body).hexdigest()


@pytest.mark.anyio
async def test_the_real_capture_is_indexed_as_the_real_gateway_does_it(vectors):
    async with (
        Sandbox(platforms=["sds"], data=vectors) as sandbox,
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.get(f"{sandbox.urls['sds']}/api/v1/assets/captures/") as response,
    ):
        rows = {row["top_level_dir"]: row for row in (await response.json())["results"]}
    row = rows["/captures/westford"]
    assert (row["total_file_count"], row["total_file_size"], row["data_files_info"]["count"]) == (19, 20_150_856, 16)
    assert (row["center_frequency_ghz"], row["sample_rate_mhz"]) == (1.0240000004842604, 2.5)
    props = row["capture_props"]
    assert (props["start_bound"], props["end_bound"], props["is_continuous"]) == (1_719_499_740, 1_719_499_741, True)
    assert props["custom_attrs"]["receiver/info/mboard_serial"] == "31649FE"
    assert props["custom_attrs"]["index"] == 4_298_748_970_000_000
    assert props["uuid_str"] == "15f2dcff1f2a43278a0f5175a356df3a"


def test_an_emulator_costs_nothing_until_someone_asks():
    world = World(scale="large")
    assert set(applications(world)) == {"sds", "sds-s3"}
