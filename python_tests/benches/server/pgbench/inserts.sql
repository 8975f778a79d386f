-- What is stored of one license, in one transaction: no chain, no lock, all clients beside each other.
\set customer random(1, :customers)
BEGIN;
INSERT INTO licenses (seq, id, issuer, kid, customer_id, customer_name, module_names, license_type, issued_at, expires_at,
    ends_at, created_at, token)
VALUES (nextval('license_seq'), gen_random_uuid()::text, :issuer, :kid, 'customer-' || :customer::text, :name, :module,
    'subscription', now(), now() + interval '365 days', now() + interval '379 days', now(), :token);
INSERT INTO license_modules (module_name, license_seq) VALUES (:module, currval('license_seq'));
INSERT INTO audit_log (seq, at, actor, action, subject_kind, subject_id, detail, previous_hash, hash)
VALUES (nextval('audit_seq'), now(), :actor, 'license.issue', 'license', gen_random_uuid()::text, :detail, :hash, :hash);
END;
