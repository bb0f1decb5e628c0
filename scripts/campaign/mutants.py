"""Where the core's sources can be changed by a little, and how: operators, constants, statements."""
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SKIPPED = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[ \t]*#[ \t]*(?!define)\w*(?:\\\n|[^\n])*",
                     re.S)
TOKEN = re.compile(r"[A-Za-z_]\w*|0[xX][0-9A-Fa-f]+[uUlL]*|\d+[uUlL]*|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||"
                   r"\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/%&|^~!<>=?:;,.(){}\[\]#]")
OPERATORS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "<<": ">>",
             ">>": "<<", "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "++": "--", "--": "++", "true": "false",
             "false": "true"}
BINARY = {"+": "-", "-": "+", "&": "|", "|": "&", "/": "*", "%": "/"}
KEYWORDS = {"return", "break", "continue", "goto", "case", "default", "if", "else", "for", "while", "do", "switch", "static",
            "const", "struct", "union", "enum", "typedef", "extern", "unsigned", "inline", "sizeof", "define"}


@dataclass(frozen=True)
class Mutant:
    path: str  # from the project's root
    at: int    # offset of the change
    old: str
    new: str
    line: int
    function: str
    text: str  # the line, as it was

    def key(self) -> str:
        """The same after changes elsewhere: what a review of it is filed under."""
        return "\t".join((self.path, self.function, " ".join(self.text.split()), f"{self.old} -> {self.new or 'nothing'}"))

    def apply(self, source: str) -> str:
        return source[:self.at] + self.new + source[self.at + len(self.old):]


def tokens(source: str) -> list:
    """(offset, text) of each token, comments, strings and directives but #define left out."""
    blank = SKIPPED.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)
    return [(m.start(), m.group()) for m in TOKEN.finditer(blank)]


def closing(words: list, k: int) -> int:
    """The index of the parenthesis that closes the one at k."""
    depth = 0
    for j in range(k, len(words)):
        depth += {"(": 1, ")": -1}.get(words[j][1], 0)
        if depth == 0:
            return j
    return k


def statement_end(words: list, k: int) -> int | None:
    """The index of the semicolon of a call or an assignment that begins at k; None when it is something else."""
    first = words[k][1]
    following = words[k + 1][1] if k + 1 < len(words) else ""
    if not re.match(r"[A-Za-z_]|\*", first) or first in KEYWORDS or re.match(r"[A-Za-z_*:]", following):
        return None
    depth = 0
    for j in range(k, min(k + 60, len(words))):
        text = words[j][1]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text, 0)
        if text in "{}" or depth < 0:
            return None
        if text == ";" and depth == 0:
            return j
    return None


def changes(words: list, k: int, source: str) -> list:
    """(offset, old, new) of each change at a token."""
    at, text = words[k]
    before = words[k - 1][1] if k else ";"
    value = re.match(r"[\w)\]]", before) and before not in KEYWORDS
    found = []
    if text in OPERATORS:
        found.append((at, text, OPERATORS[text]))
    elif text in BINARY and value:
        found.append((at, text, BINARY[text]))
    elif text == "!":
        found.append((at, text, ""))
    elif text[0].isdigit() and before != "[":
        number, suffix = re.match(r"(\w+?)([uUlL]*)$", text).groups()
        found.append((at, text, f"{int(number, 0) + 1}{suffix}"))
    elif text == "if" and words[k + 1][1] == "(":
        start, end = words[k + 1][0] + 1, words[closing(words, k + 1)][0]
        found.append((start, source[start:end], f"!({source[start:end]})"))
    if before in (";", "{", "}", ")"):
        end = statement_end(words, k)
        if end is not None:
            found.append((at, source[at:words[end][0]], ""))
    return found


def of_file(root: Path, path: str) -> list:
    source = (root / path).read_text()
    words = tokens(source)
    function, found = "", []
    names = [(m.start(), m.group(1)) for m in re.finditer(r"^[A-Za-z_][^;{}()=]*?(\w+)\([^;{}]*\)\s*\{", source, re.M)]
    for k in range(len(words) - 1):
        while names and names[0][0] <= words[k][0]:
            function = names.pop(0)[1]
        for at, old, new in changes(words, k, source):
            line = source.count("\n", 0, at)
            found.append(Mutant(path, at, old, new, line + 1, function, source.splitlines()[line]))
    return found


def sample(root: Path, paths: list, seed: int) -> list:
    """All mutants of the files, in an order that the seed decides and that a change elsewhere leaves as it is."""
    every = [m for path in paths for m in of_file(root, path)]
    seen = Counter()
    ranked = []
    for mutant in every:
        key = mutant.key()
        seen[key] += 1
        ranked.append((hashlib.sha256(f"{seed}\t{key}\t{seen[key]}".encode()).digest(), mutant))
    return [mutant for _, mutant in sorted(ranked, key=lambda pair: pair[0])]
