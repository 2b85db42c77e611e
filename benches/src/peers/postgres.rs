//! PostgreSQL: a cluster of its own on a free port, made, started and stopped here. Tables of posts, follows
//! and inbox entries with a keyset cursor; freshly loaded, frozen and analysed; no vacuum while something is
//! measured.

use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::Process;
use super::server::{Given, Job, Server, Way};
use crate::daemon::free_port;
use crate::exit::{Explain, Failure, Outcome};
use crate::number::float;
use crate::wire::Pick;
use crate::wire::postgres::{Postgres, copy, query, session, texts};

const LISTENS_WITHIN: Duration = Duration::from_secs(60);

/// A checkpoint of all it has is written before it ends.
const STOPS_WITHIN: Duration = Duration::from_secs(300);

/// What its experts set on such a machine.
const SETTINGS: [&str; 14] = [
    "shared_buffers=5GB",
    "effective_cache_size=12GB",
    "work_mem=64MB",
    "maintenance_work_mem=1GB",
    "max_wal_size=16GB",
    "checkpoint_timeout=1h",
    "wal_buffers=64MB",
    "wal_compression=lz4",
    "autovacuum=off",
    "jit=off",
    "random_page_cost=1.1",
    "max_connections=200",
    "unix_socket_directories=",
    "huge_pages=try",
];

/// A PostgreSQL.
#[derive(Debug)]
pub(super) struct PostgresServer {
    process: Option<Process>,
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    /// It refuses to be run by root.
    user: Option<(u32, u32)>,
}

/// The folder with its programs, or what to install.
pub(super) fn programs() -> Outcome<PathBuf> {
    let listed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = listed.map(|entry| entry.path().join("bin")).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.sort();
    found.reverse();
    found.extend(std::env::split_paths(&path));
    let is_there =
        |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
    found.into_iter().find(is_there).ok_or_else(|| {
        Failure::mistake(
            "initdb and postgres are not there: `apt-get install postgresql`, or leave it out of \
             --systems",
        )
    })
}

impl PostgresServer {
    /// Makes a cluster in the directory and starts it.
    pub(super) fn new(directory: PathBuf) -> Outcome<Self> {
        let failed = || format!("cannot prepare {}", directory.display());
        std::fs::create_dir_all(&directory).explain(failed)?;
        let user = if rustix::process::geteuid().is_root() { Some(account()?) } else { None };
        if let Some((user, group)) = user {
            chown(&directory, Some(user), Some(group)).explain(failed)?;
            let above = directory.parent().unwrap_or(&directory);
            std::fs::set_permissions(above, PermissionsExt::from_mode(0o711)).explain(failed)?;
        }
        let programs = programs()?;
        let mut server = Self { process: None, programs, directory, port: free_port()?, user };
        server.initialise()?;
        server.start()?;
        server.wait()?;
        Ok(server)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.directory).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn initialise(&self) -> Outcome<()> {
        let mut command = self.command("initdb");
        command.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale"]);
        let made = command.arg("-D").arg(self.data()).stderr(Stdio::piped()).output();
        let made = made.explain(|| "cannot run initdb".to_owned())?;
        if made.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&made.stderr);
        Err(Failure::failed(format!("initdb: {}", said.trim_end())))
    }

    fn wait(&mut self) -> Outcome<()> {
        let begun = Instant::now();
        while begun.elapsed() < LISTENS_WITHIN {
            if session(self.address()).is_ok() {
                return Ok(());
            }
            if let Some(process) = &mut self.process
                && process.has_ended()?
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(Failure::failed(format!("postgres does not listen; see {}", self.log().display())))
    }

    fn log(&self) -> PathBuf {
        self.directory.join("postgres.log")
    }

    fn number(&self, question: &str) -> Outcome<f64> {
        let found = query(self.address(), question)?;
        let number = found.first().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        number.ok_or_else(|| Failure::failed(format!("PostgreSQL answers no number to {question}")))
    }
}

