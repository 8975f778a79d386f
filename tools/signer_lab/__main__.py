"""The lab on the command line: ``python3 tools/signer_lab --help``."""

import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - the message is for those who have an older one
    sys.exit("The lab needs Python 3.10 or newer.")
# Started as a folder, Python looks for modules inside the package instead of beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from signer_lab.commands import main  # noqa: E402

sys.exit(main())
