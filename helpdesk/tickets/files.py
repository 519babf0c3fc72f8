"""Attachments on disk: under random names, outside the static tree, complete before their row commits."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import current_app

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies on disk under ``key``; ``sha256`` is the hex digest of its content."""

    key: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str


class TooLarge(Exception):
    """The stream holds more than it may; it was read to its end and nothing was kept."""


def folder() -> Path:
    return Path(current_app.config["INSTANCE_DIR"]) / "attachments"


def path_of(key: str) -> Path:
    """Where the file of ``key`` lies; two levels of folders keep directories small."""
    return folder() / key[:2] / key


def store(stream: IO[bytes], file_name: str, content_type: str, limit: int) -> StoredFile:
    """Copy ``stream`` to disk: written, fsynced, renamed. Raises TooLarge beyond ``limit`` bytes.

    Call it before the transaction: a row without its file would be worse than a file without its row,
    and orphans are swept.
    """
    key = secrets.token_urlsafe(24)
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{key}.part")
    digest, size = hashlib.sha256(), 0
    with partial.open("wb") as target:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size <= limit:
                digest.update(chunk)
                target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    if size > limit:
        partial.unlink()
        raise TooLarge
    partial.rename(path)
    return StoredFile(
        key, clean_name(file_name), content_type[:100] or "application/octet-stream", size, digest.hexdigest()
    )


def clean_name(file_name: str) -> str:
    """The name as people know it, without folders and control characters; never used as a path."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(letter for letter in name if letter.isprintable()).strip()
    return printable[-200:] or "file"


def remove(key: str) -> None:
    path_of(key).unlink(missing_ok=True)
