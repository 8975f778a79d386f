//! The license server: what the `aegis` command does, over HTTP.
//!
//! One file for each endpoint: what it is sent, what it answers, and how. What goes wrong is answered by a [`Problem`].
//! The API is described by [`openapi`], which is made from the code.

mod access;
mod admin;
mod api_keys;
mod app;
mod bundle;
mod customers;
mod description;
mod desk;
mod health;
mod info;
mod input;
mod keys;
mod licenses;
mod problem;
mod revocations;

pub use access::{FreshKey, Scope};
pub use app::{App, Clock, router};
pub use description::openapi;
pub use desk::{Desk, DeskError, SigningKey};
pub use problem::Problem;
