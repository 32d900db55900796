"""Timings against the aims of the README; each bench says in its exit code whether it met its aim."""
