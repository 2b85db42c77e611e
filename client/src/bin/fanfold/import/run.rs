//! An import from its arguments to its summary: the graph first, then the posts.
//!
//! On a failure, or on Ctrl-C, it saves the books and says how to go on. When everything is
//! imported the progress file is marked, and the same import is not done again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fanfold_client::{Client, ConnectOptions};
use serde_json::json;

use super::feeder::{self, Kind, Plan};
use super::journal::Journal;
use super::meter::Meter;
use super::progress_file::{Input, Progress};
use super::pump::{Manner, Pump, WINDOW_MAX};
use super::start;
use super::summary::{self, Part};
use crate::arguments::Import;
use crate::console::{self, Console};
use crate::exit::Failure;
use crate::files;
use crate::session::Session;

/// Long enough for a server to be restarted and to read its log in the middle of an import.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A busy disk may keep a server silent for a while.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Runs the import and prints its summary.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    arguments: Import,
) -> Result<(), Failure> {
    let client = session.connect(options()).await?;
    let path = progress_path(&arguments)?;
    let fresh = fresh_progress(&client, &arguments)?;
    let Some(start) = start::decide(&arguments, &path, fresh).await? else {
        client.close().await;
        return already(session, console, &arguments);
    };
    let mut journal = Journal::open(&arguments, &path, start)?;
    if journal.is_resumed() {
        console::note(&format!("going on with the import that {} remembers", path.display()));
    }
    let parts = match inputs(session, &client, &arguments, &mut journal).await {
        Ok(parts) => parts,
        Err(failure) => return Err(interrupted(&mut journal, failure)),
    };
    if let Some(epoch) = journal.later_epoch() {
        console::note(&format!(
            "warning: the database began epoch {epoch} during the import; what was written just \
             before may be missing"
        ));
    }
    journal.finish()?;
    client.close().await;
    match session.json() {
        true => console.json(&summary::json(&parts)),
        false => console.line(&summary::text(&parts)),
    }
}

/// Says that there is nothing to do.
fn already(session: &Session, console: &mut Console, arguments: &Import) -> Result<(), Failure> {
    let files: Vec<String> =
        arguments.inputs().map(|(_, file)| file.display().to_string()).collect();
    if session.json() {
        return console.json(&json!({ "already_imported": files }));
    }
    let (were, them) = if files.len() == 1 { ("was", "it") } else { ("were", "them") };
    console.line(&format!(
        "{} {were} imported into this database already, so nothing was sent (use --again to import \
         {them} once more)",
        files.join(" and ")
    ))
}

fn options() -> ConnectOptions {
    ConnectOptions {
        request_timeout: TIMEOUT,
        keep_alive: KEEP_ALIVE,
        max_in_flight: WINDOW_MAX,
        ..ConnectOptions::default()
    }
}

/// The inputs one after the other.
async fn inputs(
    session: &Session,
    client: &Client,
    arguments: &Import,
    journal: &mut Journal,
) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for (kind, path) in arguments.inputs() {
        let settled = journal.settled(kind);
        let plan = Plan {
            kind,
            settled,
            sort: arguments.sort && kind == Kind::Posts,
            keep_lines: arguments.rejects.is_some(),
            reposts: arguments.reposts,
        };
        let consumed = Arc::default();
        let input = files::open_input(path, Arc::clone(&consumed))?;
        let mut meter = Meter::new(kind, files::identify(path)?.bytes, consumed, settled);
        let feed = feeder::start(input, plan);
        let (import, strict) = (journal.import_id()?, arguments.strict);
        let manner = Manner { session, kind, path, import, strict };
        let mut pump = Pump::new(client, manner, journal, &mut meter);
        let outcome = tokio::select! {
            outcome = pump.run(feed) => outcome,
            _ = tokio::signal::ctrl_c() => Err(Failure::Local("interrupted".to_owned())),
        };
        if outcome.is_err() {
            // The first failure is the one to report.
            drop(pump.settle_ready());
            let left = pump.left();
            journal.leave(left);
        }
        outcome?;
        let Some(input) = journal.input(kind) else { continue };
        parts.push(Part::new(kind, input, meter.lines(input.settled), meter.elapsed()));
    }
    Ok(parts)
}

/// Saves the books and tells how to go on.
fn interrupted(journal: &mut Journal, failure: Failure) -> Failure {
    let saved = journal.save_unfinished();
    let advice = match saved {
        Ok(()) => "run the same command again to go on where it stopped".to_owned(),
        Err(error) => format!("and the progress could not be saved: {error}"),
    };
    match failure {
        Failure::Client(error) => {
            let kind = error.kind();
            let message = format!("{error}; {advice}");
            Failure::Client(fanfold_client::Error::new(kind, message).because(error))
        }
        Failure::Local(message) => Failure::Local(format!("{message}; {advice}")),
        other => other,
    }
}

/// What the arguments describe, as if nothing had been imported yet.
fn fresh_progress(client: &Client, arguments: &Import) -> Result<Progress, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::local("the system gives no random bytes", &error))?;
    let server = client.server();
    // The key of no line may be all zero: nothing that is added to it comes round to that.
    let import = (u128::from_le_bytes(random) >> 1).max(1);
    let mut progress = Progress::new(import, server.database.to_string(), server.epoch.0);
    let input = |path: &PathBuf| files::identify(path).map(|identity| Input::new(&identity));
    progress.sort = arguments.sort;
    progress.reposts = arguments.reposts;
    progress.graph = arguments.graph.as_ref().map(input).transpose()?;
    progress.posts = arguments.posts.as_ref().map(input).transpose()?;
    progress.rejects_bytes = arguments.rejects.as_ref().map(|_| 0);
    progress.ids_bytes = arguments.ids.as_ref().map(|_| 0);
    Ok(progress)
}

/// The progress file: the given one, else named after the input, in the current directory.
fn progress_path(arguments: &Import) -> Result<PathBuf, Failure> {
    if let Some(path) = &arguments.progress {
        return Ok(path.clone());
    }
    let input = arguments.posts.as_deref().or(arguments.graph.as_deref());
    let Some(name) = input.and_then(Path::file_name) else {
        let message = "the input has no file name, name a --progress file".to_owned();
        return Err(Failure::Mistake(message));
    };
    let mut name = name.to_owned();
    name.push(".import-progress");
    Ok(PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_file_is_named_after_the_posts_else_the_graph() {
        let path = |graph: Option<&str>, posts: Option<&str>| {
            let (graph, posts) = (graph.map(PathBuf::from), posts.map(PathBuf::from));
            progress_path(&Import { graph, posts, ..Import::default() })
        };
        let expected = PathBuf::from("p.jsonl.zst.import-progress");
        assert_eq!(path(Some("a/g.tsv"), Some("b/p.jsonl.zst")).unwrap(), expected);
        let expected = PathBuf::from("g.tsv.import-progress");
        assert_eq!(path(Some("a/g.tsv"), None).unwrap(), expected);
        assert!(path(Some(".."), None).is_err());
    }
}
