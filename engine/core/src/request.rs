//! Requests, bodies and resume data, as the app gives them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::FileId;

/// A request as the app made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request {
    /// The HTTP method, in capitals.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    /// Header fields in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// May use cellular links (BG-CFG-16, BG-CFG-17).
    pub allows_cellular: bool,
    /// May use expensive links.
    pub allows_expensive: bool,
    /// May use constrained links.
    pub allows_constrained: bool,
    /// The idle timeout, if it differs from the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

impl Request {
    /// Makes a request with a method and every policy at its default.
    pub fn new(method: &str, url: Url) -> Request {
        Request {
            method: method.to_owned(),
            url,
            headers: Vec::new(),
            allows_cellular: true,
            allows_expensive: true,
            allows_constrained: true,
            timeout: None,
        }
    }

    /// Returns whether the app set a field, whatever the case of its name.
    pub fn has_field(&self, name: &str) -> bool {
        self.headers.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
    }

    /// Makes a GET request.
    pub fn get(url: Url) -> Request {
        Request::new("GET", url)
    }
}

/// A request body that the shell has already copied to a file of the engine's (BG-UP-01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BodyFile {
    /// The copy.
    pub file: FileId,
    /// Its length in bytes.
    pub length: u64,
}

/// What proves that a resource is still the same one (BG-RES-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validator {
    /// A strong `ETag`, quotes included.
    ETag(String),
    /// A `Last-Modified` date, as the origin wrote it.
    LastModified(String),
}

impl Validator {
    /// Returns the text that `If-Range` carries.
    pub fn as_str(&self) -> &str {
        match self {
            Validator::ETag(text) | Validator::LastModified(text) => text,
        }
    }
}

/// What a cancelled or failed download leaves, for a new task to go on from: metadata, not the bytes
/// (BG-RES-08).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResumeData {
    /// The request of the task that left it.
    pub request: std::sync::Arc<Request>,
    /// The partial file.
    pub file: FileId,
    /// Its usable length in bytes.
    pub length: u64,
    /// The whole length, if the origin told it.
    pub expected: Option<u64>,
    /// What the bytes are a part of.
    pub validator: Validator,
}
