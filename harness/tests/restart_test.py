"""A system that moves memory about by more than the sanitizers bear: the program starts again without that."""
import json
import os
import subprocess

import hostile_drivers
import pytest
from rig import CHIMNEYSWEEP

# Another word for how it was started: it leaves when nothing was moved about.
TELLS = "if (syscall(SYS_personality, 0xFFFFFFFFul) & 0x0040000) _exit(3)"


def verdict_with(bits, driver, folder):
    (folder / "bits").write_text(f"{bits}\n")
    within = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    mount = f"mount --bind {folder}/bits /proc/sys/vm/mmap_rnd_bits || exit 77; exec \"$@\""
    got = subprocess.run([*within, "sh", "-c", mount, "sh", CHIMNEYSWEEP, "run", "--json", "--driver", driver,
                          hostile_drivers.PROGRAM], text=True, capture_output=True, timeout=120)
    if got.returncode == 77 or "unshare" in got.stderr:
        pytest.skip(f"another /proc/sys/vm/mmap_rnd_bits is not to be had here: {got.stderr.strip()}")
    return json.loads(got.stdout)["verdict"]


def test_the_program_starts_again_in_place(tmp_path):
    hostile_drivers.DRIVERS["tells"] = ([f"IN_CONSTRUCTOR={TELLS}"], ["exit"])
    driver = hostile_drivers.compiled("tells", tmp_path)
    assert verdict_with(28, driver, tmp_path) == "pass"
    assert verdict_with(32, driver, tmp_path) == "exit"
