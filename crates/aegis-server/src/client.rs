//! Where a request comes from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use crate::BadSetting;

/// What proxies tell the address in.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address, or all addresses that begin alike: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether the address is of this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
        let network = text.parse().ok().or_else(address);
        network.map(Self).ok_or_else(|| BadSetting::Network(text.to_owned()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// The address of who sent a request, as far as it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) IpAddr);

impl Address {
    /// The peer; where that is a proxy that is trusted, who the proxy says it is.
    pub(crate) fn of(request: &Request, trusted: &[Network]) -> Option<Self> {
        let peer = peer(request.extensions())?;
        Some(Self(last_untrusted(peer, request.headers(), trusted)))
    }
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical())
}

/// Each proxy adds at the right where it was called from, so what stands left of a hop that is not trusted is that hop's
/// word: it is not believed. Nor is what is no address.
fn last_untrusted(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let mut address = peer;
    while is_trusted(address) {
        match hops.next().and_then(hop) {
            Some(before) => address = before,
            None => break,
        }
    }
    address
}

/// Some proxies add the port.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().ok().map(|hop: SocketAddr| hop.ip());
    text.parse().ok().or_else(with_port).map(|hop: IpAddr| hop.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use super::*;

    fn address(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a value"));
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        last_untrusted(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_not_believed() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(address("192.0.2.1", &["198.51.100.7"], &["192.0.2.2"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_names_who_called_it() {
        assert_eq!(address("10.0.0.1", &["198.51.100.7"], &["10.0.0.1"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["198.51.100.7:4711"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["[2001:db8::7]:4711"], &["10.0.0.0/8"]), "2001:db8::7");
    }

    #[test]
    fn what_the_caller_wrote_left_of_it_is_not_believed() {
        assert_eq!(address("10.0.0.1", &["203.0.113.9, 198.51.100.7"], &["10.0.0.1"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9", "198.51.100.7"], &["10.0.0.1"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["10.0.0.9, 198.51.100.7"], &["10.0.0.0/8"]), "198.51.100.7");
    }

    #[test]
    fn a_chain_of_proxies_is_followed() {
        assert_eq!(address("10.0.0.1", &["198.51.100.7, 10.0.0.2, 10.0.0.3"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["10.0.0.2"], &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn what_is_no_address_leaves_the_proxy() {
        for line in ["unknown", "", ",", "198.51.100.7, for=x"] {
            assert_eq!(address("10.0.0.1", &[line], &["10.0.0.1"]), "10.0.0.1", "{line}");
        }
        assert_eq!(address("10.0.0.1", &[], &["10.0.0.1"]), "10.0.0.1");
    }

    #[test]
    fn ipv4_in_ipv6_is_ipv4() {
        assert_eq!(address("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"], &["::ffff:10.0.0.1"]), "198.51.100.7");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "proxy.example", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", " 10.0.0.1"] {
            assert_eq!(text.parse::<Network>(), Err(BadSetting::Network(text.to_owned())));
        }
        assert_eq!("10.0.0.1".parse::<Network>().map(|network| network.to_string()), Ok("10.0.0.1/32".to_owned()));
    }
}
