//! Whether the running server can work: for health checks of containers and balancers.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Check;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// No answer is longer, as far as it is read.
const LONGEST: u64 = 16 * 1024;

pub(super) fn check(listen: SocketAddr) -> Check {
    let address = reachable(listen);
    let remedy = "look at the log of the server; `aegis doctor` without --quick shows what is wrong";
    match ask(address) {
        Ok(answer) if status(&answer) == Some(200) => Check::ok("server", format!("{address} is ready")),
        Ok(answer) => {
            let status = status(&answer).map_or_else(|| "no HTTP".to_owned(), |status| status.to_string());
            Check::error("server", format!("{address} is not ready: it answers {status}"), remedy)
        }
        Err(error) => Check::error("server", format!("{address} does not answer: {error}"), remedy),
    }
}

/// A server that listens on all addresses is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // RFC 9112: the connection ends with the answer.
    write!(stream, "GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The number in `HTTP/1.1 200 OK`.
fn status(answer: &str) -> Option<u16> {
    let line = answer.lines().next()?.strip_prefix("HTTP/1.")?;
    line.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{reachable, status};

    #[test]
    fn all_addresses_are_asked_on_loopback() {
        for (listen, asked) in
            [("0.0.0.0:8750", "127.0.0.1:8750"), ("[::]:8750", "[::1]:8750"), ("192.0.2.7:1", "192.0.2.7:1")]
        {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }

    #[test]
    fn an_answer_has_a_status() {
        assert_eq!(status("HTTP/1.1 200 OK\r\n\r\n"), Some(200));
        assert_eq!(status("HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        for text in ["", "SSH-2.0-x", "HTTP/1.1", "HTTP/1.1 x"] {
            assert_eq!(status(text), None, "{text}");
        }
    }
}
