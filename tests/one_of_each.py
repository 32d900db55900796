"""One delivered day of the demo bank's seven systems, by hand: at least one row of every table."""

import csv
import io

DAY = "2026-10-29"
_BEFORE = "2020-01-01"
_ID = "990001198001010017"  # region 99xxxx is assigned to nobody

_TABLES = f"""
core.customers
customer_no,customer_kind,full_name,identity_type,identity_number,birth_date,sex,position,industry,branch_no,opened_date
C1,P,测试甲,ID,{_ID},1980-01-01,M,STAFF,EDUCATION,B1,{DAY}
C2,S,测试乙,,,1981-01-01,F,OWNER,TRADE,B1,{DAY}
C3,C,测试公司,,,,,,,B1,{DAY}

core.accounts
account_no,customer_no,product_code,currency,branch_no,annual_rate,opened_date,maturity_date
A1,C1,CUR,CNY,B1,0.00200000,{DAY},
A2,C1,SAV,USD,B1,0.01000000,{DAY},
A3,C2,TD,CNY,B1,0.02000000,{DAY},2027-10-29

core.account_holders
account_no,customer_no,role,from_date,until_date
A1,C1,OWNER,{DAY},
A1,C2,JOINT,{DAY},
A1,C3,AUTHORISED,{DAY},{DAY}
A2,C1,OWNER,{DAY},
A3,C2,OWNER,{DAY},

core.balances
account_no,balance_date,balance
A1,{DAY},-100.00
A2,{DAY},20.00
A3,{DAY},5000.00

core.transactions
transaction_no,account_no,transaction_date,direction,amount,channel,transaction_type,initiated_by,other_bank,is_own_name
T1,A1,{DAY},C,10.00,WEB,TRANSFER,CUSTOMER,BANK9,Y
T2,A1,{DAY},D,10.00,MOBILE,TRANSFER,CUSTOMER,BANK9,N
T3,A3,{DAY},D,10.00,SYSTEM,MATURITY,SYSTEM,,
T4,A3,{DAY},D,1.00,SYSTEM,PENALTY,SYSTEM,,

core.deleted_transactions
transaction_no
T2

core.customer_relations
customer_no,relation,related_customer_no,from_date
C1,SPOUSE,C2,{DAY}

core.branches
branch_no,branch_name,region,opened_date
B1,测试网点,云岚市,{_BEFORE}

core.product_rates
product_code,term_days,from_date,annual_rate
TD,365,{_BEFORE},0.02000000

core.transfer_prices
curve,term_days,from_date,annual_rate
DEPOSIT,365,{_BEFORE},0.02000000

core.exchange_rates
currency,rate_date,rate
USD,{DAY},7.10000000

core.channel_costs
channel,transaction_type,from_date,unit_cost
WEB,TRANSFER,{_BEFORE},0.10

loans.borrowers
borrower_no,full_name,identity_type,identity_number,annual_income,branch_no,since_date
L1,测试甲,ID,{_ID},100000.00,B1,{DAY}

loans.loans
loan_no,borrower_no,product_code,currency,branch_no,principal,annual_rate,granted_date,maturity_date
N1,L1,HOUSE,CNY,B1,1000.00,0.04000000,{DAY},2036-10-29

loans.loan_balances
loan_no,balance_date,balance,overdue_days
N1,{DAY},1000.00,0

loans.loan_rates
loan_no,from_date,annual_rate
N1,{DAY},0.03500000

loans.repayments
repayment_no,loan_no,repayment_date,principal,interest,penalty,is_early,initiated_by
P1,N1,{DAY},10.00,1.00,0.00,N,SYSTEM

loans.guarantors
loan_no,guarantor_no,from_date
N1,L1,{DAY}

loans.credit_grades
borrower_no,graded_date,grade
L1,{DAY},AA

loans.credit_events
event_no,borrower_no,loan_no,event_type,event_date,amount
V1,L1,N1,OVERDUE_90,{DAY},1.00

cards.cardholders
holder_no,full_name,identity_type,identity_number,branch_no,since_date
H1,测试甲,ID,{_ID},B1,{DAY}

cards.cards
card_ref,holder_no,product_code,currency,branch_no,credit_limit,opened_date
K1,H1,GOLD,CNY,B1,1000.00,{DAY}

cards.card_balances
card_ref,balance_date,balance
K1,{DAY},5.00

cards.card_transactions
transaction_no,card_ref,transaction_date,direction,amount,channel,transaction_type,initiated_by
X1,K1,{DAY},D,5.00,POS,PURCHASE,CUSTOMER

cards.card_events
event_no,card_ref,event_type,event_date,amount
V1,K1,LATE_PAYMENT,{DAY},1.00

wealth.investors
investor_no,full_name,identity_type,identity_number,risk_rating,branch_no,since_date
W1,测试甲,ID,{_ID},R3,B1,{DAY}

wealth.contracts
contract_no,investor_no,product_code,currency,branch_no,opened_date,maturity_date
G1,W1,FUND,CNY,B1,{DAY},
G2,W1,WMP,CNY,B1,{DAY},2027-10-29
G3,W1,INSURANCE,CNY,B1,{DAY},2046-10-29
G4,W1,CUSTODY,CNY,B1,{DAY},

wealth.contract_values
contract_no,value_date,quantity,price,market_value
G1,{DAY},3.3333,1.2345,4.11
G4,{DAY},5.0000,1.0000,5.00

wealth.orders
order_no,contract_no,order_date,direction,amount,fee,channel,initiated_by
O1,G1,{DAY},D,4.11,0.01,WEB,CUSTOMER

wealth.prices
product_code,price_date,price
FUND,{DAY},1.2345

channels.users
user_no,full_name,identity_type,identity_number,since_date
U1,测试甲,ID,{_ID},{DAY}

channels.session_weeks
user_no,week_end_date,channel,session_count,last_session_date
U1,{DAY},VIDEO,3,{DAY}

crm.clients
client_no,full_name,identity_type,identity_number,preferred_channel,do_not_contact,branch_no,since_date
R1,测试甲,ID,{_ID},PHONE,N,B1,{DAY}
R2,测试乙,,,,Y,B1,{DAY}

crm.managers
manager_no,manager_name,role,branch_no,from_date
M1,测试丙,WEALTH,B1,{_BEFORE}

crm.assignments
client_no,from_date,manager_no
R1,{DAY},M1

crm.contacts
contact_no,client_no,manager_no,contact_date,channel,purpose,result
1,R1,M1,{DAY},PHONE,CARE,DONE

crm.feedback
feedback_no,client_no,kind,category,branch_no,received_date,closed_date,outcome
1,R1,COMPLAINT,FEES,B1,{DAY},{DAY},RESOLVED

crm.referrals
referral_no,client_no,referred_client_no,referral_date
1,R1,R2,{DAY}

crm.campaigns
campaign_no,campaign_name,product_code,from_date,until_date
1,测试活动,FUND,{DAY},{DAY}

crm.campaign_responses
campaign_no,client_no,contacted_date,response
1,R1,{DAY},NONE

crm.leads
lead_no,client_no,lead_source,product_code,stage,amount,opened_date,updated_date
1,R1,WEB,FUND,NEW,1.00,{DAY},{DAY}

crm.targets
target_year,branch_no,manager_no,metric,amount
2026,B1,M1,AUM,1.00

crm.privileges_used
use_no,client_no,privilege,used_date,quantity,unit_cost
1,R1,LOUNGE,{DAY},1,1.00

crm.applications
application_no,client_no,kind,branch_no,opened_date,opened_time,closed_date,closed_time
1,R1,LOAN,B1,{DAY},09:00,{DAY},23:59

crm.declared_assets
client_no,other_bank,declared_date,amount
R1,BANK9,{DAY},1.00

corporate.companies
company_no,full_name,kind,institution_type,institution_rank,industry,is_state_owned,is_listed,branch_no,since_date
E1,测试学校,INSTITUTION,PUBLIC_SCHOOL,CITY,EDUCATION,Y,N,B1,{DAY}

corporate.annual_statements
company_no,fiscal_year,statement_date,total_assets,total_liabilities,revenue,profit,operating_cash_flow
E1,2025,2026-03-31,1.00,1.00,1.00,-1.00,-1.00

corporate.credit_lines
line_no,company_no,approved_amount,used_amount,status,from_date
1,E1,1.00,1.00,LIVE,{DAY}

corporate.groups
group_no,group_name,head_company_no
1,测试集团,E1

corporate.group_members
group_no,company_no,from_date
1,E1,{DAY}

corporate.agreements
agreement_no,company_no,kind,signed_date
1,E1,STRATEGIC,{DAY}
"""

# ``<source>.<table>`` → its rows, as ``handmade_deliveries.write_day`` takes them.
ROWS: dict[str, list[dict[str, str]]] = {
    name: list(csv.DictReader(io.StringIO(lines)))
    for name, lines in (block.split("\n", 1) for block in _TABLES.strip().split("\n\n"))
}
