from . import test_aegis_demo_note
