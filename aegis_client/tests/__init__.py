from . import test_banner
from . import test_check
from . import test_files
from . import test_rights
from . import test_settings
from . import test_store
from . import test_vectors
from . import test_watch
