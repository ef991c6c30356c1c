//! How a call with a credential is made: only to a host that is built in or that the user named, to
//! addresses that were checked, with no redirect followed, one deadline, a bounded answer that is
//! wiped, and at most one repeat where that does no harm.

use std::time::Duration;

use zeroize::{Zeroize as _, Zeroizing};

use crate::route::is_localhost;
use crate::{Ending, Failure, Happened, Limits, Outgoing, Reach, RemoteError, Route, Target, Why};

/// Bytes of an answer that are kept; a longer one is refused.
pub(crate) const MAX_ANSWER: usize = 256 * 1024;
/// The longest wait that the other side may ask for before the one repeat.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// How long a call may take, and how long its repeat is waited for when nobody says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For each exchange, from resolving the name to the last byte.
    pub call: Duration,
    /// Before a repeat, when the other side names no time.
    pub pause: Duration,
}

impl Patience {
    /// What holds outside tests.
    pub(crate) const USUAL: Self =
        Self { call: Duration::from_secs(10), pause: Duration::from_secs(1) };
}

/// Who named the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// It is built in: `https`, and public addresses alone.
    BuiltIn,
    /// The user: `https` anywhere, or `http` on this machine.
    ByUser,
}

/// One call. Every part may hold a credential and is wiped when it is dropped.
pub(crate) struct Call {
    pub method: String,
    pub url: Zeroizing<String>,
    pub headers: Vec<(String, Zeroizing<String>)>,
    pub body: Zeroizing<Vec<u8>>,
    /// Asking twice is the same as asking once.
    pub repeatable: bool,
}

/// An answer that came whole. Its body is wiped when it is dropped.
pub(crate) struct Reply {
    pub status: u16,
    pub body: Zeroizing<Vec<u8>>,
    /// How long it asks to wait (`Retry-After`).
    pub wait: Option<Duration>,
}

impl Call {
    /// Makes the call and returns its answer, whatever its status but 3xx and 429.
    ///
    /// # Errors
    /// [`Failure`], with whether the call may have had its effect.
    pub(crate) fn make(&self, named: Named, patience: Patience) -> Result<Reply, Failure> {
        let first = self.once(named, patience);
        let wait = match &first {
            Ok(Reply { status: 500.., wait, .. }) if self.repeatable => *wait,
            Err(Failure { why: Why::Refused { status: 429, .. }, wait, .. }) => *wait,
            Err(Failure { why: Why::Remote(error), .. }) if self.repeatable && passes(error) => {
                None
            }
            _ => return first,
        };
        let wait = wait.unwrap_or(patience.pause);
        if wait > MAX_WAIT {
            return first;
        }
        std::thread::sleep(wait);
        self.once(named, patience)
    }

    fn once(&self, named: Named, patience: Patience) -> Result<Reply, Failure> {
        let target = Target::parse(&self.url).map_err(unsent)?;
        let local = is_loopback(&target.host);
        let reach = match (named, target.secure) {
            (Named::BuiltIn, true) => Reach::Public,
            (Named::BuiltIn, false) => {
                return Err(unsent(RemoteError::Target("a credential goes over https alone")));
            }
            (Named::ByUser, true) => Reach::Anywhere,
            (Named::ByUser, false) if local => Reach::Loopback,
            (Named::ByUser, false) => {
                let why = "a credential goes over http to this machine alone; use https";
                return Err(unsent(RemoteError::Target(why)));
            }
        };
        let route = Route::find(target, reach, patience.call).map_err(unsent)?;
        // On this machine certificates are not checked, so nobody may lead us here by a name.
        if !local && route.leads_here() {
            let why = "its name leads to this machine; write it as localhost";
            return Err(unsent(RemoteError::Target(why)));
        }
        let mut headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.clone(), (**value).clone())).collect();
        let request =
            Outgoing { method: &self.method, host: None, headers: &headers, body: &self.body };
        let limits = Limits { time: patience.call, body: MAX_ANSWER };
        let mut left = false;
        let sent = route.send_noting(&request, limits, &mut left);
        wipe(&mut headers);
        let happened = if left && !self.repeatable { Happened::Perhaps } else { Happened::No };
        let mut exchange =
            sent.map_err(|error| Failure { happened, why: Why::Remote(error), wait: None })?;
        wipe(&mut exchange.headers);
        let answer = exchange.answer;
        let named = |name: &str| {
            answer.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
        };
        let wait = named("retry-after").and_then(|text| text.trim().parse().ok());
        let wait = wait.map(Duration::from_secs);
        let body = Zeroizing::new(answer.body);
        let refused = |happened, code: Option<&str>| Failure {
            happened,
            why: Why::Refused { status: answer.status, code: code.map(str::to_owned) },
            wait,
        };
        match (answer.status, answer.ending) {
            (300..400, _) => Err(refused(Happened::No, Some("a redirect, which is not followed"))),
            (429, _) => Err(refused(Happened::No, Some("too many requests"))),
            // The status says all that counts, whatever became of the body.
            (500.., Ending::Bounded | Ending::CutShort | Ending::TimedOut) => {
                Err(refused(happened, None))
            }
            (400..500, Ending::Bounded | Ending::CutShort | Ending::TimedOut) => {
                Err(refused(Happened::No, None))
            }
            (_, Ending::Bounded) => {
                Err(Failure { happened, why: Why::Answer("it is longer than 256 KiB"), wait })
            }
            (_, Ending::CutShort) => {
                Err(Failure { happened, why: Why::Remote(RemoteError::Closed), wait })
            }
            (_, Ending::TimedOut) => {
                let why = Why::Remote(RemoteError::Timeout(patience.call));
                Err(Failure { happened, why, wait })
            }
            (status, Ending::Whole) => Ok(Reply { status, body, wait }),
        }
    }
}

