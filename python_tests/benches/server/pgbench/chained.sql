-- The same under the lock that keeps the audit log in one order: what a transaction for each license would cost.
\set customer random(1, :customers)
BEGIN;
SELECT audit_seq + 1 AS audit_seq, license_seq + 1 AS license_seq, audit_hash FROM heads WHERE id = 1 FOR UPDATE
\gset
INSERT INTO licenses (seq, id, issuer, kid, customer_id, customer_name, module_names, license_type, issued_at, expires_at,
    ends_at, created_at, token)
VALUES (:license_seq, gen_random_uuid()::text, :issuer, :kid, 'customer-' || :customer::text, :name, :module,
    'subscription', now(), now() + interval '365 days', now() + interval '379 days', now(), :token);
INSERT INTO license_modules (module_name, license_seq) VALUES (:module, :license_seq);
INSERT INTO audit_log (seq, at, actor, action, subject_kind, subject_id, detail, previous_hash, hash)
VALUES (:audit_seq, now(), :actor, 'license.issue', 'license', gen_random_uuid()::text, :detail, :audit_hash, :hash);
UPDATE heads SET audit_seq = :audit_seq, audit_hash = :hash, license_seq = :license_seq WHERE id = 1;
END;
