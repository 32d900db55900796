"""What the law obliges the bank to keep of a person, and until when: policy says for how many years."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection

from pipelines.months import months_later
from pipelines.policy import parameter
from pipelines.subjects.person import Person

# policy row → what it is about, in both languages
CLASSES = {
    "retention_identity_years": (
        "客户身份资料：由来源系统保存，本仓库只留假名",
        "Identity records: kept by the source systems; here a pseudonym stands for them",
    ),
    "retention_accounts_years": (
        "账户与合同：保留，不含可识别身份的明文",
        "Accounts and contracts: kept, without clear identity",
    ),
    "retention_transactions_years": (
        "交易与余额：保留，不含可识别身份的明文",
        "Transactions and balances: kept, without clear identity",
    ),
}


@dataclass(frozen=True)
class Obligation:
    """One class of records: years after the relation ends, and the last day (None: the relation goes on)."""

    class_zh: str
    class_en: str
    years: int
    until: date | None


def obligations(connection: Connection, person: Person, business_date: date) -> list[Obligation]:
    """What must be kept of a person by the policy in force on a date; nothing of it is ever touched."""
    ended = relation_end(connection, person)
    found = []
    for code, (class_zh, class_en) in CLASSES.items():
        years = int(parameter(connection, code, business_date))
        found.append(Obligation(class_zh, class_en, years, ended and years_later(ended, years)))
    return found


def relation_end(connection: Connection, person: Person) -> date | None:
    """The day the last account was closed; None while one is open."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select case when count(*) = count(account.closed_date) then max(account.closed_date) end
            from marts.accounts as account
            where account.account_id in (
                select holder.account_id from marts.account_holders as holder where holder.customer_id = %s
            )
            """,
            (person.customer_id,),
        )
        return cursor.fetchone()[0]


def years_later(day: date, years: int) -> date:
    """The same day some years later; of 29 February the last of that month."""
    return months_later(day, 12 * years)
