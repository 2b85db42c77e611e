//! The settings of `fanfoldd serve`: one row each, with the three places it can be given in.
//!
//! The table is the single source of the names: the flag, the environment variable and the TOML key
//! are spelled from it, `--check-config` prints it, and a test compares `OPERATIONS.md` with it.
//! Not here: what a value means; that is `resolve.rs`.

/// One setting: its name, its default, its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The flag without its dashes, such as `max-followees`. A dot divides a TOML table from its key.
    pub name: &'static str,
    /// The value when nobody gives one.
    pub default: &'static str,
}

/// All settings, in the order `--check-config` prints them.
pub const SETTINGS: [Setting; 31] = [
    Setting { name: "data", default: "./fanfold-data" },
    Setting { name: "listen", default: "127.0.0.1:7717" },
    Setting { name: "http", default: "127.0.0.1:7718" },
    Setting { name: "debug", default: "127.0.0.1:7719" },
    Setting { name: "insecure", default: "false" },
    Setting { name: "durability", default: "fsync" },
    Setting { name: "segment-bytes", default: "64M" },
    Setting { name: "flush-records", default: "1000000" },
    Setting { name: "memory.budget", default: "quarter" },
    Setting { name: "erase-within", default: "7d" },
    Setting { name: "keep-revisions", default: "false" },
    Setting { name: "cold-after", default: "30d" },
    Setting { name: "delivery.policy", default: "adaptive" },
    Setting { name: "delivery.big-author", default: "10000" },
    Setting { name: "delivery.active-fans", default: "100000" },
    Setting { name: "delivery.active-window", default: "3d" },
    Setting { name: "delivery.tag-weights", default: "none" },
    Setting { name: "backup.dir", default: "off" },
    Setting { name: "max-followees", default: "2000" },
    Setting { name: "max-friends", default: "5000" },
    Setting { name: "max-requests", default: "10000" },
    Setting { name: "max-groups", default: "100" },
    Setting { name: "max-members", default: "2000" },
    Setting { name: "max-comment-bytes", default: "8192" },
    Setting { name: "max-devices", default: "32" },
    Setting { name: "max-board", default: "100" },
    Setting { name: "live-sessions-memory", default: "256M" },
    Setting { name: "live-sessions-age", default: "10m" },
    Setting { name: "max-connections", default: "10000" },
    Setting { name: "workers", default: "cores" },
    Setting { name: "log-level", default: "info" },
];

impl Setting {
    /// The setting of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// The setting with that TOML key.
    #[must_use]
    pub fn by_key(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key() == key)
    }

    /// The flag, such as `--max-followees`.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('.', "-"))
    }

    /// The environment variable, such as `FANFOLD_MAX_FOLLOWEES`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("FANFOLD_{}", self.key().replace('.', "_").to_ascii_uppercase())
    }

    /// The TOML key, such as `max_followees` or `memory.budget`.
    #[must_use]
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }
}
