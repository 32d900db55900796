"""How the invented world behaves: magnitudes and probabilities of a simulator, never a bank's policy."""

from dataclasses import dataclass

NEVER = 10**9
# drivers: hazards come from what happens to people; null: they are constant; rule: inactivity alone counts;
# leak: as drivers, and a delivered column knows the future; drift: the drivers change half-way.
KINDS = ("drivers", "null", "rule", "leak", "drift")


@dataclass(frozen=True)
class World:
    """Parameters of the invented world. Shares and probabilities are 0-1, money is in yuan, times in days."""

    # who
    arrival_share_per_month: float = 0.011
    company_share: float = 0.06
    institution_share: float = 0.015
    oldest_tenure_days: int = 7300
    regions: int = 8
    branches_per_region: int = 3
    missing_phone_share: float = 0.02
    missing_email_share: float = 0.35
    phone_change_share: float = 0.03

    sole_trader_share: float = 0.03
    married_share: float = 0.40

    # which systems know whom
    only_cards_share: float = 0.05
    only_wealth_share: float = 0.03
    loan_share: float = 0.14
    card_share: float = 0.38
    wealth_share: float = 0.14
    wealth_share_of_rich: float = 0.75
    term_deposit_share: float = 0.30
    second_account_share: float = 0.10
    opened_during_share: float = 0.18
    opened_together_share: float = 0.5

    # money: a log-normal body and a Pareto tail
    median_wealth: float = 45_000.0
    wealth_spread: float = 1.6
    tail_share: float = 0.02
    tail_start: float = 1_000_000.0
    tail_exponent: float = 1.1
    company_wealth_factor: float = 8.0
    richest_share: float = 0.02
    richest_hold: float = 0.80
    median_income: float = 6_500.0
    income_spread: float = 0.45
    income_wealth_exponent: float = 0.30

    # life: what moves people, and how they leave (see hazards.py for the effects)
    kind: str = "drivers"  # one of KINDS
    complaints_per_month: float = 0.022
    relocations_per_month: float = 0.010
    salary_moves_per_month: float = 0.014
    salary_arrivals_per_month: float = 0.010
    restless_share: float = 0.30
    asleep_at_first_share: float = 0.05
    quiet_spells_per_month: float = 0.03  # in the world `rule` alone
    quiet_days: tuple[int, int] = (70, 130)
    attrition_share: tuple[float, float] = (0.65, 0.95)
    attrition_sweeps: tuple[int, ...] = (0, 21, 45, 70)
    recovery_days: int = 150
    sleep_days: tuple[int, int] = (200, 420)
    exit_pace: float = 0.4

    # habits
    transactions_per_month: float = 5.8
    tempo_spread: float = 0.5
    weekend_factor: float = 0.75
    salaried_share: float = 0.75
    spend_share: float = 0.90
    thrift: tuple[float, float] = (0.85, 1.15)
    overdraft_thrift: float = 1.5
    largest_unit_share: float = 0.2
    trend_shares: tuple[float, ...] = (0.76, 0.13, 0.11)  # steady, growing, declining
    growth_share_per_month: tuple[float, float] = (0.01, 0.04)
    decline_share_per_month: tuple[float, float] = (0.01, 0.05)
    standing_order_share: float = 0.45
    standing_order_of_income: tuple[float, float] = (0.08, 0.20)
    company_receipts_per_day: float = 0.25
    overdraft_share: float = 0.05
    overdraft_of_income: tuple[float, float] = (0.5, 2.0)
    message_fee_share: float = 0.30
    message_fee: float = 2.0
    current_rate_basis_points: int = 10
    overdraft_fee_per_mille: int = 15

    # who else stands behind an account, a loan, a person
    joint_share: float = 0.5
    authorised_share: float = 0.6
    told_relation_share: float = 0.8
    divorces_per_month: float = 0.002
    evading_share: float = 0.15

    # money at other banks
    own_name_share: float = 0.25  # of transfers
    saving_elsewhere_share: float = 0.7
    saving_here_share: float = 0.8

    # the end of a quarter: money that comes for the day of reckoning and goes again
    pumping_share_of_firms: float = 0.30
    pumping_share_of_rich: float = 0.15
    pumped_of_wealth: tuple[float, float] = (0.2, 0.8)

    # savings in foreign money: US dollar, Hong Kong dollar, euro
    foreign_account_share: float = 0.02
    foreign_currencies: tuple[float, ...] = (0.55, 0.30, 0.15)
    foreign_of_wealth: float = 0.06
    foreign_transfers_per_month: float = 0.5

    # own transactions: purchase, transfer out, transfer in, cash out, cash in
    person_mix: tuple[float, ...] = (0.62, 0.13, 0.10, 0.09, 0.06)
    company_mix: tuple[float, ...] = (0.08, 0.76, 0.02, 0.07, 0.07)
    mix_sizes: tuple[float, ...] = (1.0, 2.2, 2.2, 1.2, 1.2)

    # channels (branch, self-service, phone, web, mobile) by style: branch, mixed, digital
    transfer_channels: tuple[tuple[float, ...], ...] = (
        (0.60, 0.08, 0.17, 0.10, 0.05),
        (0.20, 0.05, 0.10, 0.25, 0.40),
        (0.03, 0.01, 0.02, 0.19, 0.75),
    )
    cash_channels: tuple[tuple[float, ...], ...] = ((0.75, 0.25), (0.35, 0.65), (0.10, 0.90))
    purchase_channels: tuple[tuple[float, ...], ...] = (
        (0.0, 0.0, 0.10, 0.45, 0.45),
        (0.0, 0.0, 0.02, 0.28, 0.70),
        (0.0, 0.0, 0.0, 0.12, 0.88),
    )

    # where wealth lies
    term_share: float = 0.40
    invested_share: float = 0.35
    second_account_of_wealth: float = 0.03
    second_account_closing_per_day: float = 0.0004

    # term deposits
    term_days: tuple[int, ...] = (91, 182, 365)
    term_rates_basis_points: tuple[int, ...] = (110, 130, 150)
    roll_over_share: float = 0.65
    new_term_deposit_per_day: float = 0.0006
    least_term_deposit: float = 5_000.0

    early_penalty_basis_points: int = 20
    list_rate_change_days: int = 120

    # loans
    loan_rate_change_days: int = 150
    loan_of_income: tuple[float, float] = (0.10, 0.35)
    loan_products: tuple[float, ...] = (0.35, 0.65)
    loan_months: tuple[int, ...] = (240, 36, 24)
    loan_rates_basis_points: tuple[int, ...] = (385, 620, 510)
    outside_payment_share: float = 0.96
    defaulting_share: float = 0.05
    late_share_per_mille: int = 100
    early_repayment_per_day: float = 0.0002
    early_repayment_days: int = 1095
    early_repayment_basis_points: int = 100
    guaranteed_share: float = 0.10

    # cards
    card_products: tuple[float, ...] = (0.62, 0.28, 0.10)
    card_limits: tuple[float, ...] = (15_000.0, 50_000.0, 150_000.0)
    card_channels: tuple[float, ...] = (0.55, 0.05, 0.12, 0.28)  # terminal, cash machine, web, mobile
    card_purchases_per_month: float = 5.0
    card_purchase_of_limit: float = 0.008
    never_activated_share: float = 0.05
    full_payer_share: float = 0.75
    automatic_payment_share: float = 0.5
    card_interest_basis_points: int = 150
    platinum_fee: float = 800.0
    late_fee: float = 50.0
    card_defaulting_share: float = 0.02
    malicious_after: int = 3

    # funds and wealth products
    fund_share: float = 0.6
    daily_return: float = 0.0002
    daily_volatility: float = 0.008
    insurance_basis_points: int = 220
    wealth_product_basis_points: int = 320
    orders_per_day: float = 0.012
    buying_share: float = 0.58
    order_of_value: tuple[float, float] = (0.05, 0.20)
    plan_share: float = 0.20
    plan_of_income: float = 0.08
    full_redemption_per_day: float = 0.0003
    least_contract: float = 1_000.0
    insurance_share: float = 0.15
    custody_share: float = 0.10
    wealth_product_days: tuple[int, int] = (90, 360)
    paid_out_share: float = 0.25
    order_fee_basis_points: tuple[int, ...] = (
        15,
        0,
        0,
        0,
    )  # by product: fund, wealth product, insurance, custody