impl Server for PostgresServer {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn load(&mut self, given: &Given) -> Outcome<()> {
        let world = &given.world;
        let mut stream = session(self.address())?;
        let table = |columns: &str, name: &str| {
            format!("BEGIN; CREATE TABLE {name} ({columns}); COPY {name} FROM STDIN (FREEZE)")
        };
        let bigint = "bigint NOT NULL";
        let feed = format!("id {bigint}, author {bigint}, at {bigint}, text text NOT NULL");
        let rows = (0..world.posts()).map(|post| {
            let at = 1_700_000_000_000 + post;
            format!("{post}\t{}\t{at}\t{}\n", world.author(post), world.text(post))
        });
        copy(&mut stream, &table(&feed, "feed"), rows)?;
        query_on(
            &mut stream,
            "COMMIT; ALTER TABLE feed ADD PRIMARY KEY (id); \
            CREATE INDEX feed_author ON feed (author, id)",
        )?;
        let follow = format!("follower {bigint}, author {bigint}");
        let rows = world.follows().map(|(follower, author)| format!("{follower}\t{author}\n"));
        copy(&mut stream, &table(&follow, "follow"), rows)?;
        query_on(
            &mut stream,
            "COMMIT; ALTER TABLE follow ADD PRIMARY KEY (follower, author); \
            CREATE INDEX follow_author ON follow (author, follower)",
        )?;
        let inbox = format!("reader {bigint}, post {bigint}");
        let rows = (1..=world.users()).flat_map(|user| {
            let posts = world.inbox(user).into_iter().rev();
            posts.map(move |post| format!("{user}\t{post}\n"))
        });
        copy(&mut stream, &table(&inbox, "inbox"), rows)?;
        query_on(&mut stream, "COMMIT; ALTER TABLE inbox ADD PRIMARY KEY (reader, post)")?;
        query_on(&mut stream, "VACUUM ANALYZE")?;
        query_on(&mut stream, "CHECKPOINT")
    }

    fn ways(&self, job: Job, given: &Given) -> Vec<Way> {
        let (world, next) = (given.world.clone(), given.next.clone());
        match job {
            Job::Page => {
                vec![Way::new("postgresql", Postgres::Page(Pick::anybody(world.users())))]
            }
            Job::Merged => {
                vec![Way::new("postgresql", Postgres::Merged { user: world.users() })]
            }
            Job::Deliver => [(1, "postgresql, 1 connection"), (2, "postgresql, 2 connections")]
                .into_iter()
                .map(|(connections, name)| {
                    let dialect = Postgres::Deliver { world: world.clone(), next: next.clone() };
                    Way { shape: (connections, 4), ..Way::new(name, dialect) }
                })
                .collect(),
            Job::Publish => vec![Way::new("postgresql", Postgres::Publish { world, next })],
        }
    }

    fn texts(&self, user: u64) -> Outcome<Vec<Vec<u8>>> {
        texts(self.address(), user)
    }

    fn sizes(&self, given: &Given) -> Outcome<Vec<(String, f64)>> {
        let entries = float(given.world.inbox_entries().max(1));
        let posts = float(given.world.posts().max(1));
        let inbox = self.number("SELECT pg_total_relation_size('inbox')")?;
        let feed = self.number("SELECT pg_total_relation_size('feed')")?;
        Ok(vec![
            ("disk, an inbox entry".to_owned(), inbox / entries),
            ("disk, a post".to_owned(), feed / posts),
        ])
    }

    fn stop(&mut self) -> Outcome<()> {
        // A fast shutdown: sessions are ended, everything is written.
        self.process.take().map_or(Ok(()), |process| process.stop(Signal::INT, STOPS_WITHIN))
    }

    fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    fn start(&mut self) -> Outcome<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.log());
        let log = log.explain(|| "cannot write the log of PostgreSQL".to_owned())?;
        // What a kill left behind; nobody else is on this directory.
        wait_for_orphans(&self.data());
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting])).stderr(log);
        self.process = Some(Process::spawn("postgres", &mut command)?);
        Ok(())
    }
}

/// Sessions notice soon that their postmaster is gone; until then a new one refuses to start.
fn wait_for_orphans(data: &Path) {
    let data = data.display().to_string();
    let begun = Instant::now();
    let runs = || {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        processes.into_iter().any(|process| {
            let directory = std::fs::read_link(process.path().join("cwd"));
            directory.is_ok_and(|directory| directory.display().to_string() == data)
        })
    };
    while begun.elapsed() < Duration::from_secs(20) && runs() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn query_on(stream: &mut std::net::TcpStream, statements: &str) -> Outcome<()> {
    crate::wire::postgres::execute(stream, statements).map(drop)
}

/// User and group of the account that packages make for it, else of nobody.
fn account() -> Outcome<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd");
    let accounts = accounts.explain(|| "cannot read /etc/passwd".to_owned())?;
    let find = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).ok_or_else(|| {
        Failure::mistake("PostgreSQL does not run as root, and there is no other user")
    })
}
