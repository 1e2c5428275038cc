//! The engine as a program embeds it, against a small origin on a real port.

#![expect(clippy::disallowed_methods, reason = "real processes over real sockets")]

mod engine;
mod get;
mod origin;
