//! The vectors of `vectors/`: one named test for each file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use aegis_core::{
    Assessment, Code, Context, Error, Instance, Key, KeyParts, KeyUse, Keyring, ModulePattern, Outcome, day_start,
    evaluate, open, running_major, verify,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// One test for each vector, and one that none is forgotten.
macro_rules! vectors {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { run(stringify!($name)); })*

        #[test]
        fn every_vector_has_its_test() {
            let listed: BTreeSet<String> = [$(stringify!($name)),*].into_iter().map(str::to_owned).collect();
            let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let present: BTreeSet<String> = files.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
            assert_eq!(listed, present);
        }
    };
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn run(name: &str) {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    let vector: Value = serde_json::from_str(&text).unwrap();
    let keyring = keyring(&vector["keys"]);
    let context = &vector["context"];
    let instance = context["instance"].as_object().map(|instance| {
        Instance::new(instance["database_uuid"].as_str().unwrap(), instance["domain"].as_str().unwrap()).unwrap()
    });
    let context = Context {
        module: context["module"].as_str(),
        feature: context["feature"].as_str(),
        odoo_major: running_major(context["odoo_version"].as_str().unwrap()).unwrap(),
        instance: instance.as_ref(),
        now: vector["now"].as_i64().unwrap(),
        released: context["released"].as_str().map(|day| day_start(day).unwrap()),
        neutralized: context["neutralized"] == true,
    };
    let (tokens, expected) = (vector["tokens"].as_str().unwrap(), &vector["expected"]);
    match vector["call"].as_str().unwrap() {
        "verify" => check_verify(tokens, &keyring, &context, expected),
        "evaluate" => check_evaluate(tokens, &keyring, &context, expected),
        other => panic!("unknown call {other}"),
    }
}

fn keyring(keys: &Value) -> Keyring {
    let key = |key: &Value| {
        let names = |names: &Vec<Value>| {
            names.iter().map(|name| ModulePattern::parse(name.as_str().unwrap()).unwrap()).collect()
        };
        let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        Key::new(KeyParts {
            kid: key["kid"].as_str().unwrap().to_owned(),
            issuer: key["issuer"].as_str().unwrap().to_owned(),
            uses: key["use"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| KeyUse::parse(word.as_str().unwrap()).unwrap())
                .collect(),
            modules: key["modules"].as_array().map(names),
            not_before: key["not_before"].as_i64(),
            not_after: key["not_after"].as_i64(),
            public: public.try_into().unwrap(),
        })
        .unwrap()
    };
    Keyring::new(keys.as_array().unwrap().iter().map(key).collect()).unwrap()
}

fn check_verify(token: &str, keyring: &Keyring, context: &Context<'_>, expected: &Value) {
    let result = verify(token, keyring, context);
    let code = result.as_ref().map_or_else(Error::code, |(_, code)| *code);
    assert_eq!(code.as_str(), expected["code"], "{result:?}");
    assert_eq!(code.works(), result.is_ok());
    if let Ok((license, _)) = result {
        check_license(&license, expected);
    }
}

fn check_evaluate(text: &str, keyring: &Keyring, context: &Context<'_>, expected: &Value) {
    let report = evaluate(text, keyring, context, |token| open(token, keyring).map(Arc::new));
    assert_eq!(report.code.as_str(), expected["code"], "{report:?}");
    let best = report.best.map(|best| &report.assessments[best]);
    if let Some(license) = best.and_then(|best| best.license.as_ref()) {
        check_license(license, expected);
    }
    if let Some(flags) = expected.get("flags") {
        assert_eq!(*flags, report.flags.iter().map(|flag| flag.as_str()).collect::<Value>());
    }
    if let Some(failed) = expected.get("failed") {
        assert_eq!(*failed, codes(best, |outcome| matches!(outcome, Outcome::Failed(_))));
    }
    if let Some(not_run) = expected.get("not_run") {
        assert_eq!(*not_run, codes(best, |outcome| *outcome == Outcome::NotRun));
    }
    if let Some(next_change) = expected.get("next_change") {
        assert_eq!(*next_change, Value::from(report.next.map(|next| next.at)));
        assert_eq!(expected["next_code"], Value::from(report.next.map(|next| next.code.as_str())));
    }
}

fn check_license(license: &aegis_core::License, expected: &Value) {
    if let Some(jti) = expected.get("jti") {
        assert_eq!(*jti, license.jti);
    }
    if let Some(name) = expected.get("customer_name") {
        assert_eq!(*name, license.customer.name);
    }
}

fn codes(assessment: Option<&Assessment>, meant: impl Fn(&Outcome) -> bool) -> Value {
    let checks = assessment.map(|assessment| assessment.checks.as_slice()).unwrap_or_default();
    checks.iter().filter(|check| meant(&check.outcome)).map(|check| Code::as_str(check.code)).collect()
}

