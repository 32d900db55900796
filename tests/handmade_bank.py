"""One day of all seven systems, written by hand: few customers, each there for one thing the view must show.

Wang and Li are married and hold an account together; Wang is known to five systems and represents Hengyuan,
which heads a group with Ruihe; Zhao guarantees Wang's overdue loan; Sun can hardly be reached and belongs to
a branch that is not on record.
"""

from datetime import date

from handmade_deliveries import Rows

from pipelines.demo_bank.numbers import credit_code, person_number, phone

DAY = date(2026, 10, 31)
D = str(DAY)
WANG, LI, SUN, ZHAO = (person_number(7, date(1980, 1, 2), serial) for serial in (1, 2, 3, 5))
HENGYUAN, RUIHE = (credit_code("91", 7, serial) for serial in (1, 2))


def seven_systems() -> dict[str, Rows]:
    """``<source>.<table>`` → rows, as `write_day` takes them; tables left out have none."""
    return {**_core(), **_loans(), **_cards(), **_wealth(), **_channels(), **_crm(), **_corporate()}


def _core() -> dict[str, Rows]:
    person = {"customer_kind": "P", "identity_type": "ID", "branch_no": "B1", "opened_date": "2020-01-01"}
    deposit = {"product_code": "CUR", "currency": "CNY", "branch_no": "B1", "annual_rate": "0.002"}
    return {
        "core.branches": [
            {"branch_no": "B1", "branch_name": "云岚支行", "region": "云岚市", "opened_date": "1990-01-01"}
        ],
        "core.customers": [
            {
                **person,
                "customer_no": "C1",
                "full_name": "王一诺",
                "identity_number": WANG,
                "phone": phone(1),
                "address": "云岚市一号",
                "hobby": "围棋",
                "annual_income": "120000.50",
                "occupation": "TEACHER",
            },
            {**person, "customer_no": "C2", "full_name": "李思远", "identity_number": LI, "phone": phone(2)},
            {
                "customer_no": "C3",
                "customer_kind": "C",
                "full_name": "恒远贸易",
                "identity_type": "USCC",
                "identity_number": HENGYUAN,
                "industry": "TRADE",
                "branch_no": "B1",
                "opened_date": "2020-01-01",
            },
            {
                **person,
                "customer_no": "C4",
                "full_name": "孙泽宇",
                "identity_number": SUN,
                "branch_no": "B9",
            },
            {
                **person,
                "customer_no": "C5",
                "customer_kind": "S",
                "full_name": "赵天佑",
                "identity_number": ZHAO,
            },
        ],
        "core.accounts": [
            {**deposit, "account_no": "A1", "customer_no": "C1", "opened_date": "2020-01-01"},
            {**deposit, "account_no": "A4", "customer_no": "C4", "opened_date": "2020-01-01"},
        ],
        "core.account_holders": [
            {"account_no": "A1", "customer_no": "C1", "role": "OWNER", "from_date": "2020-01-01"},
            {"account_no": "A1", "customer_no": "C2", "role": "JOINT", "from_date": "2021-01-01"},
            {"account_no": "A1", "customer_no": "C5", "role": "AUTHORISED", "from_date": "2021-01-01"},
            {"account_no": "A4", "customer_no": "C4", "role": "OWNER", "from_date": "2020-01-01"},
        ],
        "core.balances": [
            {"account_no": "A1", "balance_date": D, "balance": "100.01"},
            {"account_no": "A4", "balance_date": D, "balance": "7.00"},
        ],
        "core.customer_relations": [
            {
                "customer_no": "C2",
                "relation": "SPOUSE",
                "related_customer_no": "C1",
                "from_date": "2010-05-01",
            },
            {
                "customer_no": "C3",
                "relation": "LEGAL_REPRESENTATIVE",
                "related_customer_no": "C1",
                "from_date": "2015-05-01",
            },
        ],
    }


