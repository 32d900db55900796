"""``python -m pipelines.building.one_call ARGUMENT …``: one call of dbt, in a process of its own."""

import os
import sys

from pipelines.building.warm import invoke

if __name__ == "__main__":
    code, said = invoke(sys.argv[1:], os.environ)
    print(said, end="")
    sys.exit(code)
