//! Transport errors in the words of `NSURLErrorDomain`.

use std::{error::Error, io};

use sleepwalker_core::ErrorCode;

use crate::body::BodyLost;

/// Why an attempt broke.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The transport or the message on it.
    Wire(ErrorCode),
    /// A file of ours, which is told apart.
    File(sleepwalker_core::FileId, ErrorCode),
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Failure {
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(lost) = cause.downcast_ref::<BodyLost>() {
                return Failure::File(lost.file, ErrorCode::CANNOT_OPEN_FILE);
            }
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return Failure::Wire(of_io(io));
            }
            source = cause.source();
        }
        Failure::Wire(if error.is_parse() {
            ErrorCode::CANNOT_PARSE_RESPONSE
        } else {
            ErrorCode::NETWORK_CONNECTION_LOST
        })
    }
}

/// The code of an error on an open connection. hyper tells a malformed chunk as invalid input, and TLS
/// tells a record that cannot be read as invalid data, which says nothing of the response.
fn of_io(error: &io::Error) -> ErrorCode {
    if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
        return ErrorCode::NETWORK_CONNECTION_LOST;
    }
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            ErrorCode::CANNOT_PARSE_RESPONSE
        }
        _ => ErrorCode::NETWORK_CONNECTION_LOST,
    }
}