vectors! {
    allowed_major_versions_missing_is_refused,
    allowed_major_versions_of_numbers_is_refused,
    allowed_version_with_a_zero_is_read,
    another_database_is_wrong_instance,
    another_domain_is_wrong_instance,
    another_instance_that_is_no_neutralized_copy_is_wrong_instance,
    at_exp_is_expired,
    at_exp_with_grace_is_grace,
    at_grace_until_is_expired,
    at_nbf_is_valid,
    at_notify_admins_from_is_expiring,
    at_the_default_warning_is_expiring,
    at_the_default_warning_of_a_demo_is_expiring,
    before_exp_grace_is_next,
    before_exp_is_expiring,
    before_grace_until_is_grace,
    before_nbf_is_not_yet_valid,
    before_notify_admins_from_is_valid,
    before_the_default_warning_is_valid,
    best_of_bad_signature_and_unknown_key,
    best_of_expired_and_wrong_instance,
    best_of_expiring_and_grace,
    best_of_grace_and_updates_ended,
    best_of_not_yet_valid_and_expired,
    best_of_unknown_key_and_unsupported,
    best_of_unsupported_and_malformed,
    best_of_updates_ended_and_not_yet_valid,
    best_of_valid_and_expiring,
    best_of_wrong_instance_and_wrong_odoo_version,
    best_of_wrong_module_and_bad_signature,
    best_of_wrong_odoo_version_and_wrong_issuer,
    best_of_wrong_odoo_version_and_wrong_module,
    bound_license_fits_its_instance,
    bound_license_with_a_port_fits_its_instance,
    bound_license_without_an_instance_is_wrong_instance,
    bundle_byte_order_mark,
    bundle_empty_is_missing,
    bundle_foreign_jwt_after_a_token,
    bundle_foreign_jwt_alone_is_malformed,
    bundle_foreign_jwt_before_a_token,
    bundle_full_width_letters_are_missing,
    bundle_in_upper_case_is_missing,
    bundle_lines_end_after_the_dots,
    bundle_lines_end_before_the_dots,
    bundle_mail_around_a_token,
    bundle_no_break_space,
    bundle_of_256_tokens_is_read,
    bundle_of_257_tokens_is_malformed,
    bundle_quoted_lines_are_malformed,
    bundle_text_glued_to_the_end,
    bundle_text_without_a_token_is_missing,
    bundle_token_after_a_dot_is_missing,
    bundle_token_cut_in_its_header_is_missing,
    bundle_token_cut_in_its_payload_at_once_before_a_token,
    bundle_token_cut_in_its_payload_before_a_token,
    bundle_token_cut_in_its_payload_is_malformed,
    bundle_token_cut_in_its_signature_before_a_token,
    bundle_token_cut_in_its_signature_is_malformed,
    bundle_token_glued_to_a_word_is_missing,
    bundle_token_in_quotes,
    bundle_token_of_16385_characters_is_malformed,
    bundle_token_too_large_beside_a_good_one,
    bundle_unicode_white_space,
    bundle_word_like_a_token_before_it,
    bundle_wrapped_lines,
    bundle_zero_width_space,
    customer_id_number_is_refused,
    customer_missing_is_refused,
    customer_string_is_refused,
    customer_without_id_is_refused,
    customer_without_name_is_refused,
    demo_is_valid,
    empty_payload_is_refused,
    empty_signature_is_refused,
    empty_text_is_missing,
    evaluate_without_a_license_for_the_module_is_missing,
    every_claim_is_read,
    exp_after_the_last_second_is_refused,
    exp_at_the_last_second_is_accepted,
    exp_missing_is_refused,
    exp_missing_of_a_demo_is_refused,
    exp_null_is_refused,
    exp_null_of_a_perpetual_license_is_accepted,
    exp_of_30_digits_is_refused,
    exp_of_a_perpetual_license_is_refused,
    exp_string_is_refused,
    feature_listed_is_covered,
    feature_not_listed_is_missing,
    feature_of_another_license_is_found,
    features_absent_covers_every_feature,
    features_string_is_refused,
    fingerprint_in_upper_case_fits,
    fingerprint_not_hexadecimal_is_refused,
    four_segments_are_refused,
    grace_until_at_exp_is_refused,
    grace_until_null_is_refused,
    grace_until_object_is_refused,
    grace_until_without_exp_is_refused,
    header_17_levels_are_refused,
    header_alg_ed25519_is_refused,
    header_alg_hs256_is_refused,
    header_alg_none_is_refused,
    header_alg_of_a_wrong_type_is_refused,
    header_altered_is_bad_signature,
    header_array_is_refused,
    header_b64_is_refused,
    header_bytes_after_the_object_are_refused,
    header_crit_is_refused,
    header_crit_null_is_refused,
    header_cty_is_refused,
    header_duplicate_name_is_refused,
    header_jku_is_refused,
    header_jwk_is_refused,
    header_kid_empty_is_refused,
    header_kid_of_a_wrong_type_is_refused,
    header_malformed_comes_before_unsupported,
    header_nested_duplicate_name_is_refused,
    header_not_utf8_is_refused,
    header_typ_in_lower_case_is_refused,
    header_typ_with_application_is_refused,
    header_unknown_members_are_ignored,
    header_without_alg_is_refused,
    header_without_kid_is_refused,
    header_without_typ_is_refused,
    header_x5c_is_refused,
    header_x5u_is_refused,
    header_zip_is_refused,
    html_in_a_customer_name_is_kept_as_text,
    iat_at_not_after_is_unknown_key,
    iat_at_not_before_is_accepted,
    iat_before_not_after_is_accepted,
    iat_before_not_before_is_unknown_key,
    iat_fraction_is_refused,
    iat_in_the_future_is_accepted,
    iat_missing_is_refused,
    iat_negative_is_refused,
    iat_string_is_refused,
    iat_true_is_refused,
    iat_with_an_exponent_is_refused,
    instance_fingerprint_null_is_refused,
    instance_fingerprint_number_is_refused,
    instance_is_unsupported,
    instance_null_is_unsupported,
    iss_in_another_case_is_wrong_issuer,
    iss_is_not_normalised,
    iss_list_is_refused,
    iss_missing_is_refused,
    iss_of_another_vendor_is_wrong_issuer,
    jti_in_upper_case_is_accepted,
    jti_missing_is_refused,
    jti_number_is_refused,
    jti_with_moved_hyphens_is_refused,
    jti_without_hyphens_is_refused,
    key_certificate_by_a_license_key_is_unknown_key,
    key_certificate_is_unsupported,
    key_certificate_with_a_bad_signature_is_bad_signature,
    key_module_refuses_a_pattern,
    key_not_for_licenses_is_unknown_key,
    key_pattern_refuses_a_wider_pattern,
    key_pattern_takes_a_module_inside,
    key_pattern_takes_a_narrower_pattern,
    key_refuses_a_module_outside,
    key_refuses_one_module_outside_of_several,
    kid_chooses_the_key,
    kid_in_another_case_is_unknown_key,
    kid_not_in_the_keyring_is_unknown_key,
    kid_of_another_key_is_bad_signature,
    later_iat_wins_when_it_comes_first,
    later_iat_wins_when_it_comes_last,
    letter_outside_ascii_is_refused,
    license_for_another_module_does_not_count,
    license_of_another_issuer_counts_though_it_covers_other_modules,
    license_type_missing_is_refused,
    license_type_number_is_refused,
    license_type_unknown_is_unsupported,
    license_type_unknown_without_an_end_is_unsupported,
    limits_null_is_refused,
    limits_users_negative_is_refused,
    limits_users_string_is_refused,
    malformed_claims_come_before_unsupported_ones,
    module_and_modules_together_are_refused,
    module_claim_covers_its_module,
    module_not_covered_is_wrong_module,
    module_null_is_refused,
    modules_empty_is_refused,
    modules_object_is_refused,
    move_grace_days_is_unsupported,
    must_instance_is_unsupported,
    must_known_claim_is_accepted,
    must_null_is_refused,
    must_string_is_refused,
    must_unknown_claim_is_unsupported,
    nbf_null_is_refused,
    nbf_string_is_refused,
    neither_module_nor_modules_is_refused,
    neutralized_copy_before_nbf_is_not_yet_valid,
    neutralized_copy_does_not_mend_a_bad_signature,
    neutralized_copy_has_the_grace_of_the_original,
    neutralized_copy_is_warned_like_the_original,
    neutralized_copy_of_an_ended_license_is_expired,
    neutralized_copy_of_an_unknown_instance_is_wrong_instance,
    neutralized_copy_on_another_odoo_is_wrong_odoo_version,
    neutralized_copy_prefers_a_license_of_its_own,
    neutralized_copy_whose_own_license_ended_works_with_the_other,
    neutralized_copy_with_a_license_of_its_own_has_no_flag,
    neutralized_copy_with_an_unbound_license_has_no_flag,
    neutralized_copy_without_a_module_works_too,
    neutralized_copy_works_with_the_license_of_the_original,
    notify_admins_from_null_is_refused,
    notify_admins_from_string_is_refused,
    notify_users_from_fraction_is_refused,
    notify_users_from_null_is_refused,
    odoo_version_is_not_compared_as_a_prefix,
    odoo_version_major_only_is_accepted,
    odoo_version_not_covered_is_wrong_odoo_version,
    odoo_version_of_enterprise_is_accepted,
    odoo_version_of_saas_is_accepted,
    old_bound_license_elsewhere_is_wrong_instance,
    old_bound_license_fits_its_instance,
    old_instance_is_unsupported,
    old_must_unknown_claim_is_unsupported,
    old_nulls_count_as_absent,
    old_perpetual_is_valid,
    old_perpetual_with_exp_ends_there,
    old_perpetual_with_exp_is_valid_before_it,
    old_perpetual_without_exp_is_valid,
    old_required_claim_null_is_refused,
    old_subscription_is_valid,
    old_subscription_with_exp_null_is_refused,
    order_expired_comes_before_updates_ended,
    order_not_yet_valid_comes_before_expired,
    order_unknown_key_comes_before_wrong_issuer,
    order_wrong_instance_comes_before_not_yet_valid,
    order_wrong_issuer_comes_before_wrong_module,
    order_wrong_module_comes_before_wrong_odoo_version,
    order_wrong_odoo_version_comes_before_wrong_instance,
    padding_is_refused,
    pattern_in_module_is_refused,
    pattern_with_a_star_inside_is_refused,
    pattern_without_a_prefix_is_refused,
    payload_16_levels_are_accepted,
    payload_17_levels_are_refused,
    payload_altered_is_bad_signature,
    payload_array_is_refused,
    payload_big_number_in_an_unknown_claim_is_ignored,
    payload_byte_order_mark_is_refused,
    payload_bytes_after_the_object_are_refused,
    payload_duplicate_name_in_an_unknown_claim_is_refused,
    payload_duplicate_name_is_refused,
    payload_duplicate_name_with_an_escape_is_refused,
    payload_lone_surrogate_escape_is_refused,
    payload_lone_surrogate_in_an_unknown_claim_is_refused,
    payload_nan_is_refused,
    payload_nested_duplicate_name_is_refused,
    payload_not_utf8_is_refused,
    payload_surrogate_pair_escape_is_accepted,
    perpetual_is_valid,
    perpetual_never_changes,
    prefix_pattern_covers_a_module,
    prefix_pattern_does_not_cover_another_prefix,
    release_after_updates_until_is_updates_ended,
    release_at_updates_until_is_updates_ended,
    release_before_updates_until_is_valid,
    release_without_a_date_is_valid,
    renewal_does_not_hide_a_warning,
    renewal_pasted_before_the_old_one_ends,
    renewal_takes_over_when_the_old_one_ends,
    renewal_valid_at_once_moves_the_next_change,
    report_of_a_bad_signature,
    report_of_a_malformed_header,
    report_of_a_valid_license,
    report_of_an_unknown_key,
    report_of_an_unsupported_header,
    report_of_malformed_claims,
    report_of_unsupported_claims,
    revocation_list_by_a_license_key_is_unknown_key,
    revocation_list_is_unsupported,
    revocation_list_with_a_bad_signature_is_bad_signature,
    second_module_of_several_is_covered,
    segment_of_4n_plus_1_characters_is_refused,
    signature_altered_is_bad_signature,
    signature_by_another_key_is_bad_signature,
    signature_is_checked_before_the_payload,
    signature_of_63_bytes_is_refused,
    signature_over_reencoded_text_is_bad_signature,
    signature_over_spaced_text_is_accepted,
    signature_plus_order_is_bad_signature,
    standard_alphabet_is_refused,
    subscription_is_valid,
    technical_name_empty_is_refused,
    technical_name_number_is_refused,
    technical_name_of_128_characters_is_accepted,
    technical_name_of_129_characters_is_refused,
    technical_name_with_a_dash_is_refused,
    token_of_16384_characters_is_accepted,
    token_of_16385_characters_is_refused,
    trailing_bits_in_a_header_are_refused,
    trailing_bits_in_a_payload_are_refused,
    trailing_bits_in_a_signature_are_refused,
    two_entries_for_a_module_may_each_serve,
    two_segments_are_refused,
    unbound_license_fits_any_instance,
    unknown_claims_are_ignored,
    updates_ended_until_the_subscription_ends,
    updates_until_date_is_refused,
    updates_until_null_is_refused,
    verify_at_exp_is_expired,
    verify_in_grace_is_grace,
    version_with_a_leading_zero_is_refused,
    version_with_a_minor_number_is_refused,
    versions_empty_are_refused,
    warning_of_a_perpetual_license_means_nothing,
    white_space_around_a_token_is_trimmed,
    white_space_inside_one_token_is_refused,
    without_a_module_a_broken_token_is_malformed,
    without_a_module_another_instance_is_wrong_instance,
    without_a_module_any_covered_one_serves,
    without_a_module_no_covered_version_is_wrong_odoo_version,
    without_a_module_one_covered_version_is_enough,
    without_a_module_one_outside_the_key_is_wrong_module,
    without_a_module_only_no_token_is_missing,
    without_a_module_the_best_license_decides,
    without_a_module_the_end_is_expired,
}
