{
    "name": "AEGIS License",
    "summary": "Licenses of paid modules, checked offline",
    "version": "1.2.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "AEGIS",
    "depends": ["base_setup"],
    "data": [
        "security/ir.model.access.csv",
        "views/aegis_license_views.xml",
        "views/report_templates.xml",
        "views/settings_templates.xml",
        "views/res_config_settings_views.xml",
        "data/ir_cron.xml",
    ],
    "assets": {
        "web.assets_backend": ["aegis_client/static/src/**/*"],
    },
    "pre_init_hook": "pre_init_hook",
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
