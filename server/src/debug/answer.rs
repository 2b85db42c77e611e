//! A command to its answer: asks the engine, lets the noun's file write the lines.
//!
//! Reads go over the blocking lane; a write waits for its ticket. An error is one line: `ERR`, the code's
//! word, the message.

use std::fmt::Write;
use std::future::Future;
use std::path::PathBuf;

use fanfold_engine::{
    Backup, Command as EngineCommand, CountedQuery, Engine, Error, ErrorKind, FullPage, FullQuery,
    LIMIT_DEFAULT, Receipt, Retention, Span, TimelineQuery,
};
use fanfold_protocol::Code;

use super::command::{Command, Edges, Timeline, Wrong};
use super::{
    broadcasts, changes, clients, delivery, edges, forgets, groups, help, info, marks, moderation,
    notices, reposts, responses, timelines, users, writes,
};
use crate::backups;
use crate::reply::code;
use crate::service::Service;
use crate::text::escape;
use crate::wait::{WaitQuery, wait};

/// What is sent back, and whether the connection ends with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) is_last: bool,
}

impl Answer {
    fn more(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_last: false }
    }
}

/// Answers one command.
pub(super) async fn answer(service: &Service, command: Command) -> Answer {
    let text = match command {
        Command::Quit => return Answer { text: "BYE\n".to_owned(), is_last: true },
        Command::Ping => Ok("PONG\n".to_owned()),
        Command::Help(None) => Ok(help::all()),
        Command::Help(Some(name)) => return Answer::more(help_for(&name)),
        Command::Info(section) => info::answer(service, section.as_deref()),
        Command::Clients => Ok(clients::answer(&service.clients)),
        Command::Backup(name) => {
            let place = service.config.backup_dir.clone();
            on_lane(service, move |engine| {
                backups::backup(engine, place.as_deref(), &name).map(backed_up)
            })
            .await
        }
        Command::Retain => on_lane(service, |engine| engine.retain().map(retained)).await,
        Command::Write(command) => write(service, command).await.map(|done| writes::done(&done)),
        Command::Wait(query) => return answer_wait(service, query, std::future::pending()).await,
        Command::Online(user) => {
            on_lane(service, move |engine| {
                engine.online(user, None).map(|online| users::online(user, &online))
            })
            .await
        }
        read => on_lane(service, |engine| answer_read(engine, read)).await,
    };
    Answer::more(text.unwrap_or_else(|error| refused(&error)))
}

/// Answers a long-poll: with nothing new if `ending` comes first.
pub(super) async fn answer_wait(
    service: &Service,
    query: WaitQuery,
    ending: impl Future<Output = ()>,
) -> Answer {
    let waited = wait(service, query, ending).await;
    Answer::more(waited.map_or_else(|error| refused(&error), |waited| waited.json()))
}

/// Nobody counts microseconds here: everything that may wait for a disk goes over the lane.
async fn on_lane(
    service: &Service,
    work: impl FnOnce(&Engine) -> Result<String, Error> + Send + 'static,
) -> Result<String, Error> {
    service.lane.run(service.engine.clone(), work).await?
}

fn answer_read(engine: &Engine, command: Command) -> Result<String, Error> {
    match command {
        Command::Broadcasts(query) => {
            engine.broadcasts(&query).map(|feed| broadcasts::feed(&query, &feed))
        }
        Command::Broadcast(id) => engine.broadcast(id, None).map(|card| broadcasts::one(&card)),
        Command::Groups(user) => engine.groups(user, None).map(|list| groups::list(user, &list)),
        Command::Members(query) => {
            engine.members(&query).map(|page| groups::members(&query, &page))
        }
        Command::Comments(query) => {
            engine.comments(&query).map(|page| responses::comments(&query, &page))
        }
        Command::Reactors(query) => {
            engine.reactors(&query).map(|page| responses::reactors(&query, &page))
        }
        Command::Reposters(query) => {
            engine.reposters(&query).map(|page| reposts::reposters(&query, &page))
        }
        Command::Changes(part) => changes::answer(engine, part),
        Command::Forgotten => engine.forgotten(None).map(|list| forgets::list(&list)),
        Command::Moderated(query) => {
            engine.moderated(&query).map(|page| moderation::moderated(&query, &page))
        }
        Command::Notices(query) => engine.notices(&query).map(|page| notices::page(&query, &page)),
        Command::Revisions(id) => {
            engine.revisions(id, None).map(|(at, posts)| timelines::revisions(at, &posts))
        }
        Command::Marks(query) => engine.marks(&query).map(|found| marks::marks(&query, &found)),
        Command::Unread(query) => engine.unread(&query).map(|found| marks::unread(&query, &found)),
        Command::User(user) => engine.user(user, None).map(|card| users::card(&card)),
        Command::Relation(a, b) => {
            engine.relation(a, b, None).map(|relation| users::relation(a, b, &relation))
        }
        Command::Edges(which, query) => match which {
            Edges::Following => engine.following(&query),
            Edges::Followers => engine.followers(&query),
            Edges::Mutes => engine.mutes(&query),
            Edges::Blocks => engine.blocks(&query),
            Edges::Requests => engine.requests(&query),
        }
        .map(|page| edges::page(which, &query, &page)),
        Command::Explain(user, post) => {
            engine.explain(user, post, None).map(|why| delivery::explained(user, post, &why))
        }
        Command::ExplainHome(user) => {
            let query =
                TimelineQuery { user, viewer: None, span: Span::Newest, limit: LIMIT_DEFAULT };
            engine.explain_home(&query).map(|steps| delivery::home(user, &steps))
        }
        Command::Verify(user) => {
            engine.verify(user).map(|verified| delivery::verified(user, &verified))
        }
        Command::FanOut(post) => {
            engine.fan_out(post).map(|progress| delivery::progress(post, progress))
        }
        Command::Delivery(policy) => delivery::policy(engine, policy),
        Command::Advise => engine.advise().map(|advice| delivery::advice(&advice)),
        other => answer_posts(engine, other),
    }
}

