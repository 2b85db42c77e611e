//! What was typed on the command line, nothing more.
//!
//! Settings stay text here: they are merged with environment and file, and understood, in `config`.
//! Invariant: each field of [`SettingArgs`] but `config` is a row of the settings table (tested).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Typed;

/// The command line of `fanfoldd`.
#[derive(Debug, Parser)]
#[command(
    name = "fanfoldd",
    version,
    about = "The Fanfold daemon: a feed database that answers `what is new for me?`",
    long_about = "The Fanfold daemon: a feed database that stores who follows whom and what they \
                  post, and answers `what is new for me?`.\n\nWithout a command it serves: \
                  `fanfoldd` is `fanfoldd serve`. Start with `fanfoldd quickstart`.",
    after_help = "Exit codes: 0 done; 1 failure (a port or data directory in use, somebody else's \
                  directory, damaged data); 2 mistake in what was typed or configured.",
    args_conflicts_with_subcommands = true
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `serve`, when no command is given.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What the daemon can do.
#[derive(Debug, Subcommand)]
#[expect(clippy::exhaustive_enums, reason = "read by our own binary only")]
pub enum Command {
    /// Serve a data directory (the default).
    Serve(Box<ServeArgs>),
    /// Load the sample into a fresh directory, show some feeds, and serve.
    ///
    /// The posts are real; the readers and who follows whom are generated (seeded). Without --data
    /// the directory is temporary and removed at the end.
    #[command(
        mut_arg("data", |data| data
            .help("A fresh data directory to keep [default: a temporary directory]")
            .long_help(None)),
        mut_arg("log_level", |level| level
            .help("off, error, warn, info, debug or trace [default: warn]"))
    )]
    Quickstart(Box<SettingArgs>),
    /// Verify every file of a data directory that is not in use.
    ///
    /// Prints one line a damage (file, offset, what) and exits 1 if there is any.
    Check(CheckArgs),
    /// Print any Fanfold file as text.
    Inspect(InspectArgs),
    /// Restore a backup into an empty directory, as of its end or of a moment before.
    ///
    /// The restored database begins a new epoch: ids that the original gave after the backup are
    /// never given again.
    Restore(RestoreArgs),
}

/// Flags of `serve`.
#[derive(Clone, Debug, Default, Args)]
pub struct ServeArgs {
    /// What to serve, and where.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Print the configuration and where each value comes from, and exit.
    #[arg(long)]
    pub check_config: bool,
}

