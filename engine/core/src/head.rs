//! Heads of requests and responses: what goes on the wire, what a response offers, where a redirect leads.

use crate::{Field, Host, Partial, Request, RequestHead, ResponseHead, Validator};

/// `Content-Range: bytes START-END/WHOLE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) start: u64,
    pub(crate) whole: Option<u64>,
}

impl ContentRange {
    pub(crate) fn parse(text: &str) -> Option<ContentRange> {
        let (range, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (start, end) = range.split_once('-')?;
        let start: u64 = start.trim().parse().ok()?;
        let end: u64 = end.trim().parse().ok()?;
        (start <= end).then_some(ContentRange { start, whole: whole.trim().parse().ok() })
    }
}

/// Whether a 206 goes on with what is held: it begins there, and nothing in it speaks of another
/// resource.
pub(crate) fn continues(
    part: &Partial,
    head: &ResponseHead,
    range: Option<&ContentRange>,
    from: u64,
) -> bool {
    let Some(range) = range else { return false };
    let same_validator = match (&part.validator, head.get("etag"), head.get("last-modified")) {
        (Some(Validator::ETag(held)), Some(etag), _) => held == etag,
        (Some(Validator::LastModified(held)), _, Some(date)) => held == date,
        _ => true,
    };
    let same_length = match (part.expected, range.whole) {
        (Some(held), Some(whole)) => held == whole,
        _ => true,
    };
    range.start == from && same_validator && same_length
}

/// What a response offers to resume with: ranges, and a strong `ETag` or a date (BG-RES-01).
pub(crate) fn validator_of(head: &ResponseHead) -> Option<Validator> {
    let ranges =
        head.status == 206 || head.get("accept-ranges").is_some_and(|v| v.trim() == "bytes");
    if !ranges || !matches!(head.status, 200 | 206) {
        return None;
    }
    match head.get("etag") {
        Some(etag) if etag.starts_with('"') => Some(Validator::ETag(etag.to_owned())),
        _ => head.get("last-modified").map(|date| Validator::LastModified(date.to_owned())),
    }
}

/// What frames a message belongs to who writes it: an app's wrong length would leave the origin waiting
/// for a body that never comes.
const FRAMING: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

/// Makes the head of a request. The session's fields fill in what the request lacks (BG-CFG-18), or else
/// go before its own.
pub(crate) fn wire_head(
    request: &Request,
    host: &Host,
    additional: &[(String, String)],
    fills_in: bool,
) -> RequestHead {
    let url = &request.url;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut headers: Vec<Field> = vec![("host".into(), host.to_string())];
    let lacks = |headers: &[Field], name: &str| {
        !headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
    };
    let (first, then) =
        if fills_in { (&*request.headers, additional) } else { (additional, &*request.headers) };
    for (name, value) in first.iter().chain(then) {
        let name = name.to_ascii_lowercase();
        if lacks(&headers, &name) && !FRAMING.contains(&name.as_str()) {
            headers.push((name.into(), value.clone()));
        }
    }
    if lacks(&headers, "accept") {
        headers.push(("accept".into(), "*/*".to_owned()));
    }
    RequestHead { method: request.method.clone(), target, headers }
}

/// The request that a redirect leads to; what the app set as `Authorization` is left behind
/// (BG-REDIR-04).
pub(crate) fn follow(from: &Request, status: u16, url: url::Url, strip: bool) -> Request {
    let mut next = from.clone();
    next.url = url;
    if strip {
        next.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    }
    let becomes_get = match status {
        303 => from.method != "HEAD",
        301 | 302 => from.method == "POST",
        _ => false,
    };
    if becomes_get {
        next.method = "GET".to_owned();
        next.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    next
}
