"""Sources: what each bank's systems deliver, and the readers of archives that did not come day by day."""

from pipelines.sources.declaration import (
    Bank,
    Column,
    DeclarationError,
    Source,
    Table,
    active_sources,
    declarations_for_dbt,
    declared_sources,
    load_bank,
    load_source,
    pipeline_sources,
)

__all__ = [
    "Bank",
    "Column",
    "DeclarationError",
    "Source",
    "Table",
    "active_sources",
    "declarations_for_dbt",
    "declared_sources",
    "load_bank",
    "load_source",
    "pipeline_sources",
]
