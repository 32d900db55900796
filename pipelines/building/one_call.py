"""``python -m pipelines.building.one_call ARGUMENT …``: one call of dbt, in a process of its own."""

import os
import sys

from pipelines.building.warm import invoke
from pipelines.children import collect_rarely

if __name__ == "__main__":
    collect_rarely()
    code, said = invoke(sys.argv[1:], os.environ)
    print(said, end="")
    sys.exit(code)
