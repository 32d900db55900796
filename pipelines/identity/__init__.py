"""Identify: who is one customer, by exact identity numbers."""

from pipelines.identity.fold import IdentityChange, RecordVersion, birth_id, fold_identities
from pipelines.identity.identify import IdentifyError, adopt_links, identify
from pipelines.identity.numbers import identity_key, normalise_company_code, normalise_identity_number

__all__ = [
    "IdentifyError",
    "IdentityChange",
    "RecordVersion",
    "adopt_links",
    "birth_id",
    "fold_identities",
    "identify",
    "identity_key",
    "normalise_company_code",
    "normalise_identity_number",
]
