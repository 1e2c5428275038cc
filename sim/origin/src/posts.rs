//! The JSON at `/posts`: a hundred posts to get, and an echo for each that is made.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::upload::{KEPT, Received};

/// How many posts there are before anyone makes one.
const POSTS: u64 = 100;

/// Returns whether `path` belongs here.
pub(crate) fn is_here(path: &str) -> bool {
    path.strip_prefix("/posts").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request for `path`. `made` counts the posts that were made; they are echoed, not kept.
pub(crate) fn answer(
    method: &Method,
    path: &str,
    received: &Received,
    made: &mut u64,
) -> (StatusCode, Bytes) {
    let rest = path.strip_prefix("/posts").unwrap_or_default().trim_matches('/');
    let (status, value) = match (method, rest) {
        (&Method::GET | &Method::HEAD, "") => {
            (StatusCode::OK, (1..=POSTS).map(post).collect::<Vec<Value>>().into())
        }
        (&Method::GET | &Method::HEAD, id) => match id.parse() {
            Ok(id) if (1..=POSTS).contains(&id) => (StatusCode::OK, post(id)),
            _ => (StatusCode::NOT_FOUND, json!({})),
        },
        (&Method::POST, "") => make(received, made),
        _ => (StatusCode::METHOD_NOT_ALLOWED, json!({ "error": "GET, or POST to /posts" })),
    };
    (status, value.to_string().into())
}

fn post(id: u64) -> Value {
    let user = id.div_ceil(10);
    let body = format!("The body of post {id}, written by user {user} for tests of data tasks.");
    json!({ "userId": user, "id": id, "title": format!("Post {id}"), "body": body })
}

/// Echoes an object with its `id`, or any other value as `data` beside it.
fn make(received: &Received, made: &mut u64) -> (StatusCode, Value) {
    if received.length > KEPT as u64 {
        return (StatusCode::PAYLOAD_TOO_LARGE, json!({ "error": "a post has at most 1 MiB" }));
    }
    let Ok(value) = serde_json::from_slice::<Value>(&received.kept) else {
        return (StatusCode::BAD_REQUEST, json!({ "error": "expected JSON" }));
    };
    *made += 1;
    let id = POSTS + *made;
    let echo = match value {
        Value::Object(mut object) => {
            object.insert("id".to_owned(), id.into());
            Value::Object(object)
        }
        data => json!({ "id": id, "data": data }),
    };
    (StatusCode::CREATED, echo)
}
