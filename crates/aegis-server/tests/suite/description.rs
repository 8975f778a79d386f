//! The description of the API, and the page on which people try it out.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use crate::common::{Server, TestStore, answer};
use aegis_server::openapi;
use aegis_storage::on_both;
use reqwest::{Method, StatusCode};

/// A change of the API is a change of this file, and is read as such.
#[test]
fn the_committed_description_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let described = openapi().to_pretty_json().expect("is JSON") + "\n";
    let committed = fs::read_to_string(file).unwrap_or_default();
    if committed != described {
        let new = env::temp_dir().join("openapi.json");
        fs::write(&new, described).expect("is written");
        panic!("docs/openapi.json is not what the code says. Read {} and put it in its place.", new.display());
    }
}

/// What a program that reads the description alone would miss.
#[test]
fn every_answer_of_every_endpoint_is_described() {
    let api = serde_json::to_value(openapi()).expect("is JSON");
    for (path, item) in api["paths"].as_object().expect("has paths") {
        for (method, operation) in item.as_object().expect("has methods") {
            let answers = operation["responses"].as_object().expect("has answers");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
            let open = operation["security"][0].as_object().is_some_and(serde_json::Map::is_empty);
            assert_eq!(answers.contains_key("401"), !open, "{method} {path}");
            assert_eq!(answers.contains_key("403"), !open, "{method} {path}");
            for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let content = answer["content"].as_object().expect("has a body");
                assert!(content.contains_key("application/problem+json"), "{method} {path} {status}");
            }
        }
    }
}

/// Programs that are made from the description name their functions so (OpenAPI 3.1 §4.8.10).
#[test]
fn every_operation_has_an_id_of_its_own() {
    let api = serde_json::to_value(openapi()).expect("is JSON");
    let items = api["paths"].as_object().expect("has paths").values();
    let operations: Vec<_> = items.flat_map(|item| item.as_object().expect("has methods").values()).collect();
    let ids: BTreeSet<_> =
        operations.iter().map(|operation| operation["operationId"].as_str().expect("has one")).collect();
    assert_eq!(ids.len(), operations.len());
}

on_both! {
    async fn the_page_loads_nothing_from_elsewhere(stores: TestStore) {
        let server = Server::start(stores).await;
        let (status, described) = answer(server.bare(Method::GET, "/api/v1/openapi.json")).await;
        assert_eq!((status, &described), (StatusCode::OK, &serde_json::to_value(openapi()).expect("is JSON")));
        let page = server.bare(Method::GET, "/docs/").send().await.expect("answers");
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.expect("is read");
        let sources: Vec<&str> = ["src=\"", "href=\""]
            .iter()
            .flat_map(|start| page.split(start).skip(1))
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(sources.len() >= 5, "{page}");
        for source in sources {
            assert!(!source.contains("//"), "{source} is elsewhere");
            let part = server.bare(Method::GET, &format!("/docs/{}", source.trim_start_matches("./")));
            assert_eq!(part.send().await.expect("answers").status(), StatusCode::OK, "{source}");
        }
    }
}
