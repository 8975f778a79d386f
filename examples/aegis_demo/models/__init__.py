from . import aegis_demo_note
