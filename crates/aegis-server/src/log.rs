//! The log: one JSON object a line, on standard error.

use std::io;
use std::panic;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::BadSetting;

/// From which level on events are logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Faults of the server.
    Error,
    /// What needs somebody's attention.
    Warn,
    /// Each request.
    #[default]
    Info,
    /// More than that.
    Debug,
}

impl FromStr for LogLevel {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            _ => Err(BadSetting::LogLevel(text.to_owned())),
        }
    }
}

impl LogLevel {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
        }
    }
}

/// Logs to standard error from now on, in the whole process. Where a log was begun before, that one stays.
pub fn log_to_stderr(level: LogLevel) {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(io::stderr);
    let log = tracing_subscriber::registry().with(lines).with(targets(level));
    if tracing::subscriber::set_global_default(log).is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// What libraries say in detail (statements, headers) is not ours to keep secrets out of: their warnings are enough.
fn targets(level: LogLevel) -> Targets {
    Targets::new().with_default(level.filter().min(LevelFilter::WARN)).with_target("aegis", level.filter())
}

/// The message is left out: it may quote what the program was working on.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string);
    tracing::error!(location, "the program has a fault, and gave up what it was doing");
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn levels_are_read() {
        for (text, level) in [("error", LogLevel::Error), ("WARN", LogLevel::Warn), ("debug", LogLevel::Debug)] {
            assert_eq!(text.parse(), Ok(level));
        }
        for text in ["", "trace", "5", "info "] {
            assert_eq!(text.parse::<LogLevel>(), Err(BadSetting::LogLevel(text.to_owned())));
        }
    }

    #[test]
    fn libraries_do_not_tell_more_than_warnings() {
        let targets = targets(LogLevel::Debug);
        assert!(targets.would_enable("aegis_server::request_log", &Level::DEBUG));
        assert!(targets.would_enable("sqlx::query", &Level::WARN));
        assert!(!targets.would_enable("sqlx::query", &Level::INFO));
        assert!(!super::targets(LogLevel::Error).would_enable("sqlx::query", &Level::WARN));
    }
}
