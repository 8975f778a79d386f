//! How often one may ask: per address before the API key is looked up, per API key after.

use std::hash::{Hash, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, MonotonicClock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::Ipv6Net;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{self, Content, OpenApi};

use crate::client::Address;
use crate::telemetry::LimitedBy;
use crate::{App, Network, Problem};

/// Paths that are asked by machines that look after this one.
const UNLIMITED: [&str; 2] = ["/health", "/ready"];

/// Of an IPv6 address, this much is the network of one household or machine; the rest is chosen freely.
const IPV6_PREFIX: u8 = 64;

/// Those who did not ask lately are forgotten this often, so that addresses made up by the million do not fill the
/// memory: what is kept is what was asked in the last moments.
const SWEEP: Duration = Duration::from_secs(1);

/// How often one may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests per minute with one API key.
    pub per_key: NonZeroU32,
    /// Requests per minute of one address; of IPv6, of one /64.
    pub per_address: NonZeroU32,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

const fn per_minute(requests: u32) -> NonZeroU32 {
    match NonZeroU32::new(requests) {
        Some(requests) => requests,
        None => NonZeroU32::MIN,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_key: per_minute(600), per_address: per_minute(300), trusted_proxies: Vec::new() }
    }
}

/// Keeps to the [`Limits`]. Counts for this process alone.
#[derive(Debug)]
pub struct RateLimits {
    keys: Limiter<String, MonotonicClock>,
    addresses: Limiter<IpAddr, MonotonicClock>,
    pub(crate) trusted_proxies: Vec<Network>,
}

impl RateLimits {
    /// Begins to count.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            keys: Limiter::new(limits.per_key, MonotonicClock),
            addresses: Limiter::new(limits.per_address, MonotonicClock),
            trusted_proxies: limits.trusted_proxies,
        }
    }
}

impl App {
    /// Counts a request with an API key that is valid.
    pub(crate) fn limit_key(&self, id: &str) -> Result<(), Problem> {
        self.limits.keys.check(&id.to_owned()).map_err(|seconds| self.limited(LimitedBy::Key, seconds))
    }

    /// Counts a request of an address. Those whose address is not known are one.
    fn limit_address(&self, address: Option<Address>) -> Result<(), Problem> {
        let counted = address.map_or(Ipv4Addr::UNSPECIFIED.into(), |Address(address)| as_counted(address));
        self.limits.addresses.check(&counted).map_err(|seconds| self.limited(LimitedBy::Address, seconds))
    }

    fn limited(&self, by: LimitedBy, seconds: u16) -> Problem {
        self.telemetry.limited(by);
        Problem::rate_limited(seconds)
    }
}

/// The layer that limits addresses.
pub(crate) async fn by_address(State(app): State<Arc<App>>, request: Request, next: Next) -> Result<Response, Problem> {
    if !UNLIMITED.contains(&request.uri().path()) {
        app.limit_address(request.extensions().get().copied())?;
    }
    Ok(next.run(request).await)
}

/// Adds the refusal to every operation that may answer it.
pub(crate) fn describe(api: &mut OpenApi) {
    let limited = api.paths.paths.iter_mut().filter(|(path, _)| !UNLIMITED.contains(&path.as_str()));
    for (_, item) in limited {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.insert("429".to_owned(), refusal().into());
        }
    }
}

fn refusal() -> openapi::Response {
    let number = Object::with_type(Type::Integer);
    let seconds = HeaderBuilder::new().schema(Some(number)).description(Some("seconds to wait"));
    let document = Content::new(Some(openapi::Ref::from_schema_name("ProblemDocument")));
    openapi::ResponseBuilder::new()
        .description("too many requests with this key, or of this address")
        .content("application/problem+json", document)
        .header("Retry-After", seconds.build())
        .build()
}

fn as_counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => Ipv6Net::new(address, IPV6_PREFIX).map_or(address, |net| net.network()).into(),
        IpAddr::V4(_) => address,
    }
}

type Cells<K, C> = RateLimiter<K, DashMapStateStore<K, RandomState>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts the requests of each `K`.
#[derive(Debug)]
struct Limiter<K: Hash + Eq + Clone, C: Clock> {
    cells: Cells<K, C>,
    clock: C,
    swept: Mutex<C::Instant>,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn new(per_minute: NonZeroU32, clock: C) -> Self {
        // Others choose the addresses: the hasher is one that they cannot foresee.
        let hasher = RandomState::new();
        let cells = Cells::dashmap_with_clock_and_hasher(Quota::per_minute(per_minute), clock.clone(), hasher);
        Self { cells, swept: Mutex::new(clock.now()), clock }
    }

    /// Counts a request; where it is one too many, after how many whole seconds there will be room for one.
    fn check(&self, key: &K) -> Result<(), u16> {
        self.sweep();
        self.cells.check_key(key).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            u16::try_from(seconds).unwrap_or(u16::MAX).max(1)
        })
    }

    /// The first request of each second does it; the others do not wait for it.
    fn sweep(&self) {
        let now = self.clock.now();
        if let Ok(mut swept) = self.swept.try_lock()
            && now.duration_since(*swept) >= SWEEP.into()
        {
            *swept = now;
            self.cells.retain_recent();
            self.cells.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limiter(requests: u32) -> (Limiter<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::new(per_minute(requests), clock.clone()), clock)
    }

    /// A nanosecond before the time that is told it is too early; then it is not.
    #[test]
    fn the_time_to_wait_is_exact() {
        let (limiter, clock) = limiter(4);
        for _ in 0..4 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        assert_eq!(limiter.check(&1), Err(15));
        clock.advance(Duration::from_millis(500));
        assert_eq!(limiter.check(&1), Err(15), "14.5 seconds are left");
        clock.advance(Duration::from_nanos(14_499_999_999));
        assert_eq!(limiter.check(&1), Err(1));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(limiter.check(&1), Ok(()));
        assert_eq!(limiter.check(&1), Err(15));
    }

    #[test]
    fn one_does_not_pay_for_another() {
        let (limiter, _) = limiter(1);
        assert_eq!(limiter.check(&1), Ok(()));
        assert_eq!(limiter.check(&1), Err(60));
        assert_eq!(limiter.check(&2), Ok(()));
    }

    #[test]
    fn those_who_ask_once_are_forgotten() {
        let (limiter, clock) = limiter(300);
        for address in 0..10_000 {
            assert_eq!(limiter.check(&address), Ok(()));
            clock.advance(Duration::from_micros(500));
        }
        assert!(limiter.cells.len() < 3_000, "{}", limiter.cells.len());
    }

    /// Forgetting gives nobody a second helping.
    #[test]
    fn those_who_asked_too_much_are_remembered() {
        let (limiter, clock) = limiter(60);
        while limiter.check(&1).is_ok() {}
        clock.advance(Duration::from_secs(1));
        assert_eq!(limiter.check(&1), Ok(()));
        assert_eq!(limiter.check(&1), Err(1));
    }

    #[test]
    fn ipv6_counts_by_the_network_of_64_bits() {
        let counted = |text: &str| as_counted(text.parse().expect("an address")).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:3::1"), "2001:db8:1:3::");
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    }
}
