"""Payload whose every byte says where it belongs."""


def text(tag: str, offset: int, length: int) -> bytes:
    """Returns `length` bytes of the stream called `tag`, from `offset` on.

    The stream is lines of 32 bytes: the tag, the line's own offset in hex, and letters that turn with the line, so
    that bytes put at a wrong place differ from the right ones and a reader sees where they came from.
    """
    first = offset // 32
    last = (offset + length + 31) // 32
    lines = b"".join(_line(tag, number) for number in range(first, last))
    start = offset - first * 32
    return lines[start : start + length]


def _line(tag: str, number: int) -> bytes:
    letters = "".join(chr(ord("a") + (number * 7 + i * 11) % 26) for i in range(32))
    return f"{tag[:6]}@{number * 32:08x} {letters}"[:31].encode("ascii") + b"\n"
