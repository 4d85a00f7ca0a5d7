"""What the generator writes, and what it refuses to."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import penstock
import penstock.sync
from penstock._build import make_sync
from penstock._build.annotations import Types
from penstock._build.library import Library, Refused
from penstock._build.make_sync import Generator
from penstock.sync._bridge import Bridged

SOURCE = Path(__file__).parent / "fakestock"
RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__", "__aiter__": "__iter__"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the small library that a test may change."""
    shutil.copytree(SOURCE, tmp_path / "fakestock", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def river(copy: Path) -> Callable[..., str]:
    """Add code to the end of a class of the small library, and return its twins."""

    def generate(*lines: str) -> str:
        path = copy / "fakestock/platforms/river/client.py"
        path.write_text("\n".join([path.read_text(encoding="utf-8"), *lines, ""]), encoding="utf-8")
        return Generator(copy, "fakestock").generate()["_generated_river.py"]

    return generate


def differences(original: type[Any], twin: type[Any]) -> list[str]:
    """List the public methods whose twin is missing or takes other parameters."""
    found = []
    for name, method in inspect.getmembers(original, callable):
        if name.startswith("_") and name not in RENAMED:
            continue
        mirrored = getattr(twin, RENAMED.get(name, name), None)
        if name in getattr(original, "__sync_skip__", ()):
            assert mirrored is None
        elif mirrored is None:
            found.append(f"{name} is missing")
        elif parameters(mirrored) != parameters(method) and not name.startswith("__"):
            found.append(f"{name} takes {parameters(mirrored)} instead of {parameters(method)}")
    return found


def parameters(method: Any) -> list[tuple[str, Any, Any]]:
    """Return names, kinds and defaults."""
    return [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("name", ["Context", "Gauge", "River"])
def test_every_method_has_a_twin_with_the_same_parameters(twins: ModuleType, name: str) -> None:
    import fakestock

    assert differences(getattr(fakestock, name), getattr(twins, name)) == []


@pytest.mark.parametrize("name", penstock.__all__)
def test_penstock_and_its_twins_agree(name: str) -> None:
    original, twin = getattr(penstock, name), getattr(penstock.sync, name)

    if inspect.iscoroutinefunction(original):
        assert parameters(twin) == parameters(original)
    elif twin is not original:
        assert issubclass(twin, Bridged)
        assert differences(original, twin) == []


def test_public_names_are_the_same_in_both_worlds(twins: ModuleType) -> None:
    import fakestock

    assert set(twins.__all__) - set(fakestock.__all__) == {"Stream", "SyncPager", "shutdown"}
    assert {name for name in penstock.__all__ if not hasattr(penstock.sync, name)} == set()
    assert set(dir(twins)) >= set(twins.__all__)


def test_values_without_anything_to_await_are_the_same(twins: ModuleType) -> None:
    import fakestock

    assert twins.Reading is fakestock.Reading


def test_unknown_names_are_attribute_errors(twins: ModuleType) -> None:
    with pytest.raises(AttributeError, match="Lake"):
        _ = twins.Lake


def test_docstrings_speak_of_the_twin_and_show_blocking_code(twins: ModuleType) -> None:
    text = inspect.getdoc(twins.Gauge) or ""

    assert text.startswith("Blocking twin of `fakestock.Gauge`.\n\nMeasures the level.")
    assert "await" not in text
    assert "async" not in text


def test_the_string_after_a_field_describes_the_property(twins: ModuleType) -> None:
    assert inspect.getdoc(twins.Gauge.place) == "Where it stands."


def test_return_types_are_lifted(twins: ModuleType) -> None:
    returns = {
        name: inspect.signature(method).return_annotation
        for name, method in vars(twins.River).items()
        if callable(method)
    }

    assert returns["gauge"] == "Gauge"
    assert returns["find"] == "Gauge | None"
    assert returns["by_name"] == "dict[str, list[Gauge]]"
    assert returns["gauges"] == "SyncPager[Gauge]"
    assert returns["numbers"] == "Stream[int]"
    assert inspect.signature(twins.Gauge.lowered).return_annotation == "AbstractContextManager[Gauge]"


def test_the_committed_twins_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2] / "src"

    assert make_sync.main(["--check", "--root", str(root)]) == 0
    assert "match" in capsys.readouterr().err


def test_check_shows_what_would_change_and_changes_nothing(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--root", str(copy), "--package", "fakestock"]
    make_sync.main(arguments)
    path = copy / "fakestock/sync/_generated_river.py"
    path.write_text(path.read_text(encoding="utf-8").replace("stop: int", "stop: str"), encoding="utf-8")
    stray = copy / "fakestock/sync/_generated_lake.py"
    stray.write_text("lake = 1\n", encoding="utf-8")

    assert make_sync.main([*arguments, "--check"]) == 1

    assert "+    def numbers(self, stop: int" in capsys.readouterr().err
    assert stray.exists()
    assert make_sync.main(arguments) == 0
    assert not stray.exists()
    assert make_sync.main([*arguments, "--check"]) == 0


def test_all_refusals_are_listed_at_once_with_their_place(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "fakestock/platforms/river/client.py"
    path.write_text(path.read_text() + "\n    async def a(self, x) -> int: ...\n    async def b(self): ...\n")

    assert make_sync.main(["--root", str(copy), "--package", "fakestock"]) == 2

    message = capsys.readouterr().err
    assert "River.a needs a type for its parameter x" in message
    assert "River.b needs a return type" in message
    assert "client.py:" in message


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("async def a(self, x) -> int: ...", "River.a needs a type for its parameter x"),
        ("async def a(self): ...", "River.a needs a return type"),
        ("def a(self): ...", "River.a needs a return type"),
        ("@property\n    async def a(self) -> int: ...", "River.a is an async property: make it a method"),
        ("@property\n    def a(self): ...", "the type of River.a cannot be read off: annotate it"),
        ("async def a(self) -> Pager[int]: ...", "a is a coroutine whose result is asynchronous again"),
        ("async def a(self) -> AsyncIterator[int]: return x", "a is a coroutine whose result is asynchronous again"),
        ("def a(self) -> list[Pager[int]]: ...", "a Pager can only be the whole result"),
        ("async def a(self, x: AsyncIterator[int]) -> None: ...", "River.a takes an AsyncIterator as x"),
        (
            "def a(self, *, tell: Callable[[int], None]) -> None: ...",
            "the callback tell may be called when nobody waits",
        ),
        (
            "@classmethod\n    def a(cls) -> Pager[int]: ...",
            "a classmethod cannot be an iterator, a pager or a manager",
        ),
        ("async def a(self) -> Unknown: ...", "the name Unknown is not defined"),
    ],
)
def test_code_without_a_faithful_twin_is_refused(river: Callable[..., str], method: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        river(f"    {method}", "from collections.abc import Callable")

    assert reason in str(caught.value)


def test_a_public_attribute_of_unknown_type_is_refused(copy: Path) -> None:
    path = copy / "fakestock/context.py"
    path.write_text(path.read_text().replace("self._closed = False", "self.closing = [False]"))

    with pytest.raises(Refused, match=r"the type of Context\.closing cannot be read off"):
        Generator(copy, "fakestock").generate()


def test_names_that_clash_are_told_apart(copy: Path, river: Callable[..., str]) -> None:
    (copy / "fakestock/platforms/river/models.py").write_text("class Gauge: ...\n")

    text = river("    def raw(self) -> models.Gauge: ...", "from fakestock.platforms.river import models")

    assert "from fakestock.platforms.river import models" in text or "import fakestock.platforms.river.models" in text
    assert "def raw(self) -> models.Gauge:" in text


def test_an_alias_that_holds_a_twin_is_spelled_out(copy: Path, river: Callable[..., str]) -> None:
    (copy / "fakestock/platforms/river/places.py").write_text(
        "from typing import TypeAlias\n"
        "from fakestock.platforms.river.gauge import Gauge\n"
        "Place: TypeAlias = Gauge | str\n"
    )

    text = river(
        "    async def near(self, to: Place) -> 'Place': ...", "from fakestock.platforms.river.places import Place"
    )

    assert "def near(self, to: Gauge | str) -> Gauge | str:" in text
    assert "return lift(self._call(self._async.near, lower(to)))" in text


def test_literals_survive_and_metadata_goes(river: Callable[..., str]) -> None:
    text = river(
        "    async def a(self, x: Literal['Gauge'], y: Annotated[int, 'm'] = 1, *z: float, **w: 'str') -> None: ...",
        "from typing import Annotated, Literal",
    )

    assert "def a(self, x: Literal['Gauge'], y: int=1, *z: float, **w: str) -> None:" in text
    assert "self._call(self._async.a, x, y, *z, **w)" in text


@pytest.mark.parametrize(
    ("method", "twin"),
    [
        ("def a(self) -> Awaitable[int]: ...", "def a(self) -> int:\n        return self._call(self._async.a)"),
        (
            "def a(self) -> AbstractAsyncContextManager[Gauge]: ...",
            "def a(self) -> AbstractContextManager[Gauge]:\n        return self._manage(self._async.a)",
        ),
        ("def a(self) -> 'AsyncIterator[Gauge]': ...", "def a(self) -> Stream[Gauge]:\n        return self._iterate("),
        ("def a(self) -> Self: ...", "def a(self) -> Self:\n        return lift(self._async.a())"),
        ("def __len__(self) -> int: ...", "def __len__(self) -> int:\n        return self._async.__len__()"),
        (
            "@property\n    def a(self) -> Gauge: ...\n    @a.setter\n    def a(self, to: Gauge) -> None: ...",
            "@a.setter\n    def a(self, value: Gauge) -> None:\n        self._async.a = lower(value)",
        ),
        ("class Kind: ...", "Kind = AsyncRiver.Kind"),
    ],
)
def test_less_common_shapes_have_twins(river: Callable[..., str], method: str, twin: str) -> None:
    text = river(
        f"    {method}",
        "from collections.abc import Awaitable",
        "from contextlib import AbstractAsyncContextManager",
        "from typing import Self",
    )

    assert twin in text


def test_a_class_that_is_its_own_iterator_has_a_blocking_one(river: Callable[..., str]) -> None:
    text = river(
        "    def __aiter__(self) -> Self: ...", "    async def __anext__(self) -> int: ...", "from typing import Self"
    )

    assert "def __iter__(self) -> Stream[int]:\n        return self._iterate(self._async.__aiter__)" in text


def test_what_is_made_of_asynchronous_parts_has_no_constructor(copy: Path) -> None:
    path = copy / "fakestock/platforms/river/client.py"
    path.write_text(path.read_text().replace("*, url: str =", "*, feed: AsyncIterator[int], url: str ="))

    text = Generator(copy, "fakestock").generate()["_generated_river.py"]

    assert "AsyncRiver(" not in text


def test_modules_outside_the_package_are_left_alone() -> None:
    library = Library(SOURCE.parent, "fakestock")

    assert library.module("os.path") is None
    assert library.module("fakestock.nowhere") is None
    with pytest.raises(Refused, match="no such module"):
        library.required("fakestock.nowhere")
    assert not Types(library).is_asynchronous(library.follow(make_sync.Origin("fakestock.types", "Reading")))
