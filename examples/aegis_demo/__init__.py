from odoo.addons.aegis_client.gate import pre_init_hook_for

from . import models

pre_init_hook = pre_init_hook_for(__name__)
