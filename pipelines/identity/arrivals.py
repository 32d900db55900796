"""Customer versions and the standing links, streamed from the warehouse into files for the matcher."""

from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from pipelines.identity.matching.rules import Rules, read_rules
from pipelines.landing.erasure import ERASED
from pipelines.workspace import Workspace

# A number is taken where the source says that it is one. Persons and organisations (companies, institutions,
# shops: told by their kind or by a Chinese name longer than a person's) are never compared with each other
# but by number. A birth date or a sex without a name is no evidence, nor is what stands for a
# forgotten value: whose the records of a forgotten person are, people have decided.
_VERSIONS = """
select received_date, source_code, source_customer_id, line_number,
       min(received_date) over (partition by source_code, source_customer_id) as born_date,
       case when is_person then full_name end as full_name,
       case when identity_type_code in ('id', 'uscc') then identity_number end as identity_number,
       case when is_person and full_name is not null then birth_date end as birth_date,
       case when is_person and full_name is not null then sex_code end as sex_code,
       case when is_person then phone_number end as phone_number,
       case when is_person then email_address end as email_address,
       case when is_person and full_name is not null then address_text end as address_text,
       case when not is_person then full_name end as organisation_name,
       case when not is_person then phone_number end as organisation_phone_number
from (
    select received_date, source_code, source_customer_id, line_number, identity_type_code,
           birth_date, sex_code,
           {clear},
           coalesce(customer_kind_code, 'person') = 'person' and not coalesce(is_sole_trader, false)
           and not coalesce(regexp_replace(full_name, '\\s', '', 'g') ~ '^[\u4e00-\u9fff]{{5,}}$',
               false) as is_person
    from {versions}
) as version
where received_date <= {until} and received_date > {since} {chosen}
"""
_CLEAR = ("full_name", "identity_number", "phone_number", "email_address", "address_text")
_LINKS = """
select distinct on (source_code collate "C", source_customer_id collate "C")
       source_code, source_customer_id, customer_id, _received_date as changed_date
from {links} where _received_date <= {until}
order by source_code collate "C", source_customer_id collate "C", _received_date desc
"""


@cache
def customer_rules() -> Rules:
    """What each column of a customer version means to the matcher."""
    return read_rules(Path(str(files("pipelines.identity") / "rules.yml")))


def write_versions(
    reader: Connection,
    workspace: Workspace,
    since: date | None,
    until: date,
    path: Path,
    records: list[tuple[str, str]] | None = None,
) -> Path:
    """The customer versions received after ``since`` (None: all) up to ``until``, as a csv file with a
    header.

    ``records``: of these sources and keys only.
    """
    chosen = (
        sql.SQL("and (source_code, source_customer_id) in ({})").format(
            sql.SQL(", ").join(map(sql.Literal, records))
        )
        if records
        else sql.SQL("")
    )
    clear = (
        sql.SQL("case when {0} not like {1} then {0} end as {0}").format(
            sql.Identifier(name), sql.Literal(f"%{ERASED}")
        )
        for name in _CLEAR
    )
    statement = sql.SQL(_VERSIONS).format(
        clear=sql.SQL(", ").join(clear),
        versions=sql.Identifier(workspace.schema("intermediate"), "int_customer_versions_unioned"),
        since=sql.Literal(since or date.min),
        until=sql.Literal(until),
        chosen=chosen,
    )
    return _write(reader, statement, path)


def write_links(reader: Connection, workspace: Workspace, until: date, path: Path) -> Path:
    """Every record's customer as landed up to a date, with the date of its last change, as a csv file."""
    statement = sql.SQL(_LINKS).format(
        links=sql.Identifier(workspace.schema("raw"), "identity__links"), until=sql.Literal(until)
    )
    return _write(reader, statement, path)


def _write(reader: Connection, statement: sql.Composed, path: Path) -> Path:
    with reader.cursor() as cursor, path.open("wb") as file:
        copy = sql.SQL("copy ({}) to stdout with (format csv, header)").format(statement)
        cursor.copy_expert(copy, file)
    return path
