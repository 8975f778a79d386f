//! `GET /revocations`

use std::sync::Arc;

use aegis_issuer::revocation::{KeptList, Revocation, Revoked};
use aegis_storage::{Note, RevocationKind, SignedList, Subject};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::desk::root_kids;
use crate::etag::tagged;
use crate::{App, Problem};

/// Who signs lists, for the audit log.
const ACTOR: &str = "server";

/// How often a list is worked out anew where something is revoked at the same time.
const TRIES: usize = 5;

/// What was revoked, for customers to fetch or to paste: the signed list, with the certificate of the key that signed it
/// where wheels do not know that key by themselves, and the newest list by which a root withdraws keys. A token in each line.
#[utoipa::path(
    get, path = "/revocations", operation_id = "revocations", tag = "public", security(()),
    params(("If-None-Match" = Option<String>, Header, description = "the ETag one has")),
    responses(
        (status = OK, body = String, content_type = "text/plain", headers(("ETag" = String))),
        (status = NOT_MODIFIED, description = "it is as it was"),
    )
)]
pub(crate) async fn revocations(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut lines = Vec::new();
    for list in with_root_list(&app, current(&app).await?).await? {
        lines.extend(app.desk.certificate(&app.store, &list.kid, &list.token).await?);
        lines.push(list.token);
    }
    let text = lines.join("\n") + "\n";
    let answer = tagged(&headers, "text/plain; charset=utf-8", text.into_bytes());
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], answer).into_response())
}

/// The lists that count; none where nothing was ever revoked, so that the signer is not needed to say so.
pub(crate) async fn lists_in_force(app: &App) -> Result<Vec<SignedList>, Problem> {
    if !app.store.has_revocations(app.desk.issuer()).await? {
        return Ok(Vec::new());
    }
    with_root_list(app, current(app).await?).await
}

/// A list, after the newest of a root: only that one withdraws keys.
async fn with_root_list(app: &App, list: SignedList) -> Result<Vec<SignedList>, Problem> {
    let of_root = app.store.newest_list_of(app.desk.issuer(), &root_kids(app.desk.roots())).await?;
    let of_root = of_root.filter(|of_root| of_root.seq != list.seq);
    Ok(of_root.into_iter().chain([list]).collect())
}

/// The list that names everything that was revoked; a new one is signed where there is none yet.
async fn current(app: &App) -> Result<SignedList, Problem> {
    for _ in 0..TRIES {
        if let Some(list) = app.store.current_list(app.desk.issuer()).await? {
            return Ok(list);
        }
        if let Some(list) = signed(app).await? {
            return Ok(list);
        }
    }
    Err(Problem::unavailable("licenses are being revoked just now"))
}

/// Signs a list and stores it; `None` where something was revoked meanwhile.
async fn signed(app: &App) -> Result<Option<SignedList>, Problem> {
    let issuer = app.desk.issuer();
    let (revoked, lists) = app.store.revocations(issuer).await?;
    let counted = i64::try_from(revoked.len()).map_err(|_| Problem::internal())?;
    let from: Vec<i64> = lists.iter().map(|list| list.seq).collect();
    let last = merged(&lists)?;
    let now = app.now();
    let revoked = revoked.into_iter().map(revocation).collect();
    let signed = app.desk.sign_list(revoked, last, now.timestamp()).await;
    let (list, seq, kid) = signed.map_err(Problem::not_of_the_caller)?;
    let list = SignedList { issuer: issuer.to_owned(), seq, kid, signed_at: now, counted, token: list.token };
    let subject = Subject { kind: "revocation_list", id: seq.to_string() };
    let note = Note { actor: ACTOR.to_owned(), action: "list.sign", subject, detail: json!({ "counted": counted }) };
    let stored = app.store.add_list(list.clone(), &from, note, now).await?;
    Ok(stored.then_some(list))
}

/// The last of the lists, naming the licenses of all of them.
fn merged(lists: &[SignedList]) -> Result<Option<KeptList>, Problem> {
    let lists = lists.iter().map(|list| KeptList::from_token(&list.token)).collect::<Result<Vec<_>, _>>()?;
    Ok(lists.into_iter().reduce(|before, mut last| {
        last.revoked.extend(before.revoked);
        last
    }))
}

fn revocation(row: aegis_storage::Revocation) -> Revocation {
    let what = match row.kind() {
        RevocationKind::License => Revoked::License { jti: row.id, ends: row.ends_at.map(|end| end.timestamp()) },
        RevocationKind::Key => Revoked::Key { kid: row.id },
    };
    Revocation { at: row.revoked_at.timestamp(), iss: row.issuer, what, reason: None }
}
