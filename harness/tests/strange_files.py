"""Files as nobody writes them: captures, programs and drivers, changed at random. By hand, with the environment of
the tests: strange_files.py captures|programs|drivers COUNT SEED."""
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from rig import BUILD, CHIMNEYSWEEP, PROGRAMS, PROJECT

CAPTURES = sorted(p for p in (PROJECT / "pcaps").glob("*.pcap*") if p.stat().st_size < 40000)
BATCH = 50
MEMORY_KIB = 400 * 1024 # of a batch of fifty; one alone takes less than half of it
NEVER = {"crash", "sanitizer", "hang", "stall", "rig-fault", "exit", "nondeterminism", "overwritten", "process",
         "memory"}


def changed(data, numbers):
    """Some bytes of it are others: alone, in fields of a length, in pieces that are cut, doubled or moved."""
    data = bytearray(data)
    for _ in range(numbers.choice((1, 1, 2, 4, 16))):
        at = numbers.randrange(len(data)) if data else 0
        kind = numbers.randrange(7)
        if kind == 0:
            data[at:at + 1] = bytes([numbers.randrange(256)])
        elif kind == 1:
            data[at:at + 4] = numbers.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000)).to_bytes(4, "little")
        elif kind == 2:
            data[at:at + 2] = numbers.choice((0, 1, 0xFFFF, 0x8000)).to_bytes(2, "big")
        elif kind == 3:
            del data[at:at + numbers.choice((1, 4, 16, 60, 1000))]
        elif kind == 4:
            data[at:at] = data[at:at + numbers.choice((4, 16, 60, 1000))]
        elif kind == 5:
            data[at:at] = numbers.randbytes(numbers.choice((1, 4, 60)))
        else:
            other = numbers.randrange(len(data)) if data else 0
            data[at:at + 60] = data[other:other + 60]
    return bytes(data)


def ended(*arguments):
    """Output, status, and the most memory in KiB that a process of it had."""
    with tempfile.TemporaryFile() as out:
        rig = subprocess.Popen([str(a) for a in (CHIMNEYSWEEP, *arguments)], stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(rig.pid, 0)
        rig.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return out.read().decode(), rig.returncode, used.ru_maxrss


def batches(sources, count, numbers, folder, ending):
    """Folders of fifty changed files each."""
    for begin in range(0, count, BATCH):
        batch = folder / f"batch-{begin}"
        batch.mkdir()
        for i in range(begin, min(begin + BATCH, count)):
            source = numbers.choice(sources)
            (batch / f"{i:05}-{source.stem}{ending or source.suffix}").write_bytes(changed(source.read_bytes(), numbers))
        yield batch


def captures(count, numbers, folder):
    """What is wrong with the replay of so many captures: a list of lines."""
    wrong = []
    for batch in batches(CAPTURES, count, numbers, folder, ""):
        out, status, kilobytes = ended("replay", "--json", "--timeout", 5, batch)
        reports = [json.loads(line) for line in out.splitlines()]
        wrong += [f"{r['file']}: {r['verdict']}" for r in reports[:-1] if r["verdict"] in NEVER]
        if status not in (0, 1, 2, 4) or kilobytes > MEMORY_KIB:
            wrong.append(f"{batch}: status {status}, {kilobytes} KiB")
    return wrong


def programs(count, numbers, folder):
    """The same for programs: binary ones run, fifty at once; text ones are refused in one line, or run."""
    wrong = []
    binary = folder / "binary"
    binary.mkdir()
    for i, source in enumerate(numbers.sample(PROGRAMS, 200)):
        subprocess.run([CHIMNEYSWEEP, "asm", "-o", binary / f"{i}.bin", source], check=True)
    for batch in batches(sorted(binary.iterdir()), count, numbers, folder, ".bin"):
        for path in batch.iterdir():
            path.write_bytes(b"\x02" + path.read_bytes()[1:].ljust(1, b"\0"))
        out, status, _ = ended("sweep", "--json", "--quiet", batch)
        reports = [json.loads(line) for line in out.splitlines()]
        wrong += [f"{r['file']}: {r['verdict']}" for r in reports[:-1] if r["verdict"] in NEVER]
        if status not in (0, 1):
            wrong.append(f"{batch}: status {status}")
    texts = [p for p in PROGRAMS if p.suffix == ".chim"]
    for batch in batches(texts, count // 10, numbers, folder / "binary", ".chim"):
        wrong += [line for path in sorted(batch.iterdir()) if (line := text(path))]
    return wrong


def text(path):
    got = subprocess.run([CHIMNEYSWEEP, "run", "--json", path], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, errors="replace")
    if got.returncode == 2:
        return "" if len(got.stderr.splitlines()) == 1 and not got.stdout else f"{path}: {got.stderr!r}"
    verdict = json.loads(got.stdout)["verdict"]
    return f"{path}: {verdict}" if verdict in NEVER or got.returncode not in (0, 1) else ""


def drivers(count, numbers, folder):
    """Damaged shared objects: refused in one line, or run to a verdict of their own, never a fault of the rig."""
    wrong = []
    source = (BUILD / "lib/second.so").read_bytes()
    program = next(p for p in PROGRAMS if p.suffix == ".chim")
    for i in range(count):
        driver = folder / f"{i}.so"
        whole = source if numbers.randrange(3) else source[:4096]
        driver.write_bytes(changed(whole, numbers) + (b"" if len(whole) == len(source) else source[4096:]))
        got = subprocess.run([CHIMNEYSWEEP, "run", "--json", "--timeout", "1", "--memory", "1G", "--driver", driver,
                              program], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace")
        driver.unlink()
        if got.returncode == 2 and not got.stdout and got.stderr.startswith("chimneysweep: "):
            continue
        if got.returncode not in (0, 1, 4) or json.loads(got.stdout)["verdict"] in ("rig-fault", "nondeterminism"):
            wrong.append(f"{i}: status {got.returncode}, {got.stdout[:200]} {got.stderr[:200]}")
    return wrong


def main():
    what = {"captures": captures, "programs": programs, "drivers": drivers}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        wrong = what(int(sys.argv[2]), random.Random(sys.argv[3]), Path(folder))
    print("\n".join(wrong) or f"{sys.argv[2]} {sys.argv[1]}: nothing wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
