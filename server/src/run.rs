//! The commands that serve: from their flags to a running server, until a signal says stop.
//!
//! The first SIGTERM or SIGINT stops in order and ends with 0; a second one, while that goes on,
//! ends at once with 1 and leaves the rest to the next start's recovery.

use std::time::Duration;

use clap::error::ErrorKind;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::{ServeArgs, SettingArgs};
use crate::config::{self, Config, Origin, Resolved};
use crate::console::{self, say};
use crate::exit::Failure;
use crate::logging;
use crate::quickstart::{self, Place};
use crate::server::Server;
use crate::service::Addresses;

/// What may still run in the background when the process ends.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// What the quickstart logs unless told: its text is for people, who did not ask for a log.
const QUICKSTART_LEVEL: &str = "warn";

/// `fanfoldd serve`
///
/// # Errors
/// Whatever keeps the daemon from starting or from stopping in order.
pub fn serve(args: &ServeArgs) -> Result<(), Failure> {
    let resolved = resolve(&args.settings)?;
    if args.check_config {
        say(resolved.to_string().trim_end());
        return Ok(());
    }
    let config = resolved.config;
    logging::start(&config.log_level);
    on_runtime(&config.clone(), async {
        let mut signals = Signals::listen()?;
        let server = Server::start(config.clone()).await?;
        say(ready_line(&server, &config));
        stop_at_signal(server, &mut signals).await
    })
}

/// `fanfoldd quickstart`
///
/// # Errors
/// A data directory that is not fresh, and whatever keeps the daemon from starting.
pub fn quickstart(args: &SettingArgs) -> Result<(), Failure> {
    let resolved = resolve(args)?;
    let place = Place::choose(&resolved)?;
    let is_quiet = resolved.origin("log-level") == Some(&Origin::Default);
    let config = Config { data: place.path().to_owned(), ..resolved.config };
    logging::start(if is_quiet { QUICKSTART_LEVEL } else { &config.log_level });
    on_runtime(&config.clone(), async {
        let mut signals = Signals::listen()?;
        let server = Server::start(config.clone()).await?;
        quickstart::fill_and_show(&server, &place).await?;
        say(ready_line(&server, &config));
        stop_at_signal(server, &mut signals).await
    })
}

/// Answers `--help` and `--version`, or makes one line of what is wrong with the command line.
///
/// # Errors
/// The line, as a mistake, unless help or version was asked for.
pub fn answer_usage(error: &clap::Error) -> Result<(), Failure> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        say(error.to_string().trim_end());
        return Ok(());
    }
    let text = error.to_string();
    let told = text
        .lines()
        .map(|line| line.trim().trim_start_matches("error: ").trim_start_matches("tip: "))
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"))
        .take_while(|line| !line.starts_with("Usage:"));
    let what = told.collect::<Vec<_>>().join("; ").replace(":; ", ": ");
    Err(Failure::mistake(format!("{what}; `fanfoldd --help` lists what there is")))
}

fn resolve(settings: &SettingArgs) -> Result<Resolved, Failure> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    config::strangers(names).iter().for_each(console::warn);
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    config::resolve(&settings.typed(), &environment)
}

fn on_runtime(
    config: &Config,
    work: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime = runtime(config)?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_PATIENCE);
    done
}

fn runtime(config: &Config) -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(config.workers).thread_name("fanfold-worker").enable_all();
    runtime.build().map_err(|error| Failure::new(format!("cannot start threads: {error}")))
}

/// One line for scripts that wait for the daemon.
fn ready_line(server: &Server, config: &Config) -> String {
    let Addresses { listen, http, debug } = server.addresses();
    let door = |address: Option<std::net::SocketAddr>| {
        address.map_or_else(|| "off".to_owned(), |address| address.to_string())
    };
    let data = config.data.display();
    format!("ready listen={} http={} debug={} data={data}", door(listen), door(http), door(debug))
}

async fn stop_at_signal(server: Server, signals: &mut Signals) -> Result<(), Failure> {
    signals.next().await;
    tokio::select! {
        stopped = server.stop() => stopped,
        () = signals.next() => Err(Failure::new(
            "stopped at once by a second signal; nothing acknowledged is lost, the next start \
             recovers",
        )),
    }
}

/// The signals that end the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new(format!("cannot take signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