def _loans() -> dict[str, Rows]:
    borrower = {"identity_type": "ID", "branch_no": "B1", "since_date": "2024-01-01"}
    return {
        "loans.borrowers": [
            {**borrower, "borrower_no": "L1", "full_name": "王一诺", "identity_number": WANG},
            {**borrower, "borrower_no": "L5", "full_name": "赵天佑", "identity_number": ZHAO},
        ],
        "loans.loans": [
            {
                "loan_no": "N1",
                "borrower_no": "L1",
                "product_code": "CONSUMER",
                "currency": "CNY",
                "branch_no": "B1",
                "principal": "1000.00",
                "annual_rate": "0.05",
                "granted_date": "2024-01-01",
                "maturity_date": "2027-01-01",
            }
        ],
        "loans.loan_balances": [
            {"loan_no": "N1", "balance_date": D, "balance": "400.00", "overdue_days": "31"}
        ],
        "loans.guarantors": [{"loan_no": "N1", "guarantor_no": "L5", "from_date": "2024-01-01"}],
    }


def _cards() -> dict[str, Rows]:
    holder = {"identity_type": "ID", "branch_no": "B1", "since_date": "2024-01-01"}
    card = {"product_code": "GOLD", "currency": "CNY", "branch_no": "B1", "credit_limit": "5000.00"}
    return {
        "cards.cardholders": [
            {
                **holder,
                "holder_no": "H1",
                "full_name": "王一诺",
                "identity_number": WANG,
                "phone": phone(11),
                "email": "wang@example.com",
            }
        ],
        "cards.cards": [{**card, "card_ref": "K1", "holder_no": "H1", "opened_date": "2024-01-01"}],
        "cards.card_balances": [{"card_ref": "K1", "balance_date": D, "balance": "19.00"}],
    }


def _wealth() -> dict[str, Rows]:
    contract = {"investor_no": "W2", "currency": "CNY", "branch_no": "B1", "opened_date": "2024-01-01"}
    products = {"V1": ("FUND", "11.00"), "V2": ("INSURANCE", "13.00"), "V3": ("CUSTODY", "17.00")}
    return {
        "wealth.investors": [
            {
                "investor_no": "W2",
                "full_name": "李思远",
                "identity_type": "ID",
                "identity_number": LI,
                "risk_rating": "R3",
                "branch_no": "B1",
                "since_date": "2024-01-01",
            }
        ],
        "wealth.contracts": [
            {**contract, "contract_no": number, "product_code": product}
            for number, (product, _) in products.items()
        ],
        "wealth.contract_values": [
            {"contract_no": number, "value_date": D, "quantity": value, "price": "1", "market_value": value}
            for number, (_, value) in products.items()
        ],
    }


def _channels() -> dict[str, Rows]:
    return {
        "channels.users": [
            {
                "user_no": "U1",
                "full_name": "王一诺",
                "identity_type": "ID",
                "identity_number": WANG,
                "since_date": "2024-01-01",
            }
        ],
        "channels.session_weeks": [
            {
                "user_no": "U1",
                "week_end_date": D,
                "channel": "VIDEO",
                "session_count": "3",
                "last_session_date": D,
            }
        ],
    }


def _crm() -> dict[str, Rows]:
    client = {"identity_type": "ID", "branch_no": "B1", "since_date": "2024-01-01"}
    return {
        "crm.clients": [
            {
                **client,
                "client_no": "R1",
                "full_name": "王一诺",
                "identity_number": WANG,
                "hobby": "钓鱼",
                "preferred_channel": "MOBILE",
                "do_not_contact": "N",
                "phone": phone(21),
            },
            {
                **client,
                "client_no": "R4",
                "full_name": "孙泽宇",
                "identity_number": SUN,
                "do_not_contact": "Y",
                "phone": phone(24),
            },
        ]
    }


def _corporate() -> dict[str, Rows]:
    company = {"identity_type": "USCC", "kind": "COMPANY", "is_state_owned": "N", "is_listed": "N"}
    return {
        "corporate.companies": [
            {
                **company,
                "company_no": "E1",
                "full_name": "恒远贸易",
                "identity_number": HENGYUAN,
                "industry": "TRANSPORT",
                "branch_no": "B1",
                "since_date": "2024-01-01",
            },
            {
                **company,
                "company_no": "E2",
                "full_name": "瑞禾物流",
                "identity_number": RUIHE,
                "branch_no": "B1",
                "since_date": "2024-01-01",
            },
        ],
        "corporate.groups": [{"group_no": "G1", "group_name": "恒远集团", "head_company_no": "E1"}],
        "corporate.group_members": [{"group_no": "G1", "company_no": "E2", "from_date": "2024-01-01"}],
    }
