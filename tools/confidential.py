"""See by their content which files must not be passed on: survey records and keys.

``python tools/confidential.py FILE ...`` names each; commits and deposits go through it.
"""

from __future__ import annotations

import hashlib
import re
import sys
import zlib
from pathlib import Path

from helpers.sources import replication

# formats of records, by their first bytes
_MAGIC = {
    b"<stata_dta>": "a Stata data set",
    b"$FL2": "an SPSS data set",
    b"$FL3": "an SPSS data set",
    b"C1 SPSS": "an SPSS data set",
    b"\0" * 12 + b"\xc2\xea\x81\x60": "a SAS data set",
    b"HEADER RECORD*******LIB": "a SAS transport file",
    b"PAR1": "a table in Parquet, as saved panels are",
    b"ARROW1": "a table in Arrow",
    b"RDX2\n": "R data",
    b"RDX3\n": "R data",
    b"SQLite format 3\0": "a database",
    b"\x89HDF": "an HDF5 file",
}
_PACKED = {
    b"BZh": "a compressed file",
    b"\xfd7zXZ\0": "a compressed file",
    b"\x28\xb5\x2f\xfd": "a compressed file",
    b"PK\x03\x04": "a packed file (archive or workbook)",
    b"7z\xbc\xaf": "an archive",
}
# Stata before version 13: release, byte order, file type
_OLD_STATA = re.compile(rb"[\x69-\x73][\x01\x02]\x01\x00")
_NAMES = re.compile(
    r"(\.(dat|dta|sav|zsav|por|sas7bdat|xpt|parquet|rds|rdata)(\.(gz|bz2|xz|zst|zip))?$)"
    r"|(^|/)\.env(\.(?!example$|sample$)[\w-]+)?$"
    r"|(^|/)(id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc|credentials)$",
    re.I,
)
_KEYS = {
    "a private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a token of GitHub": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})",
    "a token of GitLab": rb"\bglpat-[A-Za-z0-9_-]{20,}",
    "a key of Amazon": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google": rb"\bAIza[0-9A-Za-z_-]{35}",
    "a token of Slack": rb"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "a token of a package registry": rb"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "a secret key": rb"\bsk-(?:[a-z]+-)*[A-Za-z0-9]{20,}",
    "a web token": rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    # an IPUMS key has 56 hexadecimal digits; hashes have 32, 40, 64 or more
    "an IPUMS key": rb"(?<![0-9A-Za-z])[0-9a-f]{56}(?![0-9A-Za-z])",
    "a key or a password": (
        rb"(?i)\b[\w-]{0,40}(?:api[_-]?key|apikey|secret|access[_-]?token|auth[_-]?token|passw(?:or)?d)"
        rb"[\"']?\s*[:=]\s*[\"']?(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])[\w+/=-]{20,}"
    ),
}
_KEYS = {name: re.compile(pattern) for name, pattern in _KEYS.items()}
_CODEBOOK = re.compile(rb"<(?:\w+:)?codeBook\b|ddi:codebook|<(?:\w+:)?DDIInstance\b")
# what only a table with a row a person or a household has
_RECORD_COLUMNS = {"serial", "pernum", "hhwt", "perwt", "cbserial", "cbhhtype", "cluster", "strata"}
_OURS = {file.sha256: file.name for file in replication.FILES.values()}


def why_not(name: str, content: bytes) -> str | None:
    """Say why a file must not be passed on, None where nothing speaks against it.

    Parameters
    ----------
    name : str
        Path of the file.
    content : bytes
        All of it.
    """
    if hashlib.sha256(content).hexdigest() in _OURS:
        return "one of the author's files, which have no licence"
    if found := _records(content):
        return found
    for what, pattern in _KEYS.items():
        if pattern.search(content):
            return f"holds what looks like {what}"
    if _NAMES.search(name):
        return "a name that survey extracts, saved tables or keys have"
    return None


def _records(content: bytes) -> str | None:
    """What kind of records a file holds, None for none."""
    if content[:2] == b"\x1f\x8b":
        return f"compressed: {_records(_unpacked(content)) or 'what is inside cannot be checked'}"
    for magic, what in (_MAGIC | _PACKED).items():
        if content.startswith(magic):
            return what
    if _OLD_STATA.match(content):
        return "a Stata data set"
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<" and _CODEBOOK.search(content[:20_000]):
        return "a codebook of survey records"
    if b"\0" in content[:4096]:
        return None
    lines = content[:200_000].splitlines()
    if len(content) > 200_000:
        lines = lines[:-1]
    if _fixed_width(lines):
        return "lines of digits of one width, as survey extracts have"
    if len(lines) > 1:
        columns = re.split(r"[,;\t|]", lines[0].decode("utf-8", "replace").lower())
        if len({column.strip("\"' \ufeff") for column in columns} & _RECORD_COLUMNS) >= 2:
            return "a table with a row a person or a household"
    return None


def _fixed_width(lines: list[bytes]) -> bool:
    """Whether most lines have one length and are digits, blanks and little else."""
    lines = [line for line in lines if line.strip()]
    if len(lines) < 5:
        return False
    widths = [len(line) for line in lines]
    usual = max(set(widths), key=widths.count)
    regular = [line for line in lines if len(line) == usual]
    if usual < 15 or len(regular) < 0.9 * len(lines):
        return False
    digits = sum(len(re.findall(rb"[0-9]", line)) for line in regular)
    plain = sum(len(re.findall(rb"[0-9 .+-]", line)) for line in regular)
    return plain > 0.97 * usual * len(regular) and digits > 0.5 * usual * len(regular)


def _unpacked(content: bytes) -> bytes:
    """The first part of a compressed file, as much of it as can be read."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content, 300_000)
    except zlib.error:
        return b""


def main(files: list[str]) -> int:
    """Name the files that must not be passed on."""
    bad = 0
    for name in files:
        path = Path(name)
        if path.is_file() and (why := why_not(name, path.read_bytes())):
            print(f"{name}: {why}; it must not be passed on", file=sys.stderr)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
