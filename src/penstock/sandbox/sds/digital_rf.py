"""Synthetic captures in the Digital RF layout: HDF5 files of 125 ms with a spectrum worth looking at."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from numpy.typing import NDArray

    from penstock.sandbox.world import World

    Samples: TypeAlias = NDArray[np.int16]

CADENCE_MS = 125
SUBDIR_SECONDS = 3600
START_SECOND = 1_719_499_740
"""14:49:00 UTC on 27 June 2024, when the real Westford capture begins."""
FOLDER = "2024-06-27T14-00-00"
CENTRE_HZ = 1_024_000_000.0
COMPLEX_INT16 = np.dtype([("r", "<i2"), ("i", "<i2")])
TIME_DESCRIPTION = (
    "All times are counted in samples since the epoch that the epoch attribute names: sample index = UTC seconds x "
    "sample_rate. init_utc_timestamp is the UTC second at which recording began."
)


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel of a capture.

    Args:
        world: Gives the seed.
        label: Tells the noise of this channel from that of others.
        rate: Complex samples a second; a multiple of 8, so that a file holds a whole number of them.
        files: How many data files there are.
    """

    world: World
    label: str
    rate: int
    files: int

    def members(self) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Yield the path of every file within the channel's folder, and what makes its bytes."""
        yield "drf_properties.h5", self.properties
        yield "metadata/dmd_properties.h5", self.metadata_properties
        yield f"metadata/{FOLDER}/metadata@{START_SECOND}.h5", self.metadata
        for index in range(self.files):
            yield f"{FOLDER}/{self.name(index)}", _DataFile(self, index)

    @staticmethod
    def name(index: int) -> str:
        """Name the data file that holds 125 ms from `index` times 125 ms on."""
        milliseconds = START_SECOND * 1000 + index * CADENCE_MS
        return f"rf@{milliseconds // 1000}.{milliseconds % 1000:03d}.h5"

    @property
    def samples_per_file(self) -> int:
        """Complex samples in one data file."""
        return self.rate * CADENCE_MS // 1000

    @property
    def first_sample(self) -> int:
        """Global index of the first sample."""
        return START_SECOND * self.rate

    @property
    def recording_id(self) -> str:
        """The id that ties the files of one recording together."""
        return self.world.uuid("drf", self.label).hex

    def properties(self) -> bytes:
        """Render `drf_properties.h5`, which is attributes and nothing else."""
        return _hdf5(lambda file: file.attrs.update(self._attributes()))

    def metadata_properties(self) -> bytes:
        """Render `dmd_properties.h5`."""
        return _hdf5(self._fill_metadata_properties)

    def metadata(self) -> bytes:
        """Render the one file of digital metadata: how the receiver was set when recording began."""
        return _hdf5(self._fill_metadata)

    @lru_cache(maxsize=16)
    def data(self, index: int) -> bytes:
        """Render one data file."""

        def fill(file: Any) -> None:
            dataset = file.create_dataset("rf_data", data=self._samples(index))
            dataset.attrs.update(self._attributes())
            dataset.attrs.update(
                computer_time=np.uint64(START_SECOND + index * CADENCE_MS // 1000),
                init_utc_timestamp=np.uint64(START_SECOND),
                sequence_num=np.int32(index),
                uuid_str=np.bytes_(self.recording_id),
            )
            first = self.first_sample + index * self.samples_per_file
            file.create_dataset(
                "rf_data_index", data=np.array([[first, 0]], "<u8"), chunks=(100, 2), maxshape=(None, 2)
            )

        return _hdf5(fill)

    def _attributes(self) -> dict[str, Any]:
        kind = {"class": 0, "offset": 0, "order": 0, "precision": 16, "size": 2}
        return {
            **{f"H5Tget_{name}": np.uint64(value) for name, value in kind.items()},
            "digital_rf_time_description": np.bytes_(TIME_DESCRIPTION),
            "digital_rf_version": np.bytes_("2.6.0"),
            "epoch": np.bytes_("1970-01-01T00:00:00Z"),
            "file_cadence_millisecs": np.uint64(CADENCE_MS),
            "is_complex": np.int32(1),
            "is_continuous": np.int32(1),
            "num_subchannels": np.int32(1),
            "sample_rate_denominator": np.uint64(1),
            "sample_rate_numerator": np.uint64(self.rate),
            "subdir_cadence_secs": np.uint64(SUBDIR_SECONDS),
        }

    def _fill_metadata_properties(self, file: Any) -> None:
        file.attrs.update(
            digital_metadata_version=np.bytes_("2.5"),
            file_cadence_secs=np.int64(1),
            file_name=np.bytes_("metadata"),
            sample_rate_denominator=np.int64(1),
            sample_rate_numerator=np.int64(self.rate),
            subdir_cadence_secs=np.int64(SUBDIR_SECONDS),
        )
        fields = [(b"center_frequencies",), (b"receiver",), (b"uuid_str",)]
        file.create_dataset("fields", data=np.array(fields, [("column", "S128")]))

    def _fill_metadata(self, file: Any) -> None:
        group = file.create_group(str(self.first_sample))
        group["center_frequencies"] = np.array([CENTRE_HZ])
        group["uuid_str"] = self.recording_id
        settings = {"center_freq": CENTRE_HZ, "gain": 40.0, "bandwidth": self.rate * 0.8, "samp_rate": float(self.rate)}
        for name, value in settings.items():
            group[f"receiver/{name}"] = value
        group["receiver/antenna"] = "RX2"
        group["receiver/description"] = "synthetic receiver of the penstock sandbox"
        group["receiver/info/mboard_serial"] = "SANDBOX"

    def _samples(self, index: int) -> NDArray[np.void]:
        """Mix steady signals, noise that differs from file to file, and a burst that wanders."""
        shift = (index * 7919 + 1) % self.samples_per_file
        mixed = self._steady + np.roll(self._noise, shift, axis=0)
        length = self.samples_per_file // 8
        begin = (index * 3 % 8) * length
        mixed[begin : begin + length] += self._burst[:length]
        return mixed.view(COMPLEX_INT16)

    @cached_property
    def _turns(self) -> NDArray[np.float64]:
        return np.arange(self.samples_per_file) / self.samples_per_file

    @cached_property
    def _steady(self) -> Samples:
        """Three carriers and a chirp through half of the band, all of a period that divides a file."""
        n = self.samples_per_file
        carriers = ((0.11, 320.0), (-0.23, 180.0), (0.37, 90.0))
        sweep = n * (0.5 * self._turns**2 - 0.25 * self._turns) / 2
        mixed = 140.0 * _tone(sweep)
        for where, amplitude in carriers:
            mixed += amplitude * _tone(round(where * n) * self._turns)
        return _quantised(mixed)

    @cached_property
    def _noise(self) -> Samples:
        """Nearly Gaussian noise: four bytes summed, whose spread is about 148, scaled down."""
        raw = self.world.entropy("drf", self.label, "noise", size=8 * self.samples_per_file)
        total = np.frombuffer(raw, np.uint8).reshape(-1, 2, 4).sum(axis=2, dtype=np.int16)
        noise: Samples = ((total - 510) // 5).astype(np.int16)
        return noise

    @cached_property
    def _burst(self) -> Samples:
        """Four-phase keyed symbols of 16 samples each, around a fifth of the band."""
        n = self.samples_per_file
        symbols = np.frombuffer(self.world.entropy("drf", self.label, "symbols", size=n // 16 + 1), np.uint8) % 4
        phase = np.repeat(symbols, 16)[:n] / 4
        return _quantised(260.0 * _tone(phase + round(0.2 * n) * self._turns))


@dataclass(frozen=True, slots=True)
class _DataFile:
    """Makes one data file when called; unlike a lambda in a loop it holds its own index."""

    channel: Channel
    index: int

    def __call__(self) -> bytes:
        return self.channel.data(self.index)


def _tone(turns: NDArray[np.float64]) -> NDArray[np.complex128]:
    tone: NDArray[np.complex128] = np.exp(2j * np.pi * turns)
    return tone


def _quantised(signal: NDArray[np.complex128]) -> Samples:
    """Round to interleaved int16, shape (samples, 2)."""
    return np.stack([signal.real, signal.imag], axis=1).round().astype(np.int16)


def _hdf5(fill: Callable[[Any], None]) -> bytes:
    """Render an HDF5 file in memory; the same content gives the same bytes, as no time is stored."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()
