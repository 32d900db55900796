-- every policy table as name and value, so that one published table shows them all
{%- set tables = {
    'parameters': (['parameter_code'], ['value', 'unit']),
    'bands': (['band_set_code', 'band_code', 'region_name', 'branch_id'], ['rank', 'lower_bound', 'lower_inclusive', 'unit']),
    'shares': (['share_set_code', 'band_code'], ['rank', 'share']),
    'churn_rule': (['days_inactive_from'], ['churn_probability']),
    'product_classes': (['product_class_code'], [
        'family_code', 'side_code', 'aum_weight', 'curve_code', 'fee_family_code', 'is_market_priced',
        'service_cost_amount', 'fixed_cost_amount', 'name_zh', 'name_en', 'rank'
    ]),
    'products': (['source_code', 'product_code'], [
        'product_class_code', 'rate_basis_code', 'transfer_basis_code', 'annual_rate', 'name_zh', 'name_en'
    ]),
    'transaction_types': (['transaction_type_code'], [
        'is_activity', 'is_income', 'is_fee', 'is_asset_flow', 'name_zh', 'name_en', 'rank'
    ]),
    'score_weights': (['score_code', 'part_code'], ['weight']),
    'transfer_prices': (['curve_code', 'term_days'], ['annual_rate']),
    'survivorship': (['source_code', 'attribute_code'], ['priority', 'rule_code']),
    'holder_shares': (['role_code'], ['weight']),
    'contact_requirements': (['customer_kind_code', 'contact_code'], ['is_required']),
    'tier_schemes': (['scheme_code'], ['preset_code', 'private_from_rank']),
    'tier_presets': (['preset_code'], [
        'upgrade_code', 'below_months', 'private_below_months', 'watch_months', 'downgrade_code'
    ]),
    'tier_contradictions': (['contradiction_code'], [
        'scheme_code', 'tier_code', 'other_scheme_code', 'other_tier_code', 'severity_code', 'name_zh', 'name_en'
    ]),
    'codes': (['code_set', 'code'], ['name_zh', 'name_en', 'rank']),
    'reasons': (['reason_code'], ['template_zh', 'template_en']),
    'potential_groups': (['group_code', 'attribute_code', 'code'], ['code']),
    'gifts': (['band_code', 'gift_code'], ['gift_code']),
    'plays': (['tier_code', 'loyalty_code', 'wallet_code'], ['play_code']),
    'scope_products': (['source_code', 'product_code'], ['product_code']),
    'credit_grades': (['credit_grade_code'], ['rank', 'default_probability', 'score']),
    'credit_event_types': (['event_type_code'], ['is_bad_record', 'is_malicious']),
    'score_scales': (['score_code', 'part_code'], ['low_value', 'high_value']),
    'response_points': (['response_kind_code', 'response_code'], ['points']),
    'feedback_points': (['feedback_kind_code', 'outcome_code'], ['points']),
} %}
{%- for table, (keys, values) in tables.items() %}
{%- set outer = loop %}
{%- for value in values %}
select
    '{{ table }}' as policy_name,
    concat_ws(
        '.'
        {%- for key in keys %},
        cast({{ key }} as varchar)
        {%- endfor %}
    ) as row_key,
    '{{ value }}' as value_name,
    cast({{ value }} as varchar) as value_text,
    effective_from,
    effective_to,
    owner,
    proposer,
    approver,
    reason
from {{ source('policy', table) }}
{%- if not (outer.last and loop.last) %}
union all
{%- endif %}
{%- endfor %}
{%- endfor %}
