"""Fuzzing that is guided by the code it reaches, where ``atheris`` is installed: ``python -m tests.fuzz.guided -max_total_time=60``.

It is no requirement of the tests: ``pip install atheris`` (wheels of Linux). Whatever it is not told to throw is a crash; what
takes over 5 s is a hang. Arguments are libFuzzer's; inputs that were worth keeping go to a folder that is named last.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["airflow_provider_harness"]):
    from airflow_provider_harness.adapters.evidence.log import read_log
    from airflow_provider_harness.adapters.yaml_files.reading import parse
    from airflow_provider_harness.core.diagnosis.bounded import bounded
    from airflow_provider_harness.core.errors import HarnessError
    from airflow_provider_harness.core.redaction.redactor import Redactor

PLAIN = Redactor()


def one(data: bytes) -> None:
    """One input, to everything that reads somebody's bytes."""
    text = data.decode("utf-8", "replace")
    shown = PLAIN.redact(text)
    assert PLAIN.redact(shown) == shown, "masking twice is masking once"
    read_log(bounded([data], 1000), PLAIN)
    try:
        parse(data, "policy.yaml", "Mend it.")
    except HarnessError:
        return


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], "-timeout=5", *sys.argv[1:]], one)
    atheris.Fuzz()
