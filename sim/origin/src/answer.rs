//! From a request to a response.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header,
    request::Parts,
};
use hyper::body::Incoming;

use crate::{
    Arrival, ETag, FilePlan, Ranges, Span, Version,
    line::Line,
    origin::Shared,
    pace::Pace,
    posts,
    range::{self, Part},
    reply::{FilePart, Reply},
    state::FileName,
    upload::{Received, receive},
};

/// Who answers a request.
enum Handler {
    /// A file of the plan.
    File(FileName),
    /// The JSON.
    Posts(Arc<str>),
    /// Nobody: the host is there, the path is not.
    NoPath(Arc<str>),
    /// Nobody: the host is not there.
    NoHost(Arc<str>),
}

/// A response that is decided but not yet on its way.
struct Head {
    response: Response<Content>,
    delay: Span,
}

/// What the response will carry.
enum Content {
    Page(Bytes),
    File { version: Arc<Version>, start: u64, end: u64, told: bool },
}

/// Answers one request; never returns where the connection breaks.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    line: Arc<Line>,
    request: Request<Incoming>,
) -> Response<Reply> {
    let (parts, body) = request.into_parts();
    let Some(handler) = route(&shared, &line, &parts) else {
        line.cut();
        return std::future::pending().await;
    };
    let file = match &handler {
        Handler::File(file) => Some(file.clone()),
        _ => None,
    };
    let keep = matches!(handler, Handler::Posts(_));
    let received = receive(&shared, &line, file.clone(), keep, body).await;
    if !received.whole {
        (shared.observer)(arrival(&handler, &parts, received, None));
        line.cut();
        return std::future::pending().await;
    }
    let Head { response, delay } = decide(&shared, &handler, &parts, &received);
    let status = response.status().as_u16();
    (shared.observer)(arrival(&handler, &parts, received, Some(status)));
    if !delay.0.is_zero() {
        shared.clock.sleep(delay.0).await;
    }
    response.map(|content| match (content, file) {
        (Content::File { version, start, end, told }, Some(file)) => {
            let pace = Pace::new(shared, file, start, end);
            Reply::File(FilePart { version, at: start, end, told, pace, line })
        }
        (Content::Page(bytes), _) => Reply::Page(bytes),
        (Content::File { version, .. }, None) => unreachable!("{version:?} without its name"),
    })
}

/// Finds who answers; none if the host is down.
fn route(shared: &Shared, line: &Line, parts: &Parts) -> Option<Handler> {
    let named = parts.uri.authority().map(|authority| authority.as_str());
    let authority = named.or_else(|| text(&parts.headers, header::HOST)).unwrap_or_default();
    let path = parts.uri.path();
    let state = shared.state();
    let Some(name) = state.host(authority) else {
        line.asks(&authority.into(), path);
        return Some(Handler::NoHost(authority.into()));
    };
    let host = &state.hosts[&name];
    line.asks(&name, path);
    if host.down {
        return None;
    }
    Some(match host.files.get_key_value(path) {
        Some((path, _)) => Handler::File(FileName { host: name, path: path.clone() }),
        None if host.posts && posts::is_here(path) => Handler::Posts(name),
        None => Handler::NoPath(name),
    })
}

fn arrival(handler: &Handler, parts: &Parts, received: Received, status: Option<u16>) -> Arrival {
    let host = match handler {
        Handler::File(FileName { host, .. })
        | Handler::Posts(host)
        | Handler::NoPath(host)
        | Handler::NoHost(host) => host.clone(),
    };
    let target = parts.uri.path_and_query().map_or("*", |target| target.as_str());
    let owned = |name| text(&parts.headers, name).map(str::to_owned);
    Arrival {
        host,
        method: parts.method.to_string(),
        target: target.to_owned(),
        range: owned(header::RANGE),
        if_range: owned(header::IF_RANGE),
        length: received.length,
        whole: received.whole,
        digest: received.digest,
        status,
    }
}

fn decide(shared: &Shared, handler: &Handler, parts: &Parts, received: &Received) -> Head {
    let at_once = |response| Head { response, delay: Span::default() };
    match handler {
        Handler::NoHost(_) => at_once(page(StatusCode::MISDIRECTED_REQUEST)),
        Handler::NoPath(_) => at_once(page(StatusCode::NOT_FOUND)),
        Handler::Posts(name) => {
            let mut state = shared.state();
            let mut made = 0;
            let made = state.hosts.get_mut(name).map_or(&mut made, |host| &mut host.made);
            let (status, bytes) = posts::answer(&parts.method, parts.uri.path(), received, made);
            at_once(sized(&parts.method, json(status, bytes)))
        }
        Handler::File(name) => {
            let (plan, version) = {
                let mut state = shared.state();
                // Files are never taken away from a running origin.
                let file = state.file(name).expect("the file that was routed to");
                (file.now.clone(), file.version.clone())
            };
            let response = of_file(&plan, version, parts, received);
            Head { response: sized(&parts.method, response), delay: plan.delay }
        }
    }
}

