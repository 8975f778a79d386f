//! Being logged in to Vault, and staying so.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::answer::Failure;
use super::client::Client;
use crate::secrets::read_secret;
use crate::{Error, VaultAccess, VaultLogin};

/// Where logging in again did not help, it is not tried again for so long: each login leaves a token in Vault.
const USELESS_FOR: Duration = Duration::from_secs(10);
const HOW_TO_LOG_IN: &str = "set VAULT_ROLE_ID and VAULT_SECRET_ID or VAULT_SECRET_ID_FILE, or VAULT_TOKEN or \
                             VAULT_TOKEN_FILE";

/// Questions to Vault under a token, which is fetched, renewed and fetched again.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    login: VaultLogin,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// Counts logins, so that of several who saw one token fail only the first logs in.
    logins: u64,
    useless_since: Option<Instant>,
}

#[derive(Debug)]
struct Token {
    secret: SecretString,
    since: Instant,
    /// `None`: without end, or nobody knows.
    lasts: Option<Duration>,
    renewable: bool,
    /// How long it lasted when it was new.
    at_first: Option<Duration>,
    /// When no newer one was to be had.
    kept: Option<Instant>,
}

#[derive(Serialize)]
struct AppRoleRequest<'a> {
    role_id: &'a str,
    secret_id: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct LoginAnswer {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: SecretToken,
    lease_duration: u64,
    renewable: bool,
}

/// Wrapped while it is read, so that no `Debug` in between shows it.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretToken(SecretString);

#[derive(Deserialize)]
struct LookedUp {
    ttl: u64,
    #[serde(default)]
    renewable: bool,
}

impl From<String> for SecretToken {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Session {
    pub(super) fn new(client: Client, access: &VaultAccess) -> Result<Self, Error> {
        let missing = || Error::setting("nothing says how to log in to Vault", HOW_TO_LOG_IN);
        let login = access.login.clone().ok_or_else(missing)?;
        Ok(Self { client, login, state: Mutex::default() })
    }

    /// Asks under the token; if it has ended, once more under a new one.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Failure> {
        let (token, login) = self.token().await?;
        let failure = match self.client.ask(path, Some(&token), body).await {
            Err(failure) if failure.is_forbidden() => failure,
            answer => return answer,
        };
        let Some(token) = self.another(login).await? else { return Err(failure) };
        let answer = self.client.ask(path, Some(&token), body).await;
        let useless = matches!(&answer, Err(failure) if failure.is_forbidden());
        self.state.lock().await.useless_since = useless.then(Instant::now);
        answer
    }

    /// The token, renewed if its end is near, and the number of its login.
    async fn token(&self) -> Result<(SecretString, u64), Failure> {
        let mut state = self.state.lock().await;
        let held = state.token.take();
        let token = match held {
            Some(token) if !token.is_old() => token,
            Some(token) => self.newer(token, &mut state).await?,
            None => self.log_in(&mut state).await?,
        };
        let secret = token.secret.clone();
        state.token = Some(token);
        Ok((secret, state.logins))
    }

    /// The token with a later end, or a new one. If neither is to be had, the old one serves until it is over.
    async fn newer(&self, token: Token, state: &mut State) -> Result<Token, Failure> {
        if let Some(renewed) = self.renewed(&token).await {
            return Ok(renewed);
        }
        match self.log_in(state).await {
            Err(_) if !token.is_over() => Ok(Token { kept: Some(Instant::now()), ..token }),
            other => other,
        }
    }

    /// A token of a later login than `login`; `None` if logging in was no use a moment ago.
    async fn another(&self, login: u64) -> Result<Option<SecretString>, Failure> {
        let mut state = self.state.lock().await;
        if state.logins == login {
            if state.useless_since.is_some_and(|since| since.elapsed() < USELESS_FOR) {
                return Ok(None);
            }
            state.token = Some(self.log_in(&mut state).await?);
        }
        Ok(state.token.as_ref().map(|token| token.secret.clone()))
    }

    async fn log_in(&self, state: &mut State) -> Result<Token, Failure> {
        let token = match &self.login {
            VaultLogin::AppRole { role_id, secret_id } => self.by_role(role_id, secret_id).await,
            VaultLogin::AppRoleFile { role_id, secret_id_file } => {
                let secret_id = read_secret("the secret id of Vault", secret_id_file).map_err(Failure::Other)?;
                self.by_role(role_id, &secret_id).await
            }
            VaultLogin::Token(token) => self.looked_up(token.clone()).await,
            VaultLogin::TokenFile(path) => {
                let token = read_secret("the token of Vault", path).map_err(Failure::Other)?;
                self.looked_up(token).await
            }
        };
        state.logins += 1;
        token.map_err(|failure| Failure::Other(failure.about_login()))
    }

    async fn by_role(&self, role_id: &str, secret_id: &SecretString) -> Result<Token, Failure> {
        let request = AppRoleRequest { role_id, secret_id: secret_id.expose_secret() };
        let answer: LoginAnswer = self.client.ask("auth/approle/login", None, Some(&request)).await?;
        Ok(answer.auth.into_token(None))
    }

    /// A token that was given: how long it lasts is good to know, but it may not be allowed to ask.
    async fn looked_up(&self, secret: SecretString) -> Result<Token, Failure> {
        let found: Result<LookedUp, _> = self.client.ask("auth/token/lookup-self", Some(&secret), None::<&()>).await;
        let (lasts, renewable) = match found {
            Ok(found) => (seconds(found.ttl), found.renewable),
            Err(failure) if failure.is_forbidden() => (None, false),
            Err(failure) => return Err(failure),
        };
        Ok(Token { secret, since: Instant::now(), lasts, renewable, at_first: lasts, kept: None })
    }

    /// The token with a later end; `None` if that is not to be had, or is not worth it because its last end is near.
    async fn renewed(&self, token: &Token) -> Option<Token> {
        if !token.renewable {
            return None;
        }
        let answer = self.client.ask("auth/token/renew-self", Some(&token.secret), Some(&Nothing {})).await;
        let answer: LoginAnswer = answer.ok()?;
        let renewed = answer.auth.into_token(token.at_first);
        let enough = token.at_first.unwrap_or_default() / 2;
        let worth = renewed.lasts.is_none_or(|lasts| lasts >= enough);
        worth.then_some(renewed)
    }
}

impl Token {
    /// Whether two thirds of its time are over, and a newer one is worth asking for.
    fn is_old(&self) -> bool {
        let old = self.lasts.is_some_and(|lasts| self.since.elapsed() >= lasts * 2 / 3);
        old && (self.is_over() || self.kept.is_none_or(|kept| kept.elapsed() >= USELESS_FOR))
    }

    fn is_over(&self) -> bool {
        self.lasts.is_some_and(|lasts| self.since.elapsed() >= lasts)
    }
}

impl Auth {
    fn into_token(self, at_first: Option<Duration>) -> Token {
        let lasts = seconds(self.lease_duration);
        let at_first = at_first.or(lasts);
        let (secret, renewable) = (self.client_token.0, self.renewable);
        Token { secret, since: Instant::now(), lasts, renewable, at_first, kept: None }
    }
}

/// Zero stands for no end.
fn seconds(count: u64) -> Option<Duration> {
    (count > 0).then(|| Duration::from_secs(count))
}
