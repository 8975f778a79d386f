//! The license server: what the `aegis` command does, over HTTP.
//!
//! One file for each endpoint: what it is sent, what it answers, and how. What goes wrong is answered by a [`Problem`].
//! The API is described by [`openapi`], which is made from the code.

mod access;
mod admin;
mod api_keys;
mod app;
mod bundle;
mod client;
mod customers;
mod description;
mod desk;
mod digest;
mod etag;
mod headers;
mod health;
mod info;
mod input;
mod keys;
mod known;
mod licenses;
mod limits;
mod log;
mod problem;
mod request_log;
mod revocations;
mod serve;
mod settings;
mod telemetry;

pub use access::{FreshKey, RecentKeys, Scope};
pub use app::{App, Clock, router};
pub use client::Network;
pub use description::openapi;
pub use desk::{Desk, DeskError, SigningKey};
pub use headers::Origin;
pub use limits::{Limits, RateLimits};
pub use log::{LogLevel, log_to_stderr};
pub use problem::Problem;
pub use serve::serve;
pub use settings::BadSetting;
pub use telemetry::{Telemetry, metrics_router};
