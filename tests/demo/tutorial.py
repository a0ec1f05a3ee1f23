"""Does what docs/tutorial/your-own-dag.md says, word by word, in a folder that must be empty.

``python -m tests.demo.tutorial FOLDER`` writes every file that the page shows and runs every ``bash`` block in one shell;
installing is left out: the environment that runs this is used. Ends with 1 where a block fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "your-own-dag.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w./-]+\.\w+)(?:, as you have it)?\n")
#: What the first block does for a reader, and the environment of this process does here.
INSTALLS = "pip install"


def script(text: str) -> str:
    """The page as one shell script."""
    steps = ["set -e", "set -m"]
    for language, block in FENCE.findall(text):
        if named := FILE.match(block):
            body = block[named.end() :] if named.group(1).endswith(".csv") else block
            steps += [
                f"mkdir -p $(dirname {named.group(1)})",
                f"cat > {named.group(1)} <<'END_OF_FILE'\n{body}END_OF_FILE",
            ]
        elif language == "bash":
            steps += ["echo ---", block]
        elif INSTALLS not in block:
            raise ValueError(f"neither a file nor a command: {block[:60]!r}")
    return "\n".join(steps)


def main(folder: Path) -> int:
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty")
    began = time.monotonic()
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    env = {"PATH": path, "HOME": str(folder), "PYTHONPATH": str(PAGE.parents[2])}
    done = subprocess.run(["bash", "-c", script(PAGE.read_text())], cwd=folder, env=env, check=False)
    print(f"exit status {done.returncode} after {(time.monotonic() - began) / 60:.1f} min")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
