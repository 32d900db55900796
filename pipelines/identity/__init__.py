"""Identify: who is one customer, by number, by what people decide, and by a pinned model of all that is
known.

What reads the matcher (``identify``, ``models``, ``decisions`` …) takes seconds to import: only what needs it
does.
"""