/// Whether a fault may be gone the next time.
fn passes(error: &RemoteError) -> bool {
    use RemoteError::{Broken, Closed, Connect, Timeout};
    matches!(error, Connect { .. } | Timeout(_) | Closed | Broken(_))
}

fn unsent(error: RemoteError) -> Failure {
    Failure::without_effect(Why::Remote(error))
}

fn wipe(headers: &mut [(String, String)]) {
    headers.iter_mut().for_each(|(_, value)| value.zeroize());
}

/// Whether a host is this machine by the way it is written.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.parse().map_or_else(|_| is_localhost(host), |address| Reach::Loopback.allows(address))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::thread::{JoinHandle, spawn};

    use super::*;

    const QUICK: Patience =
        Patience { call: Duration::from_secs(20), pause: Duration::from_millis(1) };

    fn call(method: &str, url: &str) -> Call {
        Call {
            method: method.to_owned(),
            url: Zeroizing::new(url.to_owned()),
            headers: vec![("Authorization".to_owned(), Zeroizing::new("Bearer canary".into()))],
            body: Zeroizing::default(),
            repeatable: method == "GET",
        }
    }

    /// A server that gives these answers, one a connection, and says how many were asked for.
    fn serve(answers: Vec<&'static str>) -> (String, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let end = url.clone();
        let server = spawn(move || {
            let mut asked = 0;
            loop {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = [0; 4096];
                let read = stream.read(&mut buffer).unwrap();
                if read == 0 {
                    return asked;
                }
                let answer = answers[asked.min(answers.len() - 1)];
                asked += 1;
                match answer {
                    "silence" => while stream.read(&mut buffer).is_ok_and(|read| read > 0) {},
                    answer => stream.write_all(answer.as_bytes()).unwrap(),
                }
            }
        });
        (end, server)
    }

    fn asked(url: &str, server: JoinHandle<usize>) -> usize {
        let place = url.trim_start_matches("http://").trim_end_matches("/x");
        drop(TcpStream::connect(place).unwrap());
        server.join().unwrap()
    }

    fn outcome(method: &str, answers: Vec<&'static str>) -> (Result<u16, Failure>, usize) {
        let patient = answers.iter().all(|answer| *answer != "silence");
        let patience =
            if patient { QUICK } else { Patience { call: Duration::from_millis(200), ..QUICK } };
        let (url, server) = serve(answers);
        let reply = call(method, &url).make(Named::ByUser, patience).map(|reply| reply.status);
        (reply, asked(&url, server))
    }

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    const BUSY: &str = "HTTP/1.1 429 Slow\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    const LATER: &str = "HTTP/1.1 429 Slow\r\nRetry-After: 11\r\nContent-Length: 0\r\n\r\n";
    const BROKEN: &str = "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n";
    const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{";
    const MOVED: &str =
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn one_repeat_and_only_where_it_does_no_harm() {
        for (method, answers, status, times) in [
            ("GET", vec![OK], Some(200), 1),
            ("GET", vec![BUSY, OK], Some(200), 2),
            ("POST", vec![BUSY, OK], Some(200), 2),
            ("GET", vec![BUSY], None, 2),
            ("GET", vec![LATER, OK], None, 1),
            ("GET", vec![BROKEN, OK], Some(200), 2),
            ("GET", vec![BROKEN], Some(503), 2),
            ("POST", vec![BROKEN, OK], Some(503), 1),
            ("GET", vec![HALF, OK], Some(200), 2),
            ("POST", vec![HALF, OK], None, 1),
            ("GET", vec!["", OK], Some(200), 2),
            ("POST", vec!["", OK], None, 1),
            ("GET", vec!["silence", "silence"], None, 2),
            ("POST", vec!["silence", OK], None, 1),
            ("GET", vec![MOVED, OK], None, 1),
        ] {
            let shown = format!("{method} {answers:?}");
            let (reply, asked) = outcome(method, answers);
            assert_eq!((reply.ok(), asked), (status, times), "{shown}");
        }
    }

    #[test]
    fn a_failure_says_whether_it_may_have_happened() {
        use Happened::{No, Perhaps};
        for (method, answer, happened) in [
            ("POST", BUSY, No),
            ("POST", MOVED, No),
            ("POST", "HTTP/1.1 503 Down\r\nContent-Length: 9\r\n\r\n", Perhaps),
            ("POST", HALF, Perhaps),
            ("POST", "", Perhaps),
            ("POST", "silence", Perhaps),
            ("POST", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Perhaps),
            ("POST", "no HTTP at all\r\n\r\n", Perhaps),
            ("POST", "HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n{", No),
            ("GET", "", No),
            ("GET", "HTTP/1.1 503 Down\r\nContent-Length: 9\r\n\r\n", No),
        ] {
            let failure = outcome(method, vec![answer]).0.unwrap_err();
            assert_eq!(failure.happened, happened, "{method} {answer}: {failure}");
            assert!(!format!("{failure} {failure:?}").contains("canary"));
        }
        // Nobody listens: nothing was sent.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let failure = call("POST", &format!("http://{free}/")).make(Named::ByUser, QUICK);
        assert_eq!(failure.err().map(|failure| failure.happened), Some(No));
        let asked = outcome("POST", vec![LATER]).0.unwrap_err().wait;
        assert_eq!(asked, Some(Duration::from_secs(11)));
    }

    #[test]
    fn a_redirect_is_told_and_not_followed() {
        let failure = outcome("GET", vec![MOVED, OK]).0.unwrap_err();
        let said = "it answered 302 (a redirect, which is not followed)";
        assert_eq!(failure.to_string(), said);
    }

    #[test]
    fn a_handshake_that_fails_sent_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let server = spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = vec![0; 4096];
            let read = stream.read(&mut seen).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").unwrap();
            seen.truncate(read);
            seen
        });
        let failure = call("POST", &url).make(Named::ByUser, QUICK).err().unwrap();
        assert_eq!(failure.happened, Happened::No, "{failure}");
        let seen = server.join().unwrap();
        assert!(!seen.windows(6).any(|bytes| bytes == b"canary"));
    }

    #[test]
    fn where_a_credential_never_goes() {
        for (named, url) in [
            (Named::BuiltIn, "http://example.com/"),
            (Named::BuiltIn, "https://127.0.0.1/"),
            (Named::BuiltIn, "https://localhost/"),
            (Named::BuiltIn, "https://10.0.0.1/"),
            (Named::BuiltIn, "https://[fd00::1]/"),
            (Named::BuiltIn, "https://169.254.169.254/latest/meta-data/"),
            (Named::BuiltIn, "https://user@example.com/"),
            (Named::ByUser, "http://example.com/"),
            (Named::ByUser, "http://10.0.0.1/"),
            (Named::ByUser, "ftp://localhost/"),
        ] {
            let failure = call("GET", url).make(named, QUICK).err().unwrap();
            assert_eq!(failure.happened, Happened::No);
            assert!(matches!(failure.why, Why::Remote(_)), "{url}: {failure}");
        }
    }
}
