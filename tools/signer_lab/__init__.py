"""The real services that can hold signing keys, on this machine, for tests.

    python3 tools/signer_lab run cargo test -p aegis-signers

starts OpenBao (which is Vault to its callers) and a KMS that knows Ed25519, makes a SoftHSM, all in a
temporary folder and on free ports of 127.0.0.1, runs the command with the names of what it finds there in its
environment, and stops and removes all of it:

    AEGIS_TEST_VAULT_ADDR, AEGIS_TEST_VAULT_TOKEN   an OpenBao, and the token that may do everything there
    AEGIS_TEST_VAULT_PROGRAM                        its program, for tests that stop and seal one of their own
    AEGIS_TEST_PKCS11_MODULE, SOFTHSM2_CONF         SoftHSM, without any token yet
    AEGIS_TEST_PKCS11_REMOTE                        a module that talks to a daemon
    P11_KIT_SERVER_ADDRESS                          where it expects the daemon, which is not started
    AEGIS_TEST_KMS_ENDPOINT, AWS_...                a KMS, with credentials that it takes
    AEGIS_TEST_KMS_PROGRAM                          its program, which takes GATEWAY_PORT and STATE_DIR

The programs are fetched on first use into ``.cache/lab/``: those of PyPI are pinned by hash, SoftHSM is
Debian's.
"""
