//! What an item is about: a URL, in a scenario's short form.

use std::sync::Arc;

use url::Url;

/// A URL with the text by which a scenario names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The text, without the scheme where none was written: the item's name.
    pub name: Arc<str>,
    /// The URL; `http` where the text names no scheme.
    pub url: Url,
}

/// A text that is not a URL in short form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a URL such as \"cdn.example/a\": {why}")]
pub struct TargetError {
    /// What was found.
    pub found: String,
    /// What is wrong with it.
    pub why: String,
}

impl Target {
    /// Reads `cdn.example/a`, or a whole URL; of a scheme that no session speaks, too.
    pub fn parse(text: &str) -> Result<Target, TargetError> {
        let error = |why: &str| TargetError { found: text.to_owned(), why: why.to_owned() };
        let whole = match text.contains("://") || text.starts_with("data:") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let url = Url::parse(&whole).map_err(|e| error(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "data" | "file" | "ftp") {
            return Err(error("its scheme is none of http, https, data, file and ftp"));
        }
        if text.contains(char::is_whitespace) {
            return Err(error("it holds a blank"));
        }
        Ok(Target { name: text.into(), url })
    }

    /// Reads one or, where the text holds a range such as `{1..50}`, many.
    pub fn parse_all(text: &str) -> Result<Vec<Target>, TargetError> {
        let Some((before, rest)) = text.split_once('{') else {
            return Ok(vec![Target::parse(text)?]);
        };
        let range = rest.split_once('}').and_then(|(range, after)| {
            let (first, last) = range.split_once("..")?;
            Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?, after))
        });
        match range {
            Some((first, last, after)) if first <= last && last - first < Target::MOST => {
                (first..=last).map(|n| Target::parse(&format!("{before}{n}{after}"))).collect()
            }
            _ => Err(TargetError {
                found: text.to_owned(),
                why: format!("a range is written {{1..50}} and holds at most {}", Target::MOST),
            }),
        }
    }

    /// How many targets one range may stand for.
    pub const MOST: u32 = 10_000;
}
