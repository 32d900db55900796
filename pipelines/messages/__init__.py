"""Messages to those who look after the nights: what failed, what was warned of, what is missing (Q3)."""

from pipelines.messages.absence import missing_date, tell_absence, tell_missed_deadline
from pipelines.messages.channels import MessageError
from pipelines.messages.ends import tell_end

__all__ = ["MessageError", "missing_date", "tell_absence", "tell_end", "tell_missed_deadline"]
