"""Generates the blocking twins in `penstock/sync` from the asynchronous classes.

    python -m penstock._build.make_sync            rewrite what has changed
    python -m penstock._build.make_sync --check    only compare; exit with 1 if something would change

It starts from the public names of the package, and goes on with every class that their methods return and that has
something to await. It reads signatures, never bodies, and refuses public code that has no faithful twin.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._build.annotations import Types
from penstock._build.library import Library, Origin, Refused
from penstock._build.members import members
from penstock._build.output import BRIDGE, HEADER, File
from penstock._build.signatures import Signatures
from penstock._build.twins import TwinClass, add_function

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "penstock"

INIT = '''{header}
"""The blocking twins: the same names as in `{package}`, without `await`.

They work in scripts, in threads and in notebooks, over one event loop in the background:

    import {package}.sync as {package}

Callbacks run in the thread that made the call, and Ctrl-C ends it cleanly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from {bridge} import Stream, SyncPager, shutdown

if TYPE_CHECKING:
{imports}

__all__ = {names}

_HOMES = {homes}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module '{package}.sync' has no attribute {{name!r}}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
'''


class Generator:
    """Plans which twins there are and where they live, and writes them.

    Args:
        root: The folder that holds the package's folder.
        package: Name of the package.
    """

    def __init__(self, root: Path, package: str = PACKAGE) -> None:
        self.library = Library(root, package)
        self.types = Types(self.library)
        self.package = package

    def generate(self) -> dict[str, str]:
        """Return the name and the text of every generated file, not yet formatted."""
        public_names = self._public()
        classes = [origin for origin in public_names.values() if self.types.is_asynchronous(origin)]
        twins = self._closure(classes)
        homes = {origin: self._home(origin) for origin in twins}
        files = {home: File(home) for home in sorted(set(homes.values()))}
        for origin, home in homes.items():
            files[home].claim(origin.name, Origin(home, origin.name))
        refusals: list[str] = []
        for origin, home in homes.items():
            public = f"{self.package}.{origin.name}" if origin in classes else None
            refusals += TwinClass(self.library, self.types, homes, files[home], origin).write(public=public)
        exported = self._functions(public_names, homes, files)
        if refusals:
            raise Refused("\n".join(refusals))
        texts = {f"{file.name.rsplit('.', 1)[-1]}.py": file.render() for file in files.values()}
        return {**texts, "__init__.py": self._init(exported)}

    def _public(self) -> dict[str, Origin]:
        """Return the public names of the package and where they are defined."""
        module = self.library.required(self.package)
        names = ast.literal_eval(module.assigned["__all__"])
        table = ast.literal_eval(module.assigned["_HOMES"]) if "_HOMES" in module.assigned else {}
        found: dict[str, Origin] = {}
        for name in names:
            start = Origin(table[name], name) if name in table else Origin(self.package, name)
            found[name] = self.library.follow(start)
        return {name: origin for name, origin in found.items() if not name.startswith("_")}

    def _closure(self, classes: list[Origin]) -> list[Origin]:
        """Add every asynchronous class that a public method or attribute hands out."""
        found: list[Origin] = []
        waiting = list(classes)
        while waiting:
            origin = waiting.pop(0)
            if origin in found:
                continue
            found.append(origin)
            waiting += [other for other in self._handed_out(origin) if self.types.is_asynchronous(other)]
        return sorted(found)

    def _handed_out(self, origin: Origin) -> Iterator[Origin]:
        for member in members(self.library, origin).values():
            for annotation in (member.annotation, *(node.returns for node in member.nodes)):
                yield from self.types.mentioned(member.module, annotation)

    def _home(self, origin: Origin) -> str:
        """Return the generated module for a class: one for each platform, one for the rest."""
        parts = origin.module.split(".")
        suffix = f"_{parts[2]}" if len(parts) > 2 and parts[1] == "platforms" else ""
        return f"{self.package}.sync._generated{suffix}"

    def _functions(
        self, public: dict[str, Origin], homes: dict[Origin, str], files: dict[str, File]
    ) -> dict[str, Origin]:
        """Write public coroutine functions, and return where each public name is found."""
        exported: dict[str, Origin] = {}
        for name, origin in public.items():
            module = self.library.module(origin.module)
            functions = module.functions.get(origin.name, []) if module else []
            if origin in homes:
                exported[name] = Origin(homes[origin], origin.name)
            elif module and any(isinstance(node, ast.AsyncFunctionDef) for node in functions):
                home = self._home(origin)
                file = files.setdefault(home, File(home))
                add_function(file, Signatures(self.types, homes, file), module, origin.name)
                exported[name] = Origin(home, origin.name)
            else:
                exported[name] = origin
        return exported

    def _init(self, exported: dict[str, Origin]) -> str:
        imports = [f"    from {origin.module} import {origin.name} as {name}" for name, origin in exported.items()]
        return INIT.format(
            header=HEADER.format(sources=f"{self.package}/__init__.py"),
            package=self.package,
            bridge=BRIDGE,
            imports="\n".join(imports) or "    pass",
            names=sorted([*exported, "Stream", "SyncPager", "shutdown"]),
            homes={name: origin.module for name, origin in exported.items()},
        )


def formatted(name: str, text: str) -> str:
    """Sort the imports and lay the text out, as ruff does it for the whole project wherever this runs."""
    options = ["--isolated", "--config", "line-length=120", "--config", "target-version='py311'"]
    imports = ["--config", f"lint.isort.known-first-party=['{PACKAGE}']", "--select", "I,F401,PIE790"]
    for command in (["check", "--fix", "--exit-zero", *imports], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", *options, "--stdin-filename", name, "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Refused(f"ruff {command[0]} failed on {name}: {done.stderr}")
        text = done.stdout
    return text


def difference(folder: Path, texts: dict[str, str]) -> dict[str, str]:
    """Return the diff of every file that is not what it should be; superfluous ones among them."""
    found: dict[str, str] = {}
    stale = {path.name for path in folder.glob("_generated*.py")} - set(texts)
    for name in sorted({*texts, *stale}):
        path = folder / name
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        after = texts.get(name, "")
        if before != after or name in stale:
            lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, f"{name} (regenerated)")
            found[name] = "".join(lines)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the generator from the command line."""
    parser = argparse.ArgumentParser(description="Generate the blocking twins.")
    parser.add_argument("--check", action="store_true", help="only compare with what is there")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2], help="folder that holds the package")
    parser.add_argument("--package", default=PACKAGE)
    options = parser.parse_args(arguments)
    folder = options.root / options.package / "sync"
    try:
        raw = Generator(options.root, options.package).generate()
        texts = {name: formatted(str(folder / name), text) for name, text in raw.items()}
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    changed = difference(folder, texts)
    if options.check:
        sys.stderr.write("".join(changed.values()))
        sys.stderr.write("Run `nox -s sync`.\n" if changed else "The twins match their originals.\n")
        return 1 if changed else 0
    folder.mkdir(exist_ok=True)
    for name in changed:
        if name in texts:
            (folder / name).write_text(texts[name], encoding="utf-8")
        else:
            (folder / name).unlink()
        sys.stderr.write(f"rewrote {folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
