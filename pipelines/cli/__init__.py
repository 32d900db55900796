"""yihu: the command-line door."""

from pipelines.cli.churn import churn, train
from pipelines.cli.commands import main
from pipelines.cli.demo import demo
from pipelines.cli.identity import identity
from pipelines.cli.quality import list_waivers, quarantine, waive
from pipelines.cli.sources import sources
from pipelines.cli.subjects import subject

main.add_command(churn)
main.add_command(demo)
main.add_command(identity)
main.add_command(quarantine)
main.add_command(sources)
main.add_command(subject)
main.add_command(waive)
main.add_command(list_waivers)
main.add_command(train)

__all__ = ["main"]
