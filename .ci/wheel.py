"""Builds the wheel, and installs it where nothing else is: alone, with each extra, and with the oldest versions that it declares.

Alone, whatever needs an extra must say which one.

``wheel.py`` tries all of that, ``wheel.py base google`` some of it. Exit status 1 when one of them fails.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"


class Case(NamedTuple):
    """One environment.

    :param extras: of the wheel.
    :param imports: modules that must be there beside the wheel's own.
    :param oldest: with the oldest versions of what the wheel itself declares, in place of the lock's.
    """

    extras: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    oldest: bool = False


CASES: Mapping[str, Case] = {
    "base": Case(),
    "google": Case(extras=("google",), imports=("google.cloud.bigquery",)),
    "anthropic": Case(extras=("anthropic",), imports=("anthropic",)),
    "gx": Case(extras=("gx",), imports=("great_expectations",)),
    "mcp": Case(extras=("mcp",), imports=("mcp.server",)),
    "testing": Case(extras=("testing",), imports=("time_machine", "airflow_provider_harness.testing.plugin")),
    "pagerduty": Case(extras=("pagerduty",), imports=("pagerduty",)),
    "retrieval": Case(extras=("retrieval",), imports=("semchunk", "pypdf")),
    "training": Case(extras=("training",), imports=("datasketch", "scipy.stats", "tiktoken", "tokenizers")),
    "common-ai": Case(extras=("common-ai",), imports=("pydantic_ai",)),
    "demo": Case(extras=("demo",), imports=("sklearn", "wordllama")),
    "all": Case(extras=("all",), imports=("google.cloud.bigquery", "mcp.server", "scipy.stats", "semchunk")),
    "oldest": Case(oldest=True),
}

#: Every module of the package, every public name, and the command; what only tests and Alembic load is left out.
SMOKE = """
import importlib, pkgutil, sys
import airflow_provider_harness as package
skipped = ("migrations", "testing")
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if module.name.split(".")[1] not in skipped:
        importlib.import_module(module.name)
for name in package.__all__:
    getattr(package, name)
for name in sys.argv[1:]:
    importlib.import_module(name)
"""

#: Feature -> the extra that it says it needs, where none is installed; a feature is a call.
LACKING: Mapping[str, str] = {
    "adapters.bigquery.jobs.connect('any')": "google",
    "adapters.gx.suite._context()": "gx",
    "adapters.learning.fine_tuning.similar.Similar(None, 0.5, 1)": "training",
    "adapters.learning.retrieval.formats._pdf(b'')": "retrieval",
    "adapters.learning.retrieval.offline._loaded()": "demo",
    "adapters.model.client.anthropic_client('any')": "anthropic",
    "adapters.model.others.pydantic_ai.model_behind('any', 'any')": "common-ai",
    "adapters.paging.pagerduty.PagerDuty('key')": "pagerduty",
    "mcp.server.make_server(None)": "mcp",
    "wiring.learning.retrieval._split('text', 2)": "retrieval",
    "wiring.learning.synthetic.build(None, [])": "training",
}

LACKS = """
import importlib, sys
from airflow_provider_harness.core.errors import MissingExtra
for feature, extra in zip(sys.argv[1::2], sys.argv[2::2]):
    module = feature.partition("(")[0].rpartition(".")[0]
    found = importlib.import_module(f"airflow_provider_harness.{module}")
    try:
        eval(feature.removeprefix(module + "."), vars(found))
    except MissingExtra as error:
        assert error.extra == extra, f"{feature} names {error.extra}"
    else:
        raise AssertionError(f"{feature} misses nothing")
"""


def _installer() -> ModuleType:
    """The module that makes .venv: it knows pip's settings in uv's words."""
    spec = importlib.util.spec_from_file_location("make_venv", ROOT / ".ci" / "venv.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _environment(folder: Path) -> dict[str, str]:
    made = _installer()
    pip = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pip", "config", "list"]
    listing = subprocess.run(pip, capture_output=True, text=True).stdout
    own = {"UV_CACHE_DIR": str(folder / "cache"), "AIRFLOW_HOME": str(folder / "airflow"), "UV_NO_PROGRESS": "1"}
    return {**os.environ, **made.uv_environment(made.pip_settings(listing), os.environ), **own}


def _run(command: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> None:
    """:raises RuntimeError: with the end of what was printed."""
    done = subprocess.run(list(map(str, command)), cwd=folder, env=dict(env), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(str(command[0])).name}: {(done.stdout + done.stderr)[-2000:]}")


def build(folder: Path, env: Mapping[str, str]) -> Path:
    """The wheel of this source."""
    python = ROOT / ".venv" / "bin" / "python"
    _run([python, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"], ROOT, env)
    return next((folder / "dist").glob("*.whl"))


def smoke(name: str, case: Case, wheel: Path, folder: Path, env: Mapping[str, str]) -> None:
    """Install the wheel in an environment of its own, and use it a little, outside of the source."""
    place = folder / name
    _run([UV, "venv", "--quiet", "--python", sys.executable, place], folder, env)
    wanted = f"{wheel}[{','.join(case.extras)}]" if case.extras else str(wheel)
    how = ["--resolution", "lowest-direct"] if case.oldest else ["--constraints", ROOT / "requirements.lock"]
    _run([UV, "pip", "install", "--quiet", "--python", place / "bin" / "python", *how, wanted], folder, env)
    _run([place / "bin" / "python", "-c", SMOKE, *case.imports], folder, env)
    _run([place / "bin" / "airflow", "harness", "--help"], folder, env)
    if case == Case():
        _run([place / "bin" / "python", "-c", LACKS, *chain.from_iterable(LACKING.items())], folder, env)


def main(names: Sequence[str]) -> int:
    if strangers := [name for name in names if name not in CASES]:
        print(f"There is no {', '.join(strangers)}. Valid: {', '.join(CASES)}.", file=sys.stderr)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        env = _environment(folder)
        wheel = build(folder, env)
        print(f"{wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
        for name in names or CASES:
            began = time.monotonic()
            try:
                smoke(name, CASES[name], wheel, folder, env)
                said = "installs, imports, and has its command"
            except RuntimeError as error:
                failed, said = failed + 1, f"FAILS: {error}"
            print(f"{name:10} {time.monotonic() - began:5.0f} s  {said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
