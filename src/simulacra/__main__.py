"""`python -m simulacra`: the command line, wherever its script is."""

import sys

from simulacra.cli import main

sys.exit(main.main())
