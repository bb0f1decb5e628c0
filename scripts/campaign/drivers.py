"""Drivers made of the core with a change: only what the change touches is compiled again."""
import json
import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def compile_commands(preset: str) -> dict:
    entries = json.loads((ROOT / f"build/{preset}/compile_commands.json").read_text())
    return {e["file"]: e["command"] for e in entries if "/core/CMakeFiles/core_objects.dir/" in e["command"]
            or "core_objects.dir" in e.get("output", e["command"])}


def core_files(commands: dict) -> list:
    """The core's sources, by their paths from the project's root."""
    return sorted(str(Path(file).relative_to(ROOT)) for file in commands)


def copy_core(home: Path) -> Path:
    """A core of its own to change, at home/source/core."""
    source = home / "source"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(ROOT / "core", source / "core")
    return source


def compile_one(commands: dict, path: str, source: Path, preset: str, out: Path, extra: list = ()) -> None:
    """One file of a changed core, as the preset compiles it. RuntimeError: it does not compile."""
    words = shlex.split(commands[str(ROOT / path)])
    words[words.index("-o") + 1] = str(out)
    words = [w.replace(str(ROOT / "core"), str(source / "core")) for w in words]
    made = subprocess.run([*words, *extra], cwd=ROOT / f"build/{preset}", text=True, stderr=subprocess.PIPE)
    if made.returncode:
        raise RuntimeError(f"does not compile: {made.stderr[:300]}")


def link(commands: dict, compiled: dict, preset: str, driver: Path) -> Path:
    """Links the compiled files (path: object) with the preset's own objects of the others."""
    objects = []
    for file, command in commands.items():
        words = shlex.split(command)
        original = ROOT / f"build/{preset}" / words[words.index("-o") + 1]
        objects.append(compiled.get(str(Path(file).relative_to(ROOT)), original))
    sanitizers = [] if preset == "release" else ["-fsanitize=address,undefined"]
    subprocess.run(["clang-14", "-shared", *sanitizers, "-Wl,-z,lazy", "-o", driver, *objects], check=True)
    return driver
