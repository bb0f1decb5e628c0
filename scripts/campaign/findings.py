"""Findings: what engines saved, told apart by verdict and rule, shrunk, each in a folder of its own."""
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Finding:
    title: str
    folder: Path


def of_driver(driver: Path | None) -> list:
    return ["--driver", driver] if driver else []


def judge(chimneysweep: Path, program: Path, driver: Path | None = None) -> dict:
    got = subprocess.run([chimneysweep, "run", "--json", *of_driver(driver), program], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not got.stdout.strip():
        return {"verdict": "unreadable", "rule": None, "actual": got.stderr.strip()}
    return json.loads(got.stdout.splitlines()[-1])


def normal_form(chimneysweep: Path, raw: Path, out: Path) -> bool:
    """The program that an engine's bytes are, without what no field names: it keeps its meaning when lists grow."""
    return subprocess.run([chimneysweep, "asm", "-o", out, raw]).returncode == 0


def collect(chimneysweep: Path, raw: list, out: Path, driver: Path | None = None) -> list:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    found = {}
    for item in sorted(raw, key=lambda p: p.stat().st_size):
        probe = out / "probe.bin"
        if not normal_form(chimneysweep, item, probe):
            continue
        verdict = judge(chimneysweep, probe, driver)
        if verdict["verdict"] == "pass":
            continue
        key = f"{verdict['verdict']}-{verdict['rule'] or 'none'}"
        if not verdict["rule"]:
            key += "-" + "".join(c if c.isalnum() else "-" for c in verdict["actual"][:60])
        if key in found:
            continue
        folder = out / key
        folder.mkdir()
        shutil.copy(probe, folder / "input.bin")
        subprocess.run([chimneysweep, "minimize", *of_driver(driver), "-o", folder / "program.chim", probe],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not (folder / "program.chim").exists():
            text = subprocess.run([chimneysweep, "show", probe], text=True, stdout=subprocess.PIPE)
            (folder / "program.chim").write_text(text.stdout)
        shown = subprocess.run([chimneysweep, "run", *of_driver(driver), "--pcapng", folder / "wire.pcapng",
                                folder / "program.chim"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        (folder / "verdict.txt").write_text(shown.stdout)
        (folder / "verdict.json").write_text(json.dumps(verdict, indent=1) + "\n")
        found[key] = Finding(f"{verdict['verdict']} {verdict['rule'] or verdict['actual'][:60]}", folder)
    (out / "probe.bin").unlink(missing_ok=True)
    return list(found.values())
