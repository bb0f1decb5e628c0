"""Every option of every command with values that mean nothing: one line on stderr, status 2, and nothing else."""
import re

import pytest
from rig import BUILD, PROJECT, PROGRAMS, run

PROGRAM = next(p for p in PROGRAMS if p.suffix == ".chim")
CORE = BUILD / "lib/offload_core.so"
CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"
GIVEN = {"run": [PROGRAM], "show": [PROGRAM], "asm": [PROGRAM], "import": ["-o", "out", CAPTURE], "replay": [CAPTURE],
         "minimize": [PROGRAM], "rules": ["--coverage", PROGRAM], "explain": ["LIFE-LEAK-1"], "bench": [],
         "live": ["--local", "10.0.0.2", "get", "10.0.0.1", "/"], "stream": [], "sweep": [PROGRAM], "check-driver": [],
         "family": ["vlan", PROGRAM], "new-driver": ["made"], "campaign": [], "history": [], "bisect": [PROGRAM, CORE, CORE]}
NAMES = {"FILE", "OUT", "DIR", "D.so"}  # nearly every text may be one
# A device of the system.
OTHERS = {("live", "--tap")}
BAD = ["", "x y", "-1", "99999999999999999999999", "/nonexistent/below/it"]


def pairs():
    for command in GIVEN:
        for option, value in re.findall(r"^  (--?[\w-]+) ([\w.]+)  +\S", run(command, "--help").stdout, re.M):
            for bad in BAD[:1] if (command, option) in OTHERS else BAD if value not in NAMES else (BAD[0], BAD[-1]):
                yield command, option, bad


@pytest.mark.parametrize("command, option, bad", pairs())
def test_a_value_that_means_nothing_is_refused(command, option, bad, tmp_path):
    got = run(command, *GIVEN[command], option, bad, cwd=tmp_path)
    assert got.returncode == 2, (got.returncode, got.stdout[:200], got.stderr[:200])
    assert len(got.stderr.splitlines()) == 1 and option in got.stderr or bad and bad in got.stderr
    assert not list(tmp_path.iterdir())


def test_every_command_is_tried():
    commands = set(re.findall(r"^  ([a-z-]+) +\S", run("--help").stdout.split("Every command")[0], re.M))
    assert commands == set(GIVEN)
