"""What proves an identity number: resident numbers follow GB 11643 (18 digits, and the 15-digit form issued
until 1999), unified social credit codes of companies GB 32100.

``matching.normalise`` spells and checks by these, set-based: what cannot be a real number never links two
records.
"""

IDENTITY_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
IDENTITY_CHECKS = "10X98765432"

COMPANY_SHAPE = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
COMPANY_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
COMPANY_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
