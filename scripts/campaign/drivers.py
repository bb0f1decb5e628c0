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
    subprocess.run(["clang-14", "-shared", "-fuse-ld=lld", *sanitizers, "-Wl,-z,lazy", "-o", driver, *objects], check=True)
    return driver


def patch_head(patch: Path) -> dict:
    """The lines above a patch by their keys, each a list: a key may stand there more than once."""
    head = {}
    for line in patch.read_text().split("\n\n", 1)[0].splitlines():
        key, _, value = line.partition(": ")
        head.setdefault(key, []).append(value.strip())
    return head


def patched(patch: Path, home: Path, preset: str, commands: dict) -> Path:
    """Compiles only what a patch changes and links it with the objects of the preset's build. RuntimeError: the patch
    does not apply, or what it makes does not compile."""
    source = copy_core(home)
    done = subprocess.run(["patch", "-p1", "--fuzz=3", "-s", "-i", patch], cwd=source, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"patch does not apply: {done.stdout.strip()[:200]}")
    changed = {line[6:].strip() for line in patch.read_text().splitlines() if line.startswith("+++ b/")}
    if any(path.endswith(".h") for path in changed):
        changed = set(core_files(commands))
    compiled = {}
    for path in changed:
        compiled[path] = home / (path.replace("/", "-") + ".o")
        compile_one(commands, path, source, preset, compiled[path])
    return link(commands, compiled, preset, home / f"{patch.stem}.so")
