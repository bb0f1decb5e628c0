"""The JSON of all commands: one document, or lines of them, each with its schema, whatever files are called."""
import json
import os
import shutil
import subprocess

import pytest
from rig import CHIMNEYSWEEP, PROGRAMS, PROJECT

PROGRAM = next(p for p in PROGRAMS if p.suffix == ".chim")
CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"
SOURCE = PROJECT / "harness/tests/hostile/miniport.c"
# How a name stands in JSON: bytes that are no UTF-8 as \xNN.
NAMES = {b"plain": "plain", b'quo"te\\back': 'quo"te\\back', b"tab\tline\nescape\x1b[31m\x7f": "tab\tline\nescape\x1b[31m\x7f",
         "gr\u00fc\u00df-\u20ac-\U0001f9f9-\u0085".encode(): "gr\u00fc\u00df-\u20ac-\U0001f9f9-\u0085",
         b"\xff\xfe\xc3(-\xc0\xaf-\xed\xa0\x80-\xf5": r"\xff\xfe\xc3(-\xc0\xaf-\xed\xa0\x80-\xf5",
         b"cut-\xe2\x82": r"cut-\xe2\x82", "\ufeffbom".encode(): "\ufeffbom"}


def documents(*arguments, lines=False):
    """What a command prints, each object with the members in their order; its status."""
    got = subprocess.run([os.fsencode(str(a)) if not isinstance(a, bytes) else a for a in (CHIMNEYSWEEP, *arguments)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, cwd=PROJECT)
    text = got.stdout.decode()
    assert "\033" not in text and text.endswith("\n"), got.stderr
    found = [json.loads(line, parse_constant=pytest.fail) for line in (text.splitlines() if lines else [text])]
    for document in found:
        assert list(document)[0] == "schema" and document["schema"] == 1, document
    return found, got.returncode


@pytest.fixture
def breaker(tmp_path):
    """A driver whose every program is a finding, and its name is strange."""
    driver = tmp_path / 'br"ea\tker.so'
    subprocess.run(["clang-14", "-shared", "-fPIC", "-w", f"-I{PROJECT}/core/include", "-o", driver,
                    "-DIN_INITIALIZE=_exit(0)", SOURCE], check=True)
    return driver


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_file_of_any_name_stands_in_json(name, tmp_path, breaker):
    program, capture = (os.fsencode(tmp_path) + b"/" + name + end for end in (b".chim", b".pcap"))
    shutil.copy(os.fsencode(PROGRAM), program)
    shutil.copy(os.fsencode(CAPTURE), capture)
    shown = f"{tmp_path}/{NAMES[name]}"
    for strange in ([], ["--driver", breaker]):
        run, _ = documents("run", "--json", *strange, program)
        sweep, _ = documents("sweep", "--json", *strange, program, lines=True)
        replay, _ = documents("replay", "--json", *strange, capture, lines=True)
        check, _ = documents("check-driver", "--json", *strange, "--corpora", program)
        assert run[0]["file"] == sweep[0]["file"] == shown + ".chim" and replay[0]["file"] == shown + ".pcap"
        assert len(sweep) == 2 and "totals" in replay[-1]
        assert not strange or check[0]["unnamed"]["exit"]["first"] == shown + ".chim"
        assert not strange or check[0]["driver"] == str(breaker)
    families, _ = documents("sweep", "--json", "--families", "vlan", program, lines=True)
    assert families[0]["file"] == shown + ".chim"


def test_sarif_of_any_name_is_json(tmp_path, breaker):
    for i, name in enumerate(NAMES):
        program, out = os.fsencode(tmp_path) + b"/" + name + b".chim", tmp_path / f"{i}.sarif"
        shutil.copy(os.fsencode(PROGRAM), program)
        documents("run", "--json", "--sarif", out, "--driver", breaker, program)
        result = json.loads(out.read_text())["runs"][0]["results"][0]
        assert result["ruleId"] == "EXIT"


@pytest.mark.parametrize("arguments, member", [(["rules"], "rules"), (["explain", "LIFE-"], "rules"),
                                               (["rules", "--coverage", PROGRAM], "totals"),
                                               (["bench", "--seconds", 1, "--only", "conn_cycle"], "results"),
                                               (["stream", "--bytes", "10k"], "verdict"),
                                               (["rules", "--open"], "rules")])
def test_every_other_command_prints_a_document(arguments, member):
    found, _ = documents(arguments[0], "--json", *arguments[1:])
    assert member in found[0]


def test_minimize_and_live_print_a_document(breaker):
    found, status = documents("minimize", "--json", "--within", 1, "--driver", breaker, PROGRAM)
    assert found[0]["verdict"] == "exit" and status == 1
