-- A copy for staging asks no server.
DELETE FROM ir_config_parameter WHERE key = 'aegis.trust_url';
