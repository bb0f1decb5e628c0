"""The recipes for CI systems are read as those systems read them, and their shell lines are run."""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml
from rig import BUILD, PROJECT, run

ENGINE = PROJECT / f"build/{'fuzz' if BUILD.name == 'asan' else 'fuzz-plain'}/bin/fuzz_program"
BREAKER = "int DriverEntry(void *object, void *path) { (void)object; (void)path; *(volatile int *)8 = 1; return 0; }\n"


def recipe(name):
    return yaml.safe_load((PROJECT / "scripts/ci" / name).read_text())


def github():
    return recipe("github.yml")["jobs"]["campaign"]


def lines():
    """Every shell line of both, with the system it is of."""
    gitlab = recipe("gitlab.yml")["chimneysweep"]
    return [("github", step["run"]) for step in github()["steps"] if "run" in step] + \
        [("gitlab", line) for line in [*gitlab["before_script"], *gitlab["script"]]]


def shell(line, **environment):
    return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], cwd=PROJECT, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})


def test_every_line_calls_what_is_there_with_options_that_it_has():
    assert {system for system, _ in lines()} == {"github", "gitlab"}
    for _, line in lines():
        program, *words = line.split()
        assert os.access(PROJECT / program, os.X_OK), line
        said = shell(f"{program} --help").stdout + run("campaign", "--help").stdout
        for word in words:
            name = re.match(r"--?[\w-]+|\w+", word.strip('"'))
            assert not name or name[0] in said, (line, word)
    assert shell("./scripts/setup --for fuzz --list").returncode == 0


def test_what_is_kept_is_what_a_campaign_writes():
    gitlab = recipe("gitlab.yml")
    kept = github()["steps"][-1]["with"]["path"].split()
    others = [*gitlab["chimneysweep"]["artifacts"]["paths"], gitlab["chimneysweep"]["artifacts"]["reports"]["junit"]]
    assert {path.rsplit("/campaign/")[-1] for path in kept} == {path.removeprefix("campaign/") for path in others}
    assert all(step.get("if", "").startswith("always()") for step in github()["steps"][-2:])
    assert gitlab["chimneysweep"]["artifacts"]["when"] == gitlab["chimneysweep"]["cache"]["when"] == "always"
    assert recipe("github.yml")["env"]["OUT"] == github()["steps"][2]["with"]["path"]


def driver(folder):
    (folder / "breaker.c").write_text(BREAKER)
    subprocess.run(["clang-14", "-g", "-shared", "-fPIC", "-o", folder / "breaker.so", folder / "breaker.c"], check=True)
    return folder / "breaker.so"


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_the_campaign_line_ends_with_the_status_of_what_it_found(system, tmp_path):
    """New, then known; a folder that a cache cut short; no rig."""
    if not ENGINE.exists():
        pytest.skip("no engine build")
    (line,) = [text for name, text in lines() if name == system and "campaign" in text]
    programs = tmp_path / "programs"
    programs.mkdir()
    shutil.copy(PROJECT / "corpora/situations/push-timer.chim", programs)
    line += f" --corpora {programs} --engines libfuzzer --jobs 1 --coverage no"
    given = {"OUT": str(tmp_path / "out"), "TIME": "2s", "DRIVER": str(driver(tmp_path))}
    first, second = shell(line, **given), shell(line, **given)
    assert first.returncode == 1 and "something new" in first.stdout, first.stdout
    assert second.returncode == 0 and "nothing new" in second.stdout, second.stdout
    for path in github()["steps"][-1]["with"]["path"].split():
        assert (tmp_path / "out" / path.removeprefix("/tmp/campaign/")).exists(), path
    assert json.loads((tmp_path / "out/report.json").read_text())["night"] == 2
    (tmp_path / "out/history.sqlite").write_bytes(b"cut short")
    third = shell(line, **given)
    assert third.returncode == 1 and "set aside" in third.stdout and (tmp_path / "out.broken").is_dir(), third.stdout
    assert shell(line, **given, BUILDS=str(tmp_path / "nothing")).returncode == 3
