-- V7, V8: life-time values by tonight's scores; the tiers, built before them, read those of the last month end
-- (customer_potentials)
{{ lifetimes(ref('customer_churn_scores')) }}
