//! The origin over loopback, with hyper as its client.

mod download;
mod faults;
mod plan;
mod script;
mod setup;
mod upload;
