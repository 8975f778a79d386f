//! `/customers`.

pub(crate) mod add;
pub(crate) mod change;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod read;

use aegis_storage::Customer;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Problem;
use crate::input::check_text;

/// Longest id, name and address, in characters, as in licenses.
const LONGEST: usize = 256;

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerView {
    /// The vendor's id of the customer.
    id: String,
    /// The customer's name.
    name: String,
    /// Where licenses are mailed to.
    email: Option<String>,
    /// Whether licenses may be issued.
    active: bool,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<Customer> for CustomerView {
    fn from(row: Customer) -> Self {
        let Customer { id, name, email, created_at, updated_at, deactivated_at } = row;
        Self { id, name, email, active: deactivated_at.is_none(), created_at, updated_at }
    }
}

fn check_email(email: &str) -> Result<(), Problem> {
    check_text("email", email, LONGEST)?;
    match email.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !email.contains(' ') => Ok(()),
        _ => Err(Problem::invalid("email", "this is no address of mail", "write it as name@example.com")),
    }
}
