//! What can keep an answer from coming. None of it holds anything of the request.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// The URL cannot be sent to.
    #[error("the URL cannot be sent to: {0}")]
    Target(&'static str),
    /// The host's name has no address.
    #[error("the host `{0}` has no address")]
    NoAddress(String),
    /// The host is further away than was allowed; nothing was connected to.
    #[error("`{host}` is {address}, which is not this machine")]
    TooFar {
        /// The host, as given.
        host: String,
        /// The address that is not allowed.
        address: IpAddr,
    },
    /// The method, or a header, has bytes that HTTP cannot carry (RFC 9110 section 5).
    #[error("{0} cannot be sent: it holds a line break or a sign that HTTP has no place for")]
    Unsendable(String),
    /// No connection came about.
    #[error("{address} did not take the connection ({kind})")]
    Connect {
        /// The address that was tried last.
        address: SocketAddr,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// The encryption could not be agreed on, or the certificate is not trusted.
    #[error("no encrypted connection came about: {0}")]
    Tls(String),
    /// The deadline came before an answer.
    #[error("no answer came within {} s", .0.as_secs_f64())]
    Timeout(Duration),
    /// The connection was closed before an answer.
    #[error("the connection was closed before an answer came")]
    Closed,
    /// What came is not HTTP; the text says why.
    #[error("what came back is not HTTP: {0}")]
    NotHttp(String),
    /// Another fault of the connection.
    #[error("the connection broke ({0})")]
    Broken(io::ErrorKind),
}
