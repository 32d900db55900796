"""The warehouse: its server, its rooms, and the connections to them."""

from pipelines.warehouse.connect import WarehouseError, admin_url, connect, dbt_environment, reader_url

__all__ = ["WarehouseError", "admin_url", "connect", "dbt_environment", "reader_url"]