/// The settings, as text.
#[derive(Clone, Debug, Default, Args)]
pub struct SettingArgs {
    /// The data directory [default: ./fanfold-data].
    ///
    /// Created if it is missing. One daemon at a time.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Binary protocol, or `off` [default: 127.0.0.1:7717].
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Metrics and health over HTTP, or `off` [default: 127.0.0.1:7718].
    #[arg(long, value_name = "ADDR:PORT")]
    pub http: Option<String>,
    /// Text commands for telnet and nc, or `off` [default: 127.0.0.1:7719].
    #[arg(long, value_name = "ADDR:PORT")]
    pub debug: Option<String>,
    /// Configuration file (TOML).
    ///
    /// Its keys are the long flags with `_` for `-`. Environment variables (FANFOLD_LISTEN and so
    /// on) win over the file, flags win over both.
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How many authors a user may follow [default: 2000].
    #[arg(long, value_name = "N")]
    pub max_followees: Option<String>,
    /// How many users one may follow when two are befriended [default: 5000].
    #[arg(long, value_name = "N")]
    pub max_friends: Option<String>,
    /// How many requests to follow a private user may have [default: 10000].
    #[arg(long, value_name = "N")]
    pub max_requests: Option<String>,
    /// How many groups a user may have, 1 to 5000 [default: 100].
    #[arg(long, value_name = "N")]
    pub max_groups: Option<String>,
    /// How many members a group may have [default: 2000].
    #[arg(long, value_name = "N")]
    pub max_members: Option<String>,
    /// How many bytes a comment may have, 1 to 65536 [default: 8192].
    #[arg(long, value_name = "N")]
    pub max_comment_bytes: Option<String>,
    /// How many devices of a user may mark a feed, 1 to 4096 [default: 32].
    #[arg(long, value_name = "N")]
    pub max_devices: Option<String>,
    /// Keep the texts of posts that were revised, and let them be read.
    #[arg(long)]
    pub keep_revisions: bool,
    /// How many broadcasts of a user may be scheduled or live, 1 to 10000 [default: 100].
    #[arg(long, value_name = "N")]
    pub max_board: Option<String>,
    /// Memory for the sessions of broadcast feeds, such as 256M [default: 256M].
    ///
    /// Past it the session that was not used for the longest time is over.
    #[arg(long, value_name = "BYTES")]
    pub live_sessions_memory: Option<String>,
    /// A session of a broadcast feed that was not used for this long is over [default: 10m].
    #[arg(long, value_name = "TIME")]
    pub live_sessions_age: Option<String>,
    /// What an acknowledged write survives: fsync, interval, interval:MS or os [default: fsync].
    ///
    /// fsync: everything. interval: a power cut loses at most the last interval (100 ms unless
    /// given). os: a power cut loses what the system had not written yet. A crash of the daemon
    /// alone loses nothing in any mode.
    #[arg(long, value_name = "MODE")]
    pub durability: Option<String>,
    /// Size of a log segment, 256K to 1G [default: 64M].
    #[arg(long, value_name = "N")]
    pub segment_bytes: Option<String>,
    /// Records after which the views are written to files [default: 1000000].
    #[arg(long, value_name = "N")]
    pub flush_records: Option<String>,
    /// Memory for what can also be read from files: a size, or `quarter` of the machine [default:
    /// quarter].
    #[arg(long, value_name = "N")]
    pub memory_budget: Option<String>,
    /// A deleted text is in no file after this long: a number with ms, s, m, h or d [default: 7d].
    #[arg(long, value_name = "TIME")]
    pub erase_within: Option<String>,
    /// Log segments older than this are compressed [default: 30d].
    #[arg(long, value_name = "TIME")]
    pub cold_after: Option<String>,
    /// How posts reach home feeds: pull, push, threshold, active-fans or adaptive [default: adaptive].
    ///
    /// Every policy gives the same answers; they differ in cost. DELIVERY on the debug port changes it
    /// while the daemon runs.
    #[arg(long, value_name = "POLICY")]
    pub delivery_policy: Option<String>,
    /// From so many followers on an author is big, for threshold and active-fans [default: 10000].
    #[arg(long, value_name = "N")]
    pub delivery_big_author: Option<String>,
    /// How many active followers a big author pushes to, for active-fans [default: 100000].
    #[arg(long, value_name = "N")]
    pub delivery_active_fans: Option<String>,
    /// Who did nothing for so long has no inbox until the next read [default: 3d].
    #[arg(long, value_name = "TIME")]
    pub delivery_active_window: Option<String>,
    /// What tags of users weigh for delivery, 0 to 15 each, as in vip=8,press=4 [default: none]
    #[arg(long, value_name = "TAG=WEIGHT,..")]
    pub delivery_tag_weights: Option<String>,
    /// Where backups go, or `off` [default: off].
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<String>,
    /// Connections of the binary port [default: 10000].
    #[arg(long, value_name = "N")]
    pub max_connections: Option<String>,
    /// Threads that serve connections [default: number of cores].
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
    /// Allow addresses that other machines can reach; there is no access control yet.
    #[arg(long)]
    pub insecure: bool,
    /// off, error, warn, info, debug or trace [default: info].
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// Arguments of `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The data directory.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Salvage what is provably good, and list what is not.
    ///
    /// Damaged files are put aside as *.damaged, not deleted; the database begins a new epoch.
    #[arg(long)]
    pub repair: bool,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `restore`.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// The backup, or a data directory that no daemon uses.
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,
    /// The directory to restore into: empty or missing.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Stop at this position (a sequence, or EPOCH:SEQUENCE) or at this time (such as
    /// 2026-11-21T06:30:00Z; UTC unless it names an offset).
    #[arg(long, value_name = "POSITION|TIME")]
    pub until: Option<String>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `inspect`.
#[derive(Clone, Debug, Args)]
pub struct InspectArgs {
    /// A file of a data directory.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

impl SettingArgs {
    /// The settings that were given, by name.
    #[must_use]
    pub fn typed(&self) -> Typed {
        let texts = [
            ("data", &self.data),
            ("listen", &self.listen),
            ("http", &self.http),
            ("debug", &self.debug),
            ("max-followees", &self.max_followees),
            ("max-friends", &self.max_friends),
            ("max-requests", &self.max_requests),
            ("max-groups", &self.max_groups),
            ("max-members", &self.max_members),
            ("max-comment-bytes", &self.max_comment_bytes),
            ("max-devices", &self.max_devices),
            ("max-board", &self.max_board),
            ("live-sessions-memory", &self.live_sessions_memory),
            ("live-sessions-age", &self.live_sessions_age),
            ("durability", &self.durability),
            ("segment-bytes", &self.segment_bytes),
            ("flush-records", &self.flush_records),
            ("memory.budget", &self.memory_budget),
            ("erase-within", &self.erase_within),
            ("cold-after", &self.cold_after),
            ("delivery.policy", &self.delivery_policy),
            ("delivery.big-author", &self.delivery_big_author),
            ("delivery.active-fans", &self.delivery_active_fans),
            ("delivery.active-window", &self.delivery_active_window),
            ("delivery.tag-weights", &self.delivery_tag_weights),
            ("backup.dir", &self.backup_dir),
            ("max-connections", &self.max_connections),
            ("workers", &self.workers),
            ("log-level", &self.log_level),
        ];
        let given = |(name, text): (&'static str, &Option<String>)| Some((name, text.clone()?));
        let mut values: Vec<_> = texts.into_iter().filter_map(given).collect();
        if self.insecure {
            values.push(("insecure", "true".to_owned()));
        }
        if self.keep_revisions {
            values.push(("keep-revisions", "true".to_owned()));
        }
        Typed { config: self.config.clone(), values }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_with_its_default_in_the_help() {
        let command = CommandLine::command();
        for setting in &SETTINGS {
            let name = setting.flag();
            let is_it = |long: &str| name.strip_prefix("--") == Some(long);
            let flag = command.get_arguments().find(|flag| flag.get_long().is_some_and(is_it));
            let help = flag.unwrap().get_help().unwrap().to_string();
            let shown = match setting.name {
                "insecure" | "keep-revisions" => "",
                "workers" => "cores]",
                _ => setting.default,
            };
            assert!(help.contains(shown), "--{}: {help}", setting.name);
        }
    }

    #[test]
    fn every_flag_reaches_its_setting() {
        let mut words = vec!["fanfoldd".to_owned(), "serve".to_owned()];
        for setting in &SETTINGS {
            words.push(setting.flag());
            if !matches!(setting.name, "insecure" | "keep-revisions") {
                words.push(format!("v-{}", setting.name));
            }
        }
        let line = CommandLine::try_parse_from(words).unwrap();
        let Some(Command::Serve(serve)) = line.command else { panic!("not serve") };
        let mut found = serve.settings.typed().values;
        found.sort_unstable();
        let value = |setting: &crate::config::Setting| match setting.name {
            name @ ("insecure" | "keep-revisions") => (name, "true".to_owned()),
            name => (name, format!("v-{name}")),
        };
        let mut expected: Vec<_> = SETTINGS.iter().map(value).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn serve_is_the_default() {
        let line = CommandLine::try_parse_from(["fanfoldd", "--data", "x", "--insecure"]).unwrap();
        assert!(line.command.is_none());
        assert_eq!(line.serve.settings.data.as_deref(), Some("x"));
    }
}
