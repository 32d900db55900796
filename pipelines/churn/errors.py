"""What goes wrong in training and serving churn models, in words for whoever runs the command."""


class ChurnError(Exception):
    """A model that cannot be trained, promoted or listed so; the message says what to do."""
