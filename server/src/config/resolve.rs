//! Many places, one value: defaults < TOML file < environment < flags.
//!
//! Every value remembers its [`Origin`], so that `--check-config` can show it and a refusal can name
//! the place to change. The environment is handed in as a function, so that tests own it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use fanfold_engine::{
    BOARD_MAX, DEVICES_MAX, DeliveryOptions, GROUPS_MAX, Options, SEGMENT_BYTES_MAX,
    SEGMENT_BYTES_MIN, TEXT_BYTES_MAX,
};

use super::settings::{SETTINGS, Setting};
use super::{Config, file, parse};
use crate::exit::Failure;
use crate::limits::Timeouts;

/// Smallest and largest log segment, as the engine takes them.
const SEGMENT_BYTES: RangeInclusive<u64> = SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX;

/// What was typed on the command line: setting name and text, and the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// Name of the setting (without dashes) and its text.
    pub values: Vec<(&'static str, String)>,
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "precedence is a complete, documented list")]
pub enum Origin {
    /// Nobody gave one.
    Default,
    /// A line of the TOML file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

/// The checked configuration, and for each setting its text and where that came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What is meant.
    pub config: Config,
    values: BTreeMap<&'static str, Value>,
}

#[derive(Clone, Debug)]
struct Value {
    text: String,
    origin: Origin,
}

/// Merges the places and checks the result. `environment` answers for one variable.
pub fn resolve(
    typed: &Typed,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, Failure> {
    let mut values = defaults();
    let from_variable = environment("FANFOLD_CONFIG").map(PathBuf::from);
    if let Some(path) = typed.config.clone().or(from_variable) {
        add_file(&mut values, &path)?;
    }
    add_environment(&mut values, environment);
    add_flags(&mut values, typed);
    let config = Values(&values).config()?;
    config.check_spelled(&|name| Values(&values).spell(name))?;
    Ok(Resolved { config, values })
}

impl Resolved {
    /// Where the value of the setting `name` came from.
    #[must_use]
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.values.get(name).map(|value| &value.origin)
    }
}

/// One line a setting: name, value, origin.
impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &SETTINGS {
            if let Some(Value { text, origin }) = self.values.get(setting.name) {
                writeln!(f, "{:<22} = {text:<24} ({origin})", setting.key())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "from {}:{line}", path.display()),
            Self::Environment(variable) => write!(f, "from {variable}"),
            Self::Flag(flag) => write!(f, "from {flag}"),
        }
    }
}

fn defaults() -> BTreeMap<&'static str, Value> {
    let row = |setting: &Setting| {
        (setting.name, Value { text: setting.default.to_owned(), origin: Origin::Default })
    };
    SETTINGS.iter().map(row).collect()
}

fn add_file(values: &mut BTreeMap<&'static str, Value>, path: &Path) -> Result<(), Failure> {
    for line in file::read(path)? {
        let origin = Origin::File(path.to_owned(), line.number);
        values.insert(line.setting.name, Value { text: line.text, origin });
    }
    Ok(())
}

fn add_environment(
    values: &mut BTreeMap<&'static str, Value>,
    environment: &dyn Fn(&str) -> Option<String>,
) {
    for setting in &SETTINGS {
        let variable = setting.variable();
        if let Some(text) = environment(&variable) {
            values.insert(setting.name, Value { text, origin: Origin::Environment(variable) });
        }
    }
}

fn add_flags(values: &mut BTreeMap<&'static str, Value>, typed: &Typed) {
    for (name, text) in &typed.values {
        let origin = Origin::Flag(format!("--{name}"));
        values.insert(name, Value { text: text.clone(), origin });
    }
}

struct Values<'a>(&'a BTreeMap<&'static str, Value>);

