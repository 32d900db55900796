"""The matcher of the nights: an index that follows what the warehouse has received, and the fold over its
days."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version as metadata_version
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection
from psycopg2.extensions import connection as Connection

from pipelines.identity import index
from pipelines.identity.arrivals import customer_rules, write_links, write_versions
from pipelines.identity.decisions import Decision, decisions
from pipelines.identity.errors import IdentityError
from pipelines.identity.fold import NEVER, Verdict, fold
from pipelines.identity.matching.fields import literal
from pipelines.identity.matching.model import Model
from pipelines.identity.models import Era, eras, load, read
from pipelines.identity.region import keep_changes, places_of, read_region, weights_in
from pipelines.landing.received import received_hash
from pipelines.workspace import Workspace

_DAY = timedelta(days=1)


class IdentifyError(IdentityError):
    """Customer ids that a published edition holds would change."""


@dataclass
class Matcher:
    """An open index and the warehouse it follows."""

    index: DuckDBPyConnection
    reader: Connection
    workspace: Workspace
    folder: Path

    def eras(self, until: date) -> list[Era]:
        """The models that hold up to a date."""
        with self.reader.cursor() as cursor:
            return eras(cursor, until)

    def stands_at(self, settled: date) -> bool:
        """Take the index back to a date; false where it has not been there, or was made from something
        else."""
        index.rewind(self.index, settled)
        known = index.noted(self.index)
        return known.get("model") == self.eras(settled)[-1].version and known.get(
            str(settled)
        ) == self._made_from(settled)

    def restore(self, settled: date) -> None:
        """Make the index anew as it must stand at a date. IdentifyError where customers come out
        otherwise."""
        era = self.eras(settled)[-1]
        model = self._begin(era)
        self._take(model, None, settled, era.start)
        self._fold(model, None, settled - _DAY, settled, settled)
        self._read_landed(settled)
        differing = self.index.execute(
            """
            with found as (
                select own.source_code, own.source_customer_id, first.customer_id, own.born_date
                from standing join people as own using (record) join people as first
                    on first.record = standing.founder
            )
            select coalesce(landed.changed_date, found.born_date) as day, source_code
            from landed full join found using (source_code, source_customer_id)
            where landed.customer_id is distinct from found.customer_id
            order by day, source_code limit 1
            """
        ).fetchone()
        if differing:
            raise _changed_past(*differing, settled)

    def advance(self, era: Era, settled: date | None) -> tuple[int, int]:
        """Take in what was received in an era after the settled date; versions taken and changes kept."""
        after = max((day for day in (settled, era.start and era.start - _DAY) if day), default=None)
        if index.noted(self.index).get("model") == era.version:
            with self.reader.cursor() as cursor:
                model = read(cursor, era.version)  # its frequencies lie in the index
            taken = self._take(model, after, era.end, None)
            return taken, self._fold(model, after, after or date.min, era.end)
        index.set_aside(self.index)
        model = self._begin(era)
        taken = self._take(model, None, era.end, era.start)
        index.take_up(self.index)
        return taken, self._fold(model, None, after or date.min, era.end, era.start)

    def imagine(
        self,
        until: date,
        version: str | None = None,
        further: Iterable[Decision] = (),
        settings: dict[str, float] | None = None,
    ) -> int:
        """Fold one date as if another model held on it, further decisions were taken, or numbers of matching
        differed.

        Gives how many records would change customer; ``region.changed_rows`` has them.
        """
        era = self.eras(until)[-1]
        if version:
            era = Era(version, until, until)
        model = self._begin(era)
        model = replace(model, settings=replace(model.settings, **(settings or {})))
        self._take(model, None, until, era.start)
        self._read_landed(until)
        self.index.execute(
            f"""
            insert into standing
            select own.record, first.record, changed_date, date '{index.FOREVER}'
            from landed join people as own using (source_code, source_customer_id)
            join people as first on first.customer_id = landed.customer_id
            """
        )
        return self._fold(model, None, until - _DAY, until, until, further)

    def note(self, until: date) -> None:
        """Write down from what the index was made, as of the date at which it stands."""
        index.note(self.index, **{str(until): self._made_from(until)})

    def _made_from(self, until: date) -> str:
        with self.reader.cursor() as cursor:
            return f"{_release()} {received_hash(cursor, until)}"

    def _begin(self, era: Era) -> Model:
        """An empty index of an era's model."""
        index.empty(self.index)
        with self.reader.cursor() as cursor:
            model = load(cursor, self.index, era.version, self.folder)
        index.note(self.index, model=era.version)
        return model

    def _read_landed(self, until: date) -> None:
        """The temporary table ``landed``: every record's customer as landed up to a date, and since when."""
        file = write_links(self.reader, self.workspace, until, self.folder / "links.csv")
        self.index.execute(
            f"""
            create or replace temp table landed as
            select * replace (cast(changed_date as date) as changed_date)
            from read_csv({literal(file.as_posix())}, all_varchar = true, header = true)
            """
        )
        file.unlink()

    def _take(self, model: Model, since: date | None, until: date, start: date | None) -> int:
        file = write_versions(self.reader, self.workspace, since, until, self.folder / "versions.csv")
        try:
            return index.take(self.index, model, customer_rules(), file, since, start)
        finally:
            file.unlink()

    def _fold(
        self,
        model: Model,
        since: date | None,
        after: date,
        until: date,
        model_date: date | None = None,
        further: Iterable[Decision] = (),
    ) -> int:
        """Fold the days after ``after`` over what can be reached from what came after ``since`` (None: over
        all)."""
        with self.reader.cursor() as cursor:
            decided = [*decisions(cursor, until), *further]
        known = index.numbers_of(
            self.index, (record for each in decided for record in (each.left, each.right))
        )
        decided = [each for each in decided if each.left in known and each.right in known]
        index.join_records(
            self.index, [(known[each.left], known[each.right]) for each in decided if each.is_same]
        )
        turning = [
            each for each in decided if any(day and after < day <= until for day in (each.since, each.until))
        ]
        region = read_region(
            self.index, since, [known[record] for each in turning for record in (each.left, each.right)]
        )
        places = places_of(self.index, known.values())
        verdicts = [
            _verdict(each, places[known[each.left]], places[known[each.right]])
            for each in decided
            if known[each.left] in places and known[each.right] in places
        ]
        arrived = self.index.execute(
            "select distinct received_date from region_versions where received_date > ?", [after]
        ).fetchall()
        days = {day for (day,) in arrived}
        days |= {day for each in turning for day in (each.since, each.until) if day and after < day <= until}
        days |= {model_date} if model_date else set()
        changes = fold(
            region,
            verdicts,
            sorted(day.toordinal() for day in days),
            weights_in(self.index, model),
            model.settings,
            model_date and model_date.toordinal(),
        )
        return keep_changes(self.index, changes)


def _verdict(decision: Decision, left: int, right: int) -> Verdict:
    until = decision.until.toordinal() if decision.until else NEVER
    return Verdict(left, right, decision.is_same, decision.since.toordinal(), until)


@cache
def _release() -> str:
    """A hash of the code and the engines by which an index is made."""
    home = Path(__file__).parent
    digest = sha256(f"{duckdb.__version__} {metadata_version('splink')}".encode())
    for path in sorted(path for path in home.rglob("*") if path.suffix in (".py", ".csv", ".yml", ".json")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _changed_past(day: date, source_code: str, settled: date) -> IdentifyError:
    return IdentifyError(
        f"identity.links {day}: the customer versions of {source_code} no longer give the customer ids that "
        "were published for this date. Nothing was landed. Find what changed in the past (deliveries, "
        f"quarantine, release of the code), then use `yihu rebuild --date {settled}`"
    )
