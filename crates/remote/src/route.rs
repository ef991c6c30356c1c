//! The way to a target: resolved once, checked, connected to, and used for one exchange.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::answer::{Answer, read};
use crate::request::Outgoing;
use crate::{Reach, RemoteError, Target, tls};

/// Bodies up to this many bytes go out in one piece with the head, for servers that read just once.
const ONE_PIECE: usize = 64 * 1024;

/// Where to stop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the whole exchange, from connecting to the last byte of the answer.
    pub time: Duration,
    /// Bytes of the answer's body that are kept; what comes after is not read.
    pub body: usize,
}

/// A target whose addresses were resolved and are all allowed.
#[derive(Debug)]
pub struct Route {
    target: Target,
    addresses: Vec<SocketAddr>,
}

/// What was sent, and what came back.
#[derive(Debug)]
pub struct Exchange {
    /// The address that was connected to.
    pub address: SocketAddr,
    /// The header lines that went out, in order.
    pub headers: Vec<(String, String)>,
    /// The answer.
    pub answer: Answer,
    /// From connecting to the end of the answer.
    pub took: Duration,
    /// Whether the connection was encrypted and the certificate, being this machine's, not checked.
    pub unchecked: bool,
}

impl Route {
    /// Resolves a target's host, within `time`, and checks every address that it has.
    ///
    /// # Errors
    /// [`RemoteError::NoAddress`], and [`RemoteError::TooFar`] when any of the addresses is not
    /// allowed.
    pub fn find(target: Target, reach: Reach, time: Duration) -> Result<Self, RemoteError> {
        let addresses = resolve(&target, time)?;
        Self::checked(target, addresses, reach)
    }

    fn checked(
        target: Target,
        addresses: Vec<SocketAddr>,
        reach: Reach,
    ) -> Result<Self, RemoteError> {
        if addresses.is_empty() {
            return Err(RemoteError::NoAddress(target.host));
        }
        // A name that leads here and elsewhere is not taken at its better half.
        if let Some(far) = addresses.iter().find(|address| !reach.allows(address.ip())) {
            return Err(RemoteError::TooFar { host: target.host, address: far.ip() });
        }
        Ok(Self { target, addresses })
    }

    /// The target.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Adds a parameter to the URL's query; where it leads stays as it was checked.
    pub fn add_query(&mut self, parameter: &str) {
        let mark = if self.target.path.contains('?') { '&' } else { '?' };
        self.target.path.push(mark);
        self.target.path.push_str(parameter);
    }

    /// Whether any address is this machine's own.
    #[must_use]
    pub(crate) fn leads_here(&self) -> bool {
        self.addresses.iter().any(|address| Reach::Loopback.allows(address.ip()))
    }

    /// Whether every address is this machine's own.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.addresses.iter().all(|address| Reach::Loopback.allows(address.ip()))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`RemoteError`] when no answer came, or nothing could be sent. An answer of any status is one.
    pub fn send(&self, request: &Outgoing, limits: Limits) -> Result<Exchange, RemoteError> {
        self.send_noting(request, limits, &mut false)
    }

    /// As [`Route::send`], and notes whether anything of the request may have left: until then, nothing
    /// can have come of it.
    pub(crate) fn send_noting(
        &self,
        request: &Outgoing,
        limits: Limits,
        left: &mut bool,
    ) -> Result<Exchange, RemoteError> {
        let headers = request.lines(&self.target);
        // Both may hold a credential.
        let mut bytes = Zeroizing::new(request.head(&self.target, &headers)?);
        let mut rest = request.body;
        if rest.len() <= ONE_PIECE {
            bytes.extend_from_slice(rest);
            rest = &[];
        }
        let start = Instant::now();
        let (stream, address) = self.connect(start, limits.time)?;
        let is_local = Reach::Loopback.allows(address.ip());
        let mut stream: Box<dyn Connection> = match self.target.secure {
            true => Box::new(tls::agree(stream, &self.target.host, is_local)?),
            false => Box::new(stream),
        };
        *left = true;
        let sent = stream
            .write_all(&bytes)
            .and_then(|()| stream.write_all(rest))
            .and_then(|()| stream.flush());
        // An endpoint may answer before it has read everything, and close.
        let answer = read(&mut stream, request.method, limits).map_err(|error| match &sent {
            Err(failed) => fault(failed, limits.time),
            Ok(()) => error,
        })?;
        let unchecked = self.target.secure && is_local;
        Ok(Exchange { address, headers, answer, took: start.elapsed(), unchecked })
    }