impl Values<'_> {
    fn config(&self) -> Result<Config, Failure> {
        Ok(Config {
            data: self.take("data", data)?,
            listen: self.take("listen", parse::door)?,
            http: self.take("http", parse::door)?,
            debug: self.take("debug", parse::door)?,
            insecure: self.take("insecure", parse::switch)?,
            max_connections: self
                .take("max-connections", |text| parse::count(text, 1..=1_000_000))?,
            workers: self.take("workers", parse::workers)?,
            log_level: self.take("log-level", parse::level)?,
            backup_dir: self.take("backup.dir", parse::directory)?,
            engine: self.engine()?,
            timeouts: Timeouts::default(),
        })
    }

    fn engine(&self) -> Result<Options, Failure> {
        Ok(Options {
            durability: self.take("durability", parse::durability)?,
            followees_max: self.take("max-followees", |text| parse::count(text, 1..=1_000_000))?,
            friends_max: self.take("max-friends", |text| parse::count(text, 1..=1_000_000))?,
            requests_max: self.take("max-requests", |text| parse::count(text, 1..=1_000_000))?,
            groups_max: self.take("max-groups", |text| parse::count(text, 1..=GROUPS_MAX))?,
            members_max: self.take("max-members", |text| parse::count(text, 1..=1_000_000))?,
            comment_bytes_max: self
                .take("max-comment-bytes", |text| parse::count(text, 1..=TEXT_BYTES_MAX))?,
            devices_max: self.take("max-devices", |text| parse::count(text, 1..=DEVICES_MAX))?,
            board_max: self.take("max-board", |text| parse::count(text, 1..=BOARD_MAX))?,
            live_sessions_bytes: self.take("live-sessions-memory", parse::bytes)?,
            live_sessions_age: self.take("live-sessions-age", parse::duration)?,
            segment_bytes: self.take("segment-bytes", segment_bytes)?,
            flush_records: self.take("flush-records", parse::records)?,
            memory_budget: self.take("memory.budget", parse::memory)?,
            erase_within: self.take("erase-within", parse::duration)?,
            keep_revisions: self.take("keep-revisions", parse::switch)?,
            cold_after: self.take("cold-after", parse::duration)?,
            delivery: self.delivery()?,
            tag_weights: self.take("delivery.tag-weights", parse::tag_weights)?,
            ..Options::default()
        })
    }

    fn delivery(&self) -> Result<DeliveryOptions, Failure> {
        let followers = |text: &str| parse::count(text, 1..=1_000_000_000);
        Ok(DeliveryOptions {
            policy: self.take("delivery.policy", parse::policy)?,
            big_author: self.take("delivery.big-author", |text| {
                followers(text).map(|count| u32::try_from(count).unwrap_or(u32::MAX))
            })?,
            active_fans: self.take("delivery.active-fans", followers)?,
            active_window: self.take("delivery.active-window", parse::duration)?,
            ..DeliveryOptions::default()
        })
    }

    fn take<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let Value { text, .. } = self.value(name);
        parse(text).map_err(|what| {
            let key = self.spell(name);
            Failure::mistake(format!("{key} = `{text}`: {what}"))
        })
    }

    /// The setting as it is written where its value stands, to be searched for there.
    fn spell(&self, name: &'static str) -> String {
        match &self.value(name).origin {
            Origin::Default => name.to_owned(),
            Origin::File(path, line) => {
                let key = Setting::by_name(name).map(Setting::key).unwrap_or_default();
                format!("{}:{line}: {key}", path.display())
            }
            Origin::Environment(variable) => variable.clone(),
            Origin::Flag(flag) => flag.clone(),
        }
    }

    fn value(&self, name: &'static str) -> &Value {
        self.0.get(name).expect("every setting has at least its default")
    }
}

fn data(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("not a directory; give a path such as ./fanfold-data".to_owned());
    }
    Ok(PathBuf::from(text))
}

