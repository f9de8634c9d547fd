"""Runs every benchmark beside this file, or the one named: each prints one JSON line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    folder = Path(__file__).parent
    known = sorted(path.stem for path in folder.glob("*.py") if path.stem not in {"__init__", "run", "line"})
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"{unknown[0]}: there is no such benchmark; use one of {', '.join(known)}", file=sys.stderr)
        return 2
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=folder.parent, check=False).returncode
        for name in names or known
    ]
    return max(codes, default=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
