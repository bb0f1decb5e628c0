"""Rules with a known finding end no more runs while engines work; they stay judged, and are counted."""
import struct
from pathlib import Path

from campaign import files
from campaign.rig import Rig


class Muting:
    def __init__(self, path: Path, rig: Rig, loud: list):
        self.path, self.rig, self.loud = path, rig, loud
        self.counted = path.with_name(f"{path.name}.times")  # by all engine processes (harness/fuzz/muted.h)
        self.muted = set()
        self.counted.unlink(missing_ok=True)
        files.write(path, "")

    def is_for(self, finding) -> bool:
        return bool(finding.rule) and finding.verdict == "violation" and "all" not in self.loud \
            and finding.rule not in self.loud and not finding.flaky

    def begin(self, known) -> None:
        for finding in known:
            self.add(finding)

    def add(self, finding) -> None:
        if self.is_for(finding) and finding.rule not in self.muted:
            self.muted.add(finding.rule)
            files.write(self.path, "".join(f"{rule}\n" for rule in sorted(self.muted)))

    def times(self) -> dict:
        """How often each muted rule was met."""
        data = self.counted.read_bytes() if self.counted.exists() else b""
        numbers = struct.unpack(f"<{len(data) // 8}Q", data[:len(data) // 8 * 8])
        return {row["id"]: n for row, n in zip(self.rig.catalogue, numbers) if n}

    def tell(self, history, night: int, known: dict) -> None:
        times = self.times()
        for finding in known.values():
            if finding.rule in times and finding.rule in self.muted and finding.verdict == "violation":
                history.see(night, finding.identity, times[finding.rule])
