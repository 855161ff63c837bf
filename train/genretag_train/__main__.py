"""`python -m genretag_train`: the same as `genretag train`."""

import sys

from genretag.errors import GenretagError
from genretag_train.cli.app import app

try:
    app(prog_name="genretag train")
except GenretagError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(error.exit_code)
