//! What can be wrong with a setting.

/// Why a setting was refused. The text names what was meant instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSetting {
    /// No address and no network.
    #[error("{0:?} is no address: write it as 192.0.2.1, or a network as 10.0.0.0/8")]
    Network(String),
    /// No origin of a web page.
    #[error("{0:?} is no origin: write scheme and host, and the port if it has one, as https://shop.example.com")]
    Origin(String),
    /// No level of the log.
    #[error("{0:?} is no level of the log: error, warn, info and debug are")]
    LogLevel(String),
}
