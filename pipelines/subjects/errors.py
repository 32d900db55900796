"""What goes wrong with a person's request."""


class SubjectError(Exception):
    """A request that cannot be answered so; nothing was changed and nothing was read."""
