"""Checks of what is in ``deploy/``; ``tools/check_deploy.sh`` runs them."""
