//! `aegis serve`

mod desk;
mod first_start;
pub(super) mod stop;

use std::io::{self, Write as _};
use std::net::SocketAddr;

use aegis_server::log_to_stderr;
use clap::Args;
use tokio::net::TcpListener;

use super::SettingsArgs;
use super::database::{connect, explained, refuse_pending, runtime};
use super::trust::Trust;
use crate::failure::Failure;
use crate::output::{Facts, Outcome};
use crate::settings::Settings;

/// `aegis serve …`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) fn run(arguments: &ServeArgs) -> Result<Outcome, Failure> {
    let settings = arguments.settings.read().map_err(Failure::for_good)?;
    log_to_stderr(settings.log);
    runtime()?.block_on(serve(&settings))?;
    Ok(Outcome::text(""))
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    // Before anything is made: another server may be running already.
    let api = listen(settings.listen, "AEGIS_LISTEN").await?;
    let metrics = match settings.metrics_listen {
        Some(address) => Some(listen(address, "AEGIS_METRICS_LISTEN").await?),
        None => None,
    };
    let stop = stop::asked()?;
    first_start::make_data(settings)?;
    let store = connect(&settings.database).await?;
    if settings.database_is_default {
        store.migrate().await.map_err(|error| explained(&error, &settings.database))?;
    } else {
        refuse_pending(&store, &settings.database).await?;
    }
    first_start::make_keys(settings, &store).await?;
    let trust = Trust::read(settings).map_err(Failure::for_good)?;
    let app = desk::app(settings, &trust, store.clone()).await?;
    let key = first_start::make_api_key(settings, &store).await?;
    announce(settings, &trust, (&api, metrics.as_ref()), key.as_deref());
    aegis_server::serve(app, api, metrics, stop).await.map_err(|error| {
        let remedy = "nothing that was answered is lost: start it again";
        Failure::new(format!("the server stopped: {error}"), remedy)
    })
}

async fn listen(address: SocketAddr, variable: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("is another server running there? Stop it, or set {variable} to another port")
            }
            io::ErrorKind::PermissionDenied => format!("set {variable} to a port above 1023"),
            _ => format!("set {variable} to an address of this machine"),
        };
        Failure::new(format!("cannot listen on {address}: {error}"), remedy)
    })
}

/// Says where everything is. This is the one time that a new API key is shown.
fn announce(settings: &Settings, trust: &Trust, sockets: (&TcpListener, Option<&TcpListener>), key: Option<&str>) {
    let url =
        |listener: &TcpListener| listener.local_addr().map_or_else(|_| "?".to_owned(), |at| format!("http://{at}"));
    let mut facts = Facts::default();
    facts.add("API", format!("{}/api/v1", url(sockets.0)));
    facts.add_some("metrics", sockets.1.map(|listener| format!("{}/metrics", url(listener))));
    facts.add("issuer", trust.issuer.clone());
    facts.add("data", settings.data.display().to_string());
    facts.add("database", settings.database.to_string());
    facts.add("trust", settings.trust.display().to_string());
    let first = key.map_or_else(String::new, |key| {
        format!(
            "\nThe key of an administrator, shown this once and kept nowhere:\n\n  {key}\n\nOthers are made with `aegis api-keys add`.\n"
        )
    });
    let text = format!("The license server is running. Ctrl-C stops it.\n{}{first}", facts.to_text());
    let mut stdout = io::stdout().lock();
    // Where nobody reads it, the server works nevertheless.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}
