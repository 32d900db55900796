"""What another model, further decisions or other numbers of matching would merge and split: nothing is
changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.approval import last_published_date
from pipelines.identity import index
from pipelines.identity.decisions import Decision, Record
from pipelines.identity.errors import IdentityError
from pipelines.identity.matcher import Matcher
from pipelines.identity.matching.settings import MatchSettings
from pipelines.identity.region import changed_rows
from pipelines.settings import Settings
from pipelines.warehouse import connect
from pipelines.warehouse.rooms import LOADER
from pipelines.workspace import LIVE


class PreviewError(IdentityError):
    """A number of matching that there is not."""


@contextmanager
def preview(
    settings: Settings,
    version: str | None = None,
    same: list[tuple[Record, Record]] | None = None,
    different: list[tuple[Record, Record]] | None = None,
    numbers: dict[str, float] | None = None,
) -> Iterator[tuple[date, Iterator[tuple[Any, ...]]]]:
    """The last published date and the changes (``region.changed_rows``) that there would be on it.

    Works in an index of its own, which goes when the caller is done.
    """
    known = {field.name for field in fields(MatchSettings)}
    if unknown := sorted(set(numbers or {}) - known):
        raise PreviewError(
            f"no number of matching is called {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    with (
        TemporaryDirectory(prefix="yihu-preview-") as folder,
        index.opened(Path(folder)) as connection,
        connect(settings, LOADER) as reader,
    ):
        with reader.cursor() as cursor:
            until = last_published_date(cursor)
        further = [
            Decision(left, right, is_same, until, None)
            for is_same, pairs in ((True, same), (False, different))
            for left, right in pairs or []
        ]
        Matcher(connection, reader, LIVE, Path(folder)).imagine(until, version, further, numbers)
        yield until, iter(changed_rows(connection))
