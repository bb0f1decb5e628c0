"""Smaller programs with the same finding, whatever kind of finding it is."""
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROJECT, RELEASE, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

LOOP = "for (volatile unsigned spin = 1; spin;) {\n    }\n"
CLOSING = "    c->fin_queued = true;"
FORK = "    if (__builtin_ia32_rdtsc() >> 6 & 1) {\n        chim_output(c);\n    }\n"
NOISE = "c0 post length=3000\nc0 seg length=700 push\ntick time=5\nc0 send length=90\nc0 ack\n"


def changed(folder, before):
    """A driver that does something else before it closes a connection."""
    source = bugs.drivers.copy_core(folder)
    file = source / "core/conn/disconnect.c"
    text = file.read_text()
    assert text.count(CLOSING) == 1
    file.write_text(text.replace(CLOSING, before + CLOSING))
    commands = bugs.drivers.compile_commands(BUILD.name)
    bugs.drivers.compile_one(commands, "core/conn/disconnect.c", source, BUILD.name, folder / "disconnect.o")
    return bugs.drivers.link(commands, {"core/conn/disconnect.c": folder / "disconnect.o"}, BUILD.name, folder / "driver.so")


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    return changed(tmp_path_factory.mktemp("loops") / "core", LOOP)


def minimize(driver, text, tmp_path, *more, program=CHIMNEYSWEEP):
    path = tmp_path / "given.chim"
    path.write_text("chimneysweep program 1\n" + text)
    got = run("minimize", "--json", "--driver", driver, *more, path, program=program)
    assert got.returncode == 1, got.stderr
    return json.loads(got.stdout)


def test_a_hang_shrinks_without_its_time_out_each_time(loops, tmp_path):
    result = minimize(loops, "c0 send length=90\nc0 disconnect length=500\n", tmp_path, "--timeout", 1)
    assert result["identity"].endswith(" in chim_disconnect_handler") and not result["cut_short"]
    assert result["operations"] == 1 and "c0 disconnect\n" in result["program"]


def test_what_differs_from_run_to_run_shrinks(tmp_path):
    result = minimize(changed(tmp_path / "core", FORK), NOISE * 3 + "c0 disconnect length=500\n" + NOISE, tmp_path)
    assert result["identity"] == "nondeterminism" and result["operations"] == 1
    assert "c0 disconnect length=" in result["program"]


def test_a_signal_ends_it_with_the_best_so_far(loops, tmp_path):
    path, out = tmp_path / "given.chim", tmp_path / "small.chim"
    path.write_text("chimneysweep program 1\n" + NOISE * 20 + "c0 disconnect length=500\n")
    process = subprocess.Popen([CHIMNEYSWEEP, "minimize", "--timeout", "1", "--driver", loops, "-o", out, path], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not re.search(r"SigCgt:\s*[0-9a-f]*4[0-9a-f]{3}\b", (open(f"/proc/{process.pid}/status")).read()):
        os.sched_yield()  # until it listens
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=100)
    assert process.returncode == 1 and "which was not the end" in error
    assert out.read_text().startswith("chimneysweep program 1\n") and "c0 disconnect" in out.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["given.chim", "small.chim"]


@pytest.mark.skipif(not RELEASE.exists(), reason="needs the release build")
def test_a_finding_under_page_protection_keeps_its_identity(tmp_path):
    name = "touch-frame-after-return"
    driver = bugs.build(bugs.read(PROJECT / f"harness/bugs/{name}.patch"), "release", bugs.drivers.compile_commands("release"))
    text = (PROJECT / f"corpora/bugs/{name}.chim").read_text().split("\n", 1)[1]
    result = minimize(driver, text + NOISE * 3, tmp_path, "--guard", "pages", program=RELEASE)
    assert " in chim_" in result["identity"] and result["operations"] <= 2
    (tmp_path / "small.chim").write_text(result["program"])
    again = json.loads(run("run", "--json", "--guard", "pages", "--driver", driver, tmp_path / "small.chim",
                           program=RELEASE).stdout)
    assert again["identity"] == result["identity"]
