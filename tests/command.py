"""How tests call genretag as a command."""

import sys

COMMAND = (sys.executable, "-m", "genretag")
