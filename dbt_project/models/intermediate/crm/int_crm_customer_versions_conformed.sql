select
    {{ conformed('customer_versions', [
        'source_customer_id', 'full_name', 'identity_type_code', 'identity_number', 'birth_date', 'phone_number',
        'email_address', 'hobby_name', 'address_text', 'is_do_not_contact', 'branch_id', 'since_date'
    ],
        customer_kind_code=customer_kind_by_number(),
        is_sole_trader=is_sole_trader_by_number(),
        preferred_channel_code=channel_code('preferred_channel_code')
    ) }}
from {{ ref('stg_crm__clients') }}
