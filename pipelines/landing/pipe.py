"""A COPY out of one server as a readable for a COPY into another: through a pipe, a few hundred kilobytes."""

import hashlib
import os
import threading
from types import TracebackType

from psycopg2.extensions import connection as Connection

_BUFFER = 1 << 18


class RowPipe:
    """The rows of a COPY TO STDOUT in text format, each with ``prefix`` and its number from 1 in front.

    A thread runs the COPY and waits where nobody reads. ``rows``, ``byte_count`` and ``sha256`` (of the bytes
    as the source sent them) are whole once the end was read. An error of the source is kept in ``error`` and
    raised where the end would be: a COPY that reads from here fails, it never takes half the rows for all.
    """

    def __init__(self, source: Connection, statement: str, prefix: str) -> None:
        self.error: Exception | None = None
        self.rows = 0
        self.byte_count = 0
        self._digest = hashlib.sha256()
        self._prefix = prefix.encode()
        self._source = source
        outlet, inlet = os.pipe()
        self._outlet = os.fdopen(outlet, "rb", _BUFFER)
        self._inlet = os.fdopen(inlet, "wb", _BUFFER)
        self._thread = threading.Thread(target=self._copy, args=(statement,), daemon=True)

    def __enter__(self) -> "RowPipe":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._outlet.close()  # whoever still writes gets a broken pipe
        if kind is not None and self._thread.is_alive():
            self._source.cancel()
        self._thread.join()

    @property
    def sha256(self) -> str:
        """Hexadecimal sha256 of the bytes that the source sent."""
        return self._digest.hexdigest()

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, none at the end; raises the source's error."""
        chunk = self._outlet.read(size)
        if not chunk:
            self._thread.join()
            if self.error:
                raise self.error
        return chunk

    def write(self, row: bytes) -> None:
        """Take one row from the source: PostgreSQL sends each in a message of its own."""
        self.rows += 1
        self.byte_count += len(row)
        self._digest.update(row)
        self._inlet.write(b"%b%d\t%b" % (self._prefix, self.rows, row))

    def _copy(self, statement: str) -> None:
        try:
            with self._source.cursor() as cursor:
                cursor.copy_expert(statement, self)
            self._inlet.flush()
        except Exception as error:
            self.error = error
        finally:
            try:
                self._inlet.close()
            except OSError as error:  # the reader went away first
                self.error = self.error or error
