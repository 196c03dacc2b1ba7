"""Results of a sweep on disk, by the content of what was asked: SQLite, one row per result."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from snnc.base.errors import FileError

SCHEMA = "CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, question TEXT, answer TEXT)"
BUSY_SECONDS = 60.0


def content_key(question: dict[str, Any]) -> str:
    """A hash of everything that decides an answer."""
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


class Store:
    """Answers by key. Each is on disk when `put` returns; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connected() as connection:
            connection.execute(SCHEMA)

    def get(self, key: str) -> dict[str, Any] | None:
        """The answer of that key, or None."""
        with self._connected() as connection:
            row = connection.execute("SELECT answer FROM results WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, key: str, question: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep an answer; one that is there already is replaced."""
        values = key, json.dumps(question, sort_keys=True), json.dumps(answer, sort_keys=True)
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", values)

    def __len__(self) -> int:
        with self._connected() as connection:
            return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A transaction; raises FileError where the file cannot be used."""
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection, connection:
                yield connection
        except sqlite3.Error as error:
            raise FileError(f"no store of results: {error}", where=str(self.path)) from None
