//! Which requests are sent.

use std::collections::BTreeMap;
use std::fs;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use serde::Deserialize;

use crate::Failure;

#[derive(Deserialize)]
struct File {
    headers: BTreeMap<String, String>,
    status: u16,
    requests: Vec<Wanted>,
}

#[derive(Deserialize)]
struct Wanted {
    method: String,
    path: String,
    body: Option<serde_json::Value>,
}

/// The requests, ready to be sent.
pub(crate) struct Plan {
    headers: HeaderMap,
    status: StatusCode,
    requests: Vec<(Method, Uri, Bytes)>,
}

impl Plan {
    /// Reads the file and parses all that is in it, so that nothing is left to be done while measuring.
    pub(crate) fn read(path: &str, address: &str) -> Result<Self, Failure> {
        let File { headers: named, status, requests } = serde_json::from_slice(&fs::read(path)?)?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(address)?);
        for (name, value) in named {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
        }
        if requests.iter().any(|wanted| wanted.body.is_some()) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let requests = requests.into_iter().map(Wanted::parsed).collect::<Result<Vec<_>, _>>()?;
        if requests.is_empty() {
            return Err(format!("{path} has no requests").into());
        }
        Ok(Self { headers, status: StatusCode::from_u16(status)?, requests })
    }

    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn expects(&self, status: StatusCode) -> bool {
        status == self.status
    }

    /// All requests from the one with this number on, over and over.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = Result<Request<Full<Bytes>>, Failure>> {
        self.requests.iter().cycle().skip(first).map(|(method, uri, body)| {
            let request = Request::builder().method(method.clone()).uri(uri.clone());
            let mut request = request.body(Full::new(body.clone()))?;
            request.headers_mut().clone_from(&self.headers);
            Ok(request)
        })
    }
}

impl Wanted {
    fn parsed(self) -> Result<(Method, Uri, Bytes), Failure> {
        let body = match self.body {
            Some(body) => Bytes::from(serde_json::to_vec(&body)?),
            None => Bytes::new(),
        };
        Ok((self.method.parse()?, self.path.parse()?, body))
    }
}
