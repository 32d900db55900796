"""yihu: the command-line door."""

from pipelines.cli.commands import main

__all__ = ["main"]
