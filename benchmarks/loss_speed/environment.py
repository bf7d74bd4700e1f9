"""The virtual environment that has the peers."""

import os
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CONSTRAINTS = REPOSITORY / ".ci" / "constraints.txt"
PEERS = (
    "torch",
    "trl==1.16.0",
    "torchtune==0.6.1",
    "torchao==0.11.0",  # the newest that torchtune 0.6.1 and torch 2.13 both import
    "matplotlib>=3.10",
    "rich>=14",
)
# Liger's chunked losses are plain torch: its requirement of Triton, a gigabyte, stays away.
PEERS_ALONE = ("liger-kernel==0.8.5",)


def enter(folder: Path) -> None:
    """Go on in the environment, made on first use: the process starts again with its Python."""
    python = folder / "bin" / "python"
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    ready = folder / "ready"
    wanted = "\n".join((*PEERS, *PEERS_ALONE))
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"Making {folder} with the peers, once: about two minutes.", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--constraint", CONSTRAINTS, *PEERS], check=True)
        subprocess.run([*install, "--no-deps", *PEERS_ALONE], check=True)
        ready.write_text(wanted, encoding="utf-8")
    variables = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    os.execve(python, [str(python), *sys.argv], variables)
