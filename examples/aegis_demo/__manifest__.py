{
    "name": "AEGIS Demo",
    "summary": "A small paid module: notes, their summaries, and a report of them",
    "version": "1.0.0",
    "category": "Productivity",
    "license": "LGPL-3",
    "author": "AEGIS",
    "application": True,
    "depends": ["aegis_client"],
    "data": [
        "security/ir.model.access.csv",
        "report/aegis_demo_note_reports.xml",
        "views/aegis_demo_note_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "aegis": {
        "models": ["aegis.demo.note"],
        "menus": ["menu_aegis_demo_new"],
        "released": "2026-11-01",
    },
}
