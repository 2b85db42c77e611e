//! Fanfold's daemon, as a server beside the others.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fanfold_engine::{Command, Span, TimelineQuery, UserId};

use super::server::{Given, Job, Server, Way};
use crate::daemon::{Daemon, Launch};
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Loader;
use crate::machine::kilobytes;
use crate::number::float;
use crate::wire::fanfold::{Fanfold, probe};

/// A daemon over a directory.
#[derive(Debug)]
pub(super) struct FanfoldServer {
    daemon: Option<Daemon>,
    launch: Launch,
    directory: PathBuf,
    address: SocketAddr,
}

impl FanfoldServer {
    pub(super) fn new(program: &Path, directory: PathBuf) -> Self {
        let log = directory.with_extension("log");
        // The others have as much for their caches.
        let launch = Launch::serve(program, &directory, log).with(&["--memory-budget", "4G"]);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { daemon: None, launch, directory, address }
    }
}

impl Server for FanfoldServer {
    fn name(&self) -> &'static str {
        "fanfold"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn load(&mut self, given: &Given) -> Outcome<()> {
        let world = &given.world;
        let mut loader = Loader::open(&self.directory)?;
        for (user, author) in world.follows() {
            loader.write(Command::follow(UserId(user), UserId(author)))?;
        }
        for post in 0..world.posts() {
            loader.write(Command::publish(UserId(world.author(post)), world.text(post)))?;
        }
        loader.settle_all()?;
        // Who reads has an inbox, as with the others; they outlive the stop.
        for user in 1..=world.users() {
            let query =
                TimelineQuery { user: UserId(user), viewer: None, span: Span::Newest, limit: 1 };
            loader.engine().home(&query).explain(|| format!("cannot read the home of {user}"))?;
        }
        loader.finish(world.follow_count(), world.posts())?;
        self.start()
    }

    fn ways(&self, job: Job, given: &Given) -> Vec<Way> {
        let users = given.world.users();
        match job {
            Job::Page => vec![Way::new("fanfold", Fanfold::homes(users))],
            Job::Merged => vec![Way::new("fanfold", Fanfold::home_of(users))],
            Job::Deliver => Vec::new(),
            Job::Publish => {
                let text = Bytes::from(given.world.text(0));
                vec![Way::new("fanfold", Fanfold::publishes(users, text))]
            }
        }
    }

    fn texts(&self, user: u64) -> Outcome<Vec<Vec<u8>>> {
        let (page, _) = probe(self.address, user)?;
        Ok(page.posts.iter().map(|post| post.text.to_vec()).collect())
    }

    fn sizes(&self, given: &Given) -> Outcome<Vec<(String, f64)>> {
        let daemon = self.daemon.as_ref().ok_or_else(|| Failure::failed("no daemon is running"))?;
        let anonymous = kilobytes(&format!("/proc/{}/status", daemon.process()), "RssAnon:");
        let bytes = float(anonymous.unwrap_or_default() * 1024);
        Ok(vec![(
            "memory, all of it, for each user".to_owned(),
            bytes / float(given.world.users()),
        )])
    }

    fn stop(&mut self) -> Outcome<()> {
        self.daemon.take().map_or(Ok(()), |daemon| daemon.stop().map(drop))
    }

    fn kill(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    fn start(&mut self) -> Outcome<()> {
        let daemon = self.launch.start(0)?;
        self.address = daemon.address();
        self.daemon = Some(daemon);
        Ok(())
    }
}
