"""What test_made_up_source runs in the copied house: a month of deliveries and two nights."""

import json
from contextlib import closing
from datetime import date, timedelta

import psycopg2
from handmade_deliveries import read_delivery, write_delivery
from night_support import LOADING, night_state, query, run_night, warm

from pipelines.demo_bank import write_demo_bank
from pipelines.settings import load_settings
from pipelines.sources import load_source
from pipelines.warehouse import reader_url

settings = load_settings()
first = date(2026, 10, 1)
days = [first + timedelta(days=number) for number in range(31)]
write_demo_bank(settings.landing, customers=60, first_date=first, last_date=days[-1])
customers = read_delivery(settings.landing, load_source("core").table("customers"), first)
known = next(row for row in customers if row["identity_type"] == "ID")

prepaid = load_source("prepaid")
HOLDERS = [
    {
        "holder_no": "H1",
        "full_name": known["full_name"],
        "identity_type": "ID",
        "branch_no": "B1",
        "identity_number": known["identity_number"],
        "since_date": f"{first}",
    },
    {"holder_no": "H2", "full_name": "欧阳镕", "branch_no": "B2", "since_date": f"{first}"},
]
CARDS = [
    {
        "card_no": f"C{number}",
        "product_code": "GIFT",
        "currency": "CNY",
        "branch_no": "B1",
        "opened_date": "261001",
    }
    for number in (1, 2, 3)
]
HELD = ((1, "H1"), (2, "H2"), (3, "H2"))
HOLDINGS = [{"card_no": f"C{number}", "holder_no": holder} for number, holder in HELD]


def balance(number, day, amount):
    return {"card_no": f"C{number}", "balance_date": f"{day}", "balance": amount}


def payment(number, day, amount):
    return {"payment_no": f"P{number}", "card_no": "C1", "payment_date": f"{day}", "amount": amount}


brought = {
    first: {
        "holders": HOLDERS,
        "cards": CARDS,
        "balances": [balance(number, first, "100.00") for number in (1, 2, 3)],
        "payments": [payment(1, first, "10.00"), payment(2, first, "20.00")],
    },
    # a payment, and a balance of the first day, as they should have been
    days[2]: {"payments": [payment(2, first, "25.50")], "balances": [balance(1, first, "80.00")]},
    days[3]: {"cards_gone": [{"card_no": "C3"}, {"card_no": "C2"}]},
    days[4]: {"cards": CARDS[1:2]},  # the second one lives again
}
for day in days:
    rows = brought.get(day, {})
    rows["holdings"] = HOLDINGS if day < days[3] else HOLDINGS[:2]
    for table in prepaid.tables:
        write_delivery(settings.landing, table, day, rows.get(table.name, ()))
header = "payment_no,card_no,payment_date,amount,terminal,colour"
data = f"{header}\nP3,C1,{days[-1]},1.25,T9,red\n".encode()
control = {"rows": 1, "sums": {"amount": "1.25"}}
write_delivery(settings.landing, prepaid.table("payments"), days[-1], data=data, control=control)

with warm():
    run_night(settings, days[-2], skipped=LOADING)
    night = run_night(settings, days[-1])


def published(statement):
    """What a reader sees."""
    with closing(psycopg2.connect(reader_url(settings))) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


print(
    json.dumps(
        {
            "state": night_state(settings, night)[0],
            "accounts": published(
                """
        select source_account_id, product_class_code, balance_amount, opened_date
        from reporting.customer_accounts where source_code = 'prepaid' order by 1""",
            ),
            "payments": query(
                settings,
                """
        select transaction_id, transaction_amount from marts.transactions
        where transaction_id like 'prepaid:%' and superseded_date is null order by 1""",
            ),
            "spells": query(
                settings,
                """
        select balance_date, balance_amount from marts.balances
        where account_id = 'prepaid:C1' and superseded_date is null""",
            ),
            "customers": published(
                """
        select identity.source_customer_id, identity.rule_code, view.source_count > 1
        from reporting.customer_identities as identity
        inner join reporting.customer_360 as view using (customer_id)
        where identity.source_code = 'prepaid' order by 1""",
            ),
            "names": query(settings, "select full_name from raw.prepaid__holders order by holder_no")[1:],
            "aside": query(settings, "select _extra from raw.prepaid__payments where _extra is not null"),
            "warnings": query(
                settings,
                """
        select rule_id, observed_value from ops.gate_results
        where outcome_code <> 'passed' and rule_id like '%prepaid%'""",
            ),
            "untied": query(settings, "select count(*) from ops.tie_outs where difference_value <> 0"),
            "tied": query(settings, "select count(*) > 0 from ops.tie_outs where source_code = 'prepaid'"),
        },
        default=str,
    )
)
