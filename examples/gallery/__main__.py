"""Run the scripts of this folder: figures and printed tables go to a folder.

python examples/gallery FOLDER [NAME ...]                       # about half a minute on one core
IONSCAPE_GALLERY=full python examples/gallery FOLDER [NAME ...] # lattices of the published sizes, about four minutes
"""

import os
import runpy
import sys
import time
from contextlib import chdir, redirect_stdout
from pathlib import Path

SCRIPTS = {path.stem: path.resolve() for path in sorted(Path(__file__).parent.glob("*.py"))}
SCRIPTS = {name: path for name, path in SCRIPTS.items() if name not in {"__main__", "comparison"}}


def main(folder, names):
    os.environ.setdefault("MPLBACKEND", "agg")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or SCRIPTS:
        start = time.process_time()
        with (folder / f"{name}.md").open("w", encoding="utf-8") as printed, chdir(folder), redirect_stdout(printed):
            runpy.run_path(str(SCRIPTS[name]), run_name="__main__")
        print(f"{name}: {time.process_time() - start:.1f} s of one core", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not SCRIPTS.keys() >= set(sys.argv[2:]):
        sys.exit(f"{__doc__}\n{' '.join(SCRIPTS)}")
    main(sys.argv[1], sys.argv[2:])
