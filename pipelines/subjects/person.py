"""Who a customer id is: his records in the sources, and the accounts he has rights to."""

from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor

from pipelines.settings import Settings
from pipelines.sources.declaration import Source, active_sources
from pipelines.subjects.errors import SubjectError

Record = tuple[str, str]  # (source code, source customer id)


@dataclass(frozen=True)
class Person:
    """A customer, his records in the order of their birth, and his accounts as (source, source's number)."""

    customer_id: str
    kind_code: str | None
    records: tuple[Record, ...]
    accounts: tuple[Record, ...]

    def numbers(self, source_code: str) -> list[str]:
        """His customer numbers in a source."""
        return [number for source, number in self.records if source == source_code]

    def account_numbers(self, source_code: str) -> list[str]:
        """His account numbers in a source."""
        return [number for source, number in self.accounts if source == source_code]


def find_person(cursor: Cursor, customer_id: str) -> Person:
    """The customer as the newest links have him. SubjectError where no record is his."""
    cursor.execute(
        """
        with links as (
            select distinct on (source_code, source_customer_id)
                source_code, source_customer_id, customer_id, _received_date
            from raw.identity__links
            order by source_code, source_customer_id, _received_date desc
        )
        select source_code, source_customer_id from links where customer_id = %s order by _received_date, 1, 2
        """,
        (customer_id,),
    )
    records = tuple((source, number) for source, number in cursor.fetchall())
    if not records:
        raise SubjectError(_unknown(cursor, customer_id))
    cursor.execute("select customer_kind_code from marts.customers where customer_id = %s", (customer_id,))
    kind = cursor.fetchone()
    cursor.execute(
        "select distinct account_id from marts.account_holders where customer_id = %s order by 1",
        (customer_id,),
    )
    accounts = (account.partition(":") for (account,) in cursor.fetchall())
    return Person(
        customer_id, kind and kind[0], records, tuple((source, number) for source, _, number in accounts)
    )


def sources_of(settings: Settings, person: Person) -> list[Source]:
    """The bank's sources that have a record of the person or an account; SubjectError where one does not say
    which columns name a customer."""
    sources = [
        source
        for source in active_sources(settings.bank)
        if person.numbers(source.code) or person.account_numbers(source.code)
    ]
    if silent := [source.code for source in sources if not source.subjects]:
        raise SubjectError(
            f"source {silent[0]} holds records of {person.customer_id}, and its declaration does not say "
            f"which columns name a customer: add subjects to pipelines/sources/{silent[0]}.yml"
        )
    return sources


def _unknown(cursor: Cursor, customer_id: str) -> str:
    cursor.execute(
        "select customer_id from raw.identity__links where former_customer_id = %s "
        "order by _received_date desc limit 1",
        (customer_id,),
    )
    follower = cursor.fetchone()
    told = f"his records are {follower[0]}'s by now" if follower else "no record has ever been linked to it"
    return f"customer {customer_id} is not there ({told}); `yihu identity why` says who a record belongs to"
