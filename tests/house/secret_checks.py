"""No key and no password stands in the repository; what runs need is made by them or given from outside."""

import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Offence, is_skipped, line_of

PLACEHOLDER = "password"  # as in user:password@host
LARGEST = 5_000_000  # bytes; a larger file is data
# each with one group: what would have to go
KEYS = (
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)"),
    re.compile(r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"),
    re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,})"),
    re.compile(r"\b(xox[abprs]-[\w-]{10,}|sk-[A-Za-z0-9_-]{24,}|AIza[\w-]{35})"),
    re.compile(r"\b(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)"),
    re.compile(r"(?<![\w-])([\w-]{43}=)(?![\w=])"),  # 32 bytes in base64, as Airflow's fernet key
    re.compile(r"\w://[^\s:/@\"'`{}$<>]*:([^\s:/@\"'`{}$<>…]+)@"),
    re.compile(
        r"(?i)(?:password|passwd|passphrase|secret|token|api_?key|hmac_?key)[\"']?\s*(?:=|:)\s*"
        r"[\"']([^\"'\s{}$<>%/]{8,})[\"']"
    ),
)


def secrets_kept_out(root: Path) -> Iterator[Offence]:
    """No file holds what looks like a key, a token, or a password beside its name or in an address."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if is_skipped(relative) or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        for shape in KEYS:
            for found in shape.finditer(text):
                if found[1] != PLACEHOLDER:
                    line = line_of(text, found.start())
                    yield Offence("secrets_kept_out", relative.as_posix(), line, found[1][:40])
