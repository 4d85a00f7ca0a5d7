"""Everything a contributor runs, one session each.

    nox                     lint, types and tests on the interpreter at hand
    nox -s pythons          the tests on every Python that is supported and installed here
    nox -s sync             regenerate the blocking twins

Every session builds its own environment with plain pip; nothing but nox needs to be there first.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
SMOKE_PYTHON = "3.13"
GENERATOR = "penstock._build.make_sync"
SOURCES = {"PYTHONPATH": "src"}

REFERENCE = ["penstock", "penstock.sync", "penstock.errors", "penstock.events", "penstock.types"]

# What the tests import beyond a plain installation.
TEST_EXTRAS = "fast"

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests"]


def group(name: str) -> list[str]:
    """Requirements of one dependency group of pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, name))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, the direction of imports, and twins that match their originals."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env=SOURCES)
    session.run("python", "-m", GENERATOR, "--check", env=SOURCES)


@nox.session
def types(session: nox.Session) -> None:
    """Check with mypy (strict) and pyright, each of which sees what the other misses."""
    session.install("-e", f".[{TEST_EXTRAS}]", *group("types"))
    session.run("mypy")
    session.run("mypy", "tests/typing", "noxfile.py")
    session.run("pyright")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the suite on the interpreter at hand; arguments go to pytest."""
    _tests(session)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Run the suite on every supported Python, or on one: `nox -s pythons-3.13`."""
    _tests(session)


def _tests(session: nox.Session) -> None:
    session.install(f".[{TEST_EXTRAS}]", *group("test"))
    session.run("pytest", "-n", os.environ.get("PENSTOCK_TEST_WORKERS", "auto"), *session.posargs)


@nox.session
def cover(session: nox.Session) -> None:
    """Run the suite under coverage and say which lines no test reaches."""
    session.install("-e", f".[{TEST_EXTRAS}]", *group("test"), "coverage[toml]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine")
    session.run("coverage", "report", "--show-missing", "--skip-covered")


@nox.session
def sync(session: nox.Session) -> None:
    """Regenerate the blocking twins; `-- --check` only compares."""
    session.install(*group("lint"))
    session.run("python", "-m", GENERATOR, *session.posargs, env=SOURCES)


@nox.session
def bench(session: nox.Session) -> None:
    """Compare with the tools used today, quickly unless told otherwise: `nox -s bench -- --help`."""
    session.install(f".[{TEST_EXTRAS}]", *group("test"))
    session.run("python", "-m", "benchmarks", *(session.posargs or ["--quick"]))


@nox.session
def docs(session: nox.Session) -> None:
    """Execute the README and the guides, and render them and the reference into build/docs."""
    session.install(f".[{TEST_EXTRAS}]", *group("test"), *group("docs"))
    session.run("pytest", "tests/docs", *session.posargs)
    session.run("pdoc", "--docformat", "google", "--output-directory", "build/docs", *REFERENCE)
    session.run("python", "-m", "tests.docs.render", "build/docs")
    session.log("Rendered: open build/docs/index.html for the reference, build/docs/guides/README.html for the rest")


@nox.session
def build(session: nox.Session) -> None:
    """Make sdist and wheel, check both, and install the wheel where nothing else is."""
    wheel = _build(session)
    _install_clean(session, wheel)
    session.log(f"Built and checked {wheel}")


@nox.session
def demo(session: nox.Session) -> None:
    """Show what a newcomer sees."""
    session.install(".")
    session.run("penstock", "demo", *session.posargs)


@nox.session(python=SMOKE_PYTHON)
def smoke(session: nox.Session) -> None:
    """Install the wheel on the newest Python, download from every platform, verify what arrived."""
    session.install(_build(session))
    folder = Path(session.create_tmp()) / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("penstock", "--version")
    session.run("penstock", "demo", "--to", str(folder), "--json")
    for target in sorted(path.parent for path in folder.rglob("penstock-manifest.jsonl")):
        session.run("penstock", "verify", str(target))


def _build(session: nox.Session) -> str:
    """Build into a fresh dist/, check the metadata, and return the wheel's path."""
    session.install(*group("build"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist", ".")
    files = sorted(str(path) for path in Path("dist").iterdir())
    session.run("twine", "check", "--strict", *files)
    return next(name for name in files if name.endswith(".whl"))


def _install_clean(session: nox.Session, wheel: str) -> None:
    """Install a wheel in an environment of its own and ask it its version."""
    folder = Path(session.create_tmp()) / "clean"
    session.run("python", "-m", "venv", "--clear", str(folder))
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    session.run(str(scripts / "python"), "-m", "pip", "install", "--quiet", wheel, external=True)
    session.run(str(scripts / "python"), "-m", "pip", "check", external=True)
    session.run(str(scripts / "penstock"), "--version", external=True)
