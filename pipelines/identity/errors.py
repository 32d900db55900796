"""What all errors of identity have in common, importable without the matcher."""


class IdentityError(Exception):
    """A person can put it right: the message says how."""