fn segment_bytes(text: &str) -> Result<u64, String> {
    let bytes = parse::bytes(text)?;
    if SEGMENT_BYTES.contains(&bytes) {
        return Ok(bytes);
    }
    Err("out of bounds; a segment has 256K to 1G bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::config::Door;

    fn toml(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn nowhere(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn flags_beat_environment_beats_file() {
        let file = toml("max_followees = 1\nmax_connections = 2\nhttp = \"off\"\n");
        let typed = Typed {
            config: Some(file.path().to_owned()),
            values: vec![("max-followees", "30".to_owned())],
        };
        let environment = |name: &str| match name {
            "FANFOLD_MAX_FOLLOWEES" => Some("10".to_owned()),
            "FANFOLD_MAX_CONNECTIONS" => Some("20".to_owned()),
            _ => None,
        };
        let resolved = resolve(&typed, &environment).unwrap();
        assert_eq!(resolved.config.engine.followees_max, 30);
        assert_eq!(resolved.config.max_connections, 20);
        assert_eq!(resolved.config.http, Door::Off);
        assert_eq!(resolved.origin("data"), Some(&Origin::Default));
        let text = resolved.to_string();
        assert!(text.contains("(from --max-followees)"), "{text}");
        assert!(text.contains("(from FANFOLD_MAX_CONNECTIONS)"), "{text}");
        assert!(text.contains(&format!("(from {}:3)", file.path().display())), "{text}");
    }

    #[test]
    fn the_file_can_be_named_by_the_environment() {
        let file = toml("\n\nport = 3\n");
        let path = file.path().display().to_string();
        let environment = |name: &str| (name == "FANFOLD_CONFIG").then(|| path.clone());
        let failure = resolve(&Typed::default(), &environment).unwrap_err();
        assert!(failure.to_string().starts_with(&format!("{path}:3: unknown key `port`")));
    }

    #[test]
    fn a_refusal_spells_the_key_as_its_source_does() {
        let told = |typed: &Typed, environment: &dyn Fn(&str) -> Option<String>| {
            resolve(typed, environment).unwrap_err().to_string()
        };
        let typed = Typed { config: None, values: vec![("segment-bytes", "1K".to_owned())] };
        let flag = told(&typed, &nowhere);
        assert!(flag.starts_with("--segment-bytes = `1K`: "), "{flag}");
        assert!(flag.ends_with("a segment has 256K to 1G bytes"), "{flag}");
        let variable = |name: &str| (name == "FANFOLD_SEGMENT_BYTES").then(|| "1K".to_owned());
        let environment = told(&Typed::default(), &variable);
        assert!(environment.starts_with("FANFOLD_SEGMENT_BYTES = `1K`: "), "{environment}");
        let file = toml("\nsegment_bytes = \"1K\"\n");
        let path = file.path().display().to_string();
        let typed = Typed { config: Some(file.path().to_owned()), values: Vec::new() };
        let line = told(&typed, &nowhere);
        assert!(line.starts_with(&format!("{path}:2: segment_bytes = `1K`: ")), "{line}");
    }

    #[test]
    fn refused_addresses_are_spelled_so_too() {
        let file = toml("listen = \"0.0.0.0:1\"\n");
        let path = file.path().display().to_string();
        let mut typed = Typed { config: Some(file.path().to_owned()), values: Vec::new() };
        let exposed = resolve(&typed, &nowhere).unwrap_err().to_string();
        assert!(exposed.starts_with(&format!("{path}:1: listen = 0.0.0.0:1 can be")), "{exposed}");
        typed.config = None;
        typed.values = vec![("http", "127.0.0.1:5".to_owned())];
        let variable = |name: &str| (name == "FANFOLD_DEBUG").then(|| "127.0.0.1:5".to_owned());
        let both = resolve(&typed, &variable).unwrap_err().to_string();
        assert!(both.starts_with("--http and FANFOLD_DEBUG are both 127.0.0.1:5"), "{both}");
    }

    #[test]
    fn the_defaults_are_fine() {
        let resolved = resolve(&Typed::default(), &nowhere).unwrap();
        assert_eq!(resolved.config.listen.to_string(), "127.0.0.1:7717");
        assert_eq!(resolved.config.engine.segment_bytes, Options::default().segment_bytes);
        assert_eq!(resolved.config.engine.followees_max, Options::default().followees_max);
    }
}
