"""Publishing: digests, editions, the reporting views, and the one transaction that moves them."""

from pipelines.publishing.digests import Digest, DigestError, schema_digests
from pipelines.publishing.editions import Edition, Retention
from pipelines.publishing.governance import ensure_governance_views, governance_is_ready
from pipelines.publishing.publish import (
    PublishError,
    PublishResult,
    adopt,
    list_editions,
    publish,
    rollback,
)
from pipelines.publishing.retention import collect, policy_retention
from pipelines.publishing.shape import ViewError

__all__ = [
    "Digest",
    "DigestError",
    "Edition",
    "PublishError",
    "PublishResult",
    "Retention",
    "ViewError",
    "adopt",
    "collect",
    "ensure_governance_views",
    "governance_is_ready",
    "list_editions",
    "policy_retention",
    "publish",
    "rollback",
    "schema_digests",
]