fn of_file(
    plan: &FilePlan,
    version: Arc<Version>,
    parts: &Parts,
    received: &Received,
) -> Response<Content> {
    let lacks = |(field, value): (&String, &String)| {
        parts.headers.get(field).is_none_or(|given| given != value.as_str())
    };
    if plan.requires.iter().any(lacks) {
        return page(StatusCode::FORBIDDEN);
    }
    if let Some(status) = plan.status {
        return page(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }
    if let Some(redirect) = &plan.redirect {
        let mut response = page(StatusCode::from_u16(redirect.status).unwrap_or(StatusCode::FOUND));
        set(&mut response, header::LOCATION, &redirect.to);
        return response;
    }
    match parts.method {
        Method::GET | Method::HEAD => content(plan, version, parts),
        Method::POST | Method::PUT if plan.upload => {
            let empty = || crate::content::hex(&<sha2::Sha256 as sha2::Digest>::digest([]));
            let digest = received.digest.clone().unwrap_or_else(empty);
            let echo = serde_json::json!({ "length": received.length, "sha256": digest });
            json(StatusCode::OK, echo.to_string().into())
        }
        _ => {
            let mut response = page(StatusCode::METHOD_NOT_ALLOWED);
            let allow = if plan.upload { "GET, HEAD, POST, PUT" } else { "GET, HEAD" };
            set(&mut response, header::ALLOW, allow);
            response
        }
    }
}

/// Answers with the file, a part of it, or why not.
fn content(plan: &FilePlan, version: Arc<Version>, parts: &Parts) -> Response<Content> {
    let etag = match plan.etag {
        ETag::Strong => Some(version.etag()),
        ETag::Weak => Some(format!("W/{}", version.etag())),
        ETag::None => None,
    };
    let modified = plan.last_modified.then(|| version.last_modified());
    let headers = &parts.headers;
    let length = version.length();
    let unchanged = text(headers, header::IF_NONE_MATCH)
        .is_some_and(|given| range::if_none_match(given, etag.as_deref()));
    let current = text(headers, header::IF_RANGE).is_none_or(|given| {
        !plan.if_range || range::if_range(given, etag.as_deref(), modified.as_deref())
    });
    let asked = text(headers, header::RANGE).filter(|_| parts.method == Method::GET && current);
    let part = match (plan.ranges, asked) {
        (_, None) | (Ranges::Refused | Ranges::Ignored, _) => Part::Whole,
        (Ranges::Honoured, Some(asked)) => range::part(asked, length),
        (Ranges::Shifted, Some(asked)) => match range::part(asked, length) {
            Part::Bytes { start, end } => Part::Bytes { start: start.saturating_sub(1), end },
            other => other,
        },
    };
    let file = |start, end| Content::File { version, start, end, told: plan.length };
    let mut response = match part {
        _ if unchanged => Response::new(Content::Page(Bytes::new())),
        Part::Whole => Response::new(file(0, length)),
        Part::Bytes { start, end } => {
            let mut response = Response::new(file(start, end));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {start}-{}/{length}", end - 1);
            set(&mut response, header::CONTENT_RANGE, &range);
            response
        }
        Part::Outside => {
            let mut response = page(StatusCode::RANGE_NOT_SATISFIABLE);
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
            response
        }
    };
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else if part != Part::Outside {
        set(&mut response, header::CONTENT_TYPE, "application/octet-stream");
    }
    if plan.ranges != Ranges::Refused {
        set(&mut response, header::ACCEPT_RANGES, "bytes");
    }
    if let Some(etag) = etag {
        set(&mut response, header::ETAG, &etag);
    }
    if let Some(modified) = modified {
        set(&mut response, header::LAST_MODIFIED, &modified);
    }
    response
}

/// Says the length of a response to HEAD, whose body is not sent.
fn sized(method: &Method, mut response: Response<Content>) -> Response<Content> {
    if *method != Method::HEAD {
        return response;
    }
    let length = match response.body() {
        Content::Page(bytes) => Some(bytes.len() as u64),
        Content::File { start, end, told, .. } => told.then_some(end - start),
    };
    if let Some(length) = length {
        set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    }
    response.map(|_| Content::Page(Bytes::new()))
}

/// Makes the small page that comes with an error or a redirect.
fn page(status: StatusCode) -> Response<Content> {
    let reason = status.canonical_reason().unwrap_or("Unnamed");
    let code = status.as_u16();
    let text = format!("<!doctype html><title>{code} {reason}</title><h1>{reason}</h1>\n");
    let bodiless = matches!(code, 204 | 304);
    let bytes = if bodiless { Bytes::new() } else { Bytes::from(text) };
    let mut response = Response::new(Content::Page(bytes));
    *response.status_mut() = status;
    if !bodiless {
        set(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    }
    response
}

fn json(status: StatusCode, bytes: Bytes) -> Response<Content> {
    let mut response = Response::new(Content::Page(bytes));
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, "application/json");
    response
}

/// Sets a header field; what cannot stand in one is left out, which [`Plan::check`] and
/// [`OriginAct::check`] say beforehand.
///
/// [`Plan::check`]: crate::Plan::check
/// [`OriginAct::check`]: crate::OriginAct::check
fn set<B>(response: &mut Response<B>, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
