from . import aegis_license
from . import aegis_license_store
from . import aegis_license_words
from . import aegis_license_page
from . import aegis_license_banner
from . import aegis_license_watch
from . import ir_http
from . import res_config_settings