fn answer_posts(engine: &Engine, command: Command) -> Result<String, Error> {
    match command {
        Command::Timeline(Timeline::Home, query) => {
            with_originals(engine, CountedQuery::Home(query))
                .map(|page| timelines::page(&format!("HOME {}", query.user), &query, &page))
        }
        Command::Timeline(Timeline::Outbox, query) => {
            with_originals(engine, CountedQuery::Outbox(query))
                .map(|page| timelines::page(&format!("OUTBOX {}", query.user), &query, &page))
        }
        Command::GroupFeed(query) => {
            let (name, page) = (escape(query.name.as_str().as_bytes()), query.page);
            with_originals(engine, CountedQuery::Group(query)).map(|found| {
                timelines::page(&format!("HOME {} GROUP {name}", page.user), &page, &found)
            })
        }
        Command::Post(id) => {
            let (at, post) = engine.post(id, None)?;
            let original = reposts::original_of(engine, &post)?;
            let note = moderation::note(engine, &post)?;
            Ok(note.to_owned() + &timelines::one(at, &post, original.as_ref()))
        }
        Command::Full(query) => engine.full_page(&query).map(|page| responses::page(&query, &page)),
        Command::CountedPost(id) => {
            let (at, post, counts) = engine.counted_post(id, None)?;
            let original = reposts::original_of(engine, &post)?;
            let note = moderation::note(engine, &post)?;
            Ok(note.to_owned() + &responses::one(at, &post, &counts, original.as_ref()))
        }
        other => Err(Error::new(ErrorKind::Internal, format!("{other:?} reads nothing"))),
    }
}

fn with_originals(engine: &Engine, of: CountedQuery) -> Result<FullPage, Error> {
    engine.full_page(&FullQuery { originals: true, ..FullQuery::of(of) })
}

fn backed_up((directory, made): (PathBuf, Backup)) -> String {
    let numbers = backups::fields(&made).map(|(name, value)| format!("{name}={value}")).join(" ");
    let directory = escape(directory.display().to_string().as_bytes());
    format!("OK position={} {numbers} directory={directory}\n", made.position)
}

fn retained(done: Retention) -> String {
    let Retention { segments, bytes_before, bytes_after, erased, .. } = done;
    format!("OK segments={segments} bytes={bytes_before}->{bytes_after} erased_until={erased}\n")
}

/// The answer to a line that is no command.
pub(super) fn wrong(service: &Service, wrong: &Wrong) -> Answer {
    match wrong {
        Wrong::Unknown(message) => Answer::more(error("unknown_command", message)),
        Wrong::Arguments(message) => Answer::more(error(Code::Invalid.name(), message)),
        Wrong::Http => {
            let advice = match service.addresses.http {
                Some(address) => format!("HTTP is served at http://{address}/"),
                None => "HTTP is off; start with --http ADDR:PORT".to_owned(),
            };
            let message = format!("this is the debug port of fanfoldd, not HTTP; {advice}");
            Answer { text: error("not_http", &message), is_last: true }
        }
    }
}

/// One error line.
pub(super) fn error(code: &str, message: &str) -> String {
    format!("ERR {code} {}\n", escape(message.as_bytes()))
}

async fn write(service: &Service, command: EngineCommand) -> Result<Receipt, Error> {
    let submit = |engine: &Engine| engine.submit(command);
    service.lane.run(service.engine.clone(), submit).await??.await
}

fn refused(failure: &Error) -> String {
    error(code(failure.kind()).name(), &failure.to_string())
}

fn help_for(name: &str) -> String {
    help::one(name).unwrap_or_else(|| {
        error("unknown_command", &format!("unknown command `{name}`; HELP lists the commands"))
    })
}

/// Appends a line to `out`.
pub(super) fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    let _infallible = writeln!(out, "{line}");
}