    /// The first address that takes a connection.
    fn connect(
        &self,
        start: Instant,
        limit: Duration,
    ) -> Result<(Deadlined, SocketAddr), RemoteError> {
        let mut last = RemoteError::NoAddress(self.target.host.clone());
        for &address in &self.addresses {
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(RemoteError::Timeout(limit));
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    // Only quicker with it.
                    let _ = stream.set_nodelay(true);
                    return Ok((Deadlined { stream, start, limit }, address));
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    last = RemoteError::Timeout(limit);
                }
                Err(error) => last = RemoteError::Connect { address, kind: error.kind() },
            }
        }
        Err(last)
    }
}

/// The addresses of a target's host.
fn resolve(target: &Target, time: Duration) -> Result<Vec<SocketAddr>, RemoteError> {
    let port = target.port;
    if let Ok(address) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if is_localhost(&target.host) {
        let both = [IpAddr::from(Ipv6Addr::LOCALHOST), Ipv4Addr::LOCALHOST.into()];
        return Ok(both.map(|address| SocketAddr::new(address, port)).to_vec());
    }
    // The system's resolver has no deadline of its own.
    let (answer, asked) = mpsc::channel();
    let host = target.host.clone();
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        // Nobody listens any more after the deadline.
        let _ = answer.send(found);
    });
    match asked.recv_timeout(time) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) | Err(_) => Err(RemoteError::NoAddress(target.host.clone())),
    }
}

/// `localhost` and the names under it are this machine, whoever is asked (RFC 6761 section 6.3).
pub(crate) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

/// A connection every wait of which ends at the deadline.
pub(crate) struct Deadlined {
    stream: TcpStream,
    start: Instant,
    pub(crate) limit: Duration,
}

impl Deadlined {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.limit.saturating_sub(self.start.elapsed());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Deadlined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer).map_err(plain)
    }
}

impl Write for Deadlined {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes).map_err(plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Unix says of a wait that ended that it would have gone on.
fn plain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

/// What a fault of the connection means, before there is an answer.
pub(crate) fn fault(error: &io::Error, limit: Duration) -> RemoteError {
    match error.kind() {
        io::ErrorKind::TimedOut => RemoteError::Timeout(limit),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => RemoteError::Closed,
        kind => RemoteError::Broken(kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    fn found(url: &str, reach: Reach) -> Result<Vec<IpAddr>, RemoteError> {
        let route = Route::find(Target::parse(url)?, reach, TIME)?;
        Ok(route.addresses.iter().map(SocketAddr::ip).collect())
    }

    #[test]
    fn localhost_is_this_machine_without_asking_anyone() {
        for url in ["http://localhost/", "http://LocalHost.:1/", "http://a.b.localhost/"] {
            let both = ["::1", "127.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
            assert_eq!(found(url, Reach::Loopback), Ok(both.to_vec()), "{url}");
        }
        assert!(!is_localhost("notlocalhost") && !is_localhost("localhost.example"));
    }

    #[test]
    fn an_address_elsewhere_is_refused_however_it_is_written() {
        for url in [
            "http://8.8.8.8/",
            "http://0.0.0.0:80/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://192.168.1.1/?x=http://127.0.0.1/",
        ] {
            assert!(
                matches!(found(url, Reach::Loopback), Err(RemoteError::TooFar { .. })),
                "{url}"
            );
            assert!(found(url, Reach::Anywhere).is_ok(), "{url}");
        }
        // Old spellings of numbers are read by the system's resolver, which may know them or not;
        // what counts is the address that comes out.
        for (url, local) in [("http://2130706433/", true), ("http://134744072/", false)] {
            match found(url, Reach::Loopback) {
                Ok(addresses) => assert!(local && addresses == [IpAddr::from([127, 0, 0, 1])]),
                Err(RemoteError::TooFar { .. }) => assert!(!local, "{url}"),
                Err(error) => assert!(matches!(error, RemoteError::NoAddress(_)), "{url}: {error}"),
            }
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_as_well_is_refused() {
        let target = Target::parse("http://rebind.example:80/").unwrap();
        let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 80);
        let mixed = vec![at("127.0.0.1"), at("10.0.0.5")];
        let refused = Route::checked(target.clone(), mixed, Reach::Loopback).map(drop);
        let far = RemoteError::TooFar {
            host: "rebind.example".into(),
            address: "10.0.0.5".parse().unwrap(),
        };
        assert_eq!(refused, Err(far));
        let here = Route::checked(target.clone(), vec![at("127.0.0.1")], Reach::Loopback).unwrap();
        assert!(here.is_local());
        assert!(Route::checked(target, vec![], Reach::Anywhere).is_err());
    }
}
