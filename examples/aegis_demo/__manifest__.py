{
    "name": "AEGIS Demo",
    "summary": "A small paid module: notes, and a summary of them that needs a license",
    "version": "1.0.0",
    "category": "Productivity",
    "license": "LGPL-3",
    "author": "AEGIS",
    "depends": ["aegis_client"],
    "data": ["security/ir.model.access.csv", "views/aegis_demo_note_views.xml"],
    "aegis": {"released": "2026-11-01"},
}
