//! Who is to get a big author's posts before others: weights of follows and tags of users, as the
//! application gave them. A hint: it moves cost and order of delivery, never an answer, and is
//! no part of a digest.
//!
//! A weight comes with its follow and goes with it; it is in the log. A tag is not; both are kept in a
//! file beside the view files (see [`rank_file`](super::rank_file)).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::HashMap;

use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::limits::{TAG_NAME_BYTES_MAX, TAG_NAMES_MAX, TAGGED_MAX, TAGS_MAX};
use crate::log::record::Effect;
use crate::views::users::Ordinal;

/// The largest weight of a follow, and the most that all tags of a user come to.
pub(crate) const WEIGHT_MAX: u8 = 15;

/// A power of two: a shard that changes after it was frozen is copied, in a fraction of a millisecond.
const SHARDS: usize = 64;

/// What a tag weighs of which the settings say nothing.
const TAG_WEIGHT_DEFAULT: u8 = 1;

/// The weights of some authors' followers, and the tags of some users.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shard {
    /// By author and reader; weights of 0 are not here.
    pub(crate) weights: HashMap<(u32, u32), u8>,
    /// As places in the list of names.
    pub(crate) tags: HashMap<u32, Vec<u8>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ranks {
    shards: Vec<Arc<Shard>>,
    /// How many follows have a weight, and how many users tags.
    weighted: usize,
    tagged: usize,
    /// All names that were ever given, each with its weight.
    names: Vec<(String, u8)>,
    /// Weights of names, by the settings.
    settings: Vec<(String, u8)>,
    /// Counts changes.
    version: u64,
    /// The version that the file has.
    written: AtomicU64,
    frozen: Frozen,
}

/// All of it as it was at some position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frozen {
    pub(crate) position: Sequence,
    pub(crate) version: u64,
    pub(crate) shards: Vec<Arc<Shard>>,
    pub(crate) names: Vec<String>,
}

impl Default for Ranks {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Arc::default()).collect(),
            weighted: 0,
            tagged: 0,
            names: Vec::new(),
            settings: Vec::new(),
            version: 0,
            written: AtomicU64::new(0),
            frozen: Frozen::default(),
        }
    }
}

impl Ranks {
    /// From now on tags weigh what the settings say.
    pub(crate) fn set_tag_weights(&mut self, settings: &[(String, u8)]) {
        self.settings = settings.to_vec();
        let weights: Vec<u8> = self.names.iter().map(|(name, _)| self.weight_of(name)).collect();
        self.names.iter_mut().zip(weights).for_each(|((_, weight), new)| *weight = new);
    }

    /// Keeps up with a record.
    pub(crate) fn apply(&mut self, effect: &Effect, subject: Ordinal, other: Option<Ordinal>) {
        let Some(other) = other else { return };
        match effect {
            Effect::Follow { weight, .. } => self.set_weight(subject, other, weight.unwrap_or(0)),
            Effect::Befriend(befriend) => {
                let ways = [(subject, other, befriend.forth), (other, subject, befriend.back)];
                for (reader, author, _) in ways.into_iter().filter(|(_, _, half)| half.is_new) {
                    self.set_weight(reader, author, befriend.weight());
                }
            }
            Effect::Weigh { weight, .. } => self.set_weight(subject, other, *weight),
            Effect::Unfollow { .. } => self.set_weight(subject, other, 0),
            Effect::Block { .. } => {
                self.set_weight(subject, other, 0);
                self.set_weight(other, subject, 0);
            }
            _ => {}
        }
    }

    /// What a follow weighs.
    pub(crate) fn weight(&self, reader: Ordinal, author: Ordinal) -> u8 {
        if self.weighted == 0 {
            return 0;
        }
        self.shard(author).and_then(|s| s.weights.get(&(author.0, reader.0))).copied().unwrap_or(0)
    }

    /// How many follows have one.
    pub(crate) fn weighted(&self) -> usize {
        self.weighted
    }

    pub(crate) fn set_weight(&mut self, reader: Ordinal, author: Ordinal, weight: u8) {
        // Most follows have none and get none: their shards are not touched.
        if self.weight(reader, author) == weight {
            return;
        }
        let Some(shard) = self.shard_mut(author) else { return };
        let key = (author.0, reader.0);
        let before = match weight {
            0 => shard.weights.remove(&key),
            weight => shard.weights.insert(key, weight),
        };
        let (was, is) = (before.is_some(), weight != 0);
        self.weighted = self.weighted + usize::from(is) - usize::from(was);
    }

    /// Gives a user a tag, or takes it away; whether that changed anything.
    pub(crate) fn set_tag(&mut self, user: Ordinal, name: &str, is_set: bool) -> Result<bool> {
        let known = self.names.iter().position(|(known, _)| known == name);
        let has = self.places(user);
        let place = known.unwrap_or(self.names.len());
        let tag = u8::try_from(place).ok();
        if tag.is_some_and(|tag| known.is_some() && has.contains(&tag)) == is_set {
            return Ok(false);
        }
        let Some(tag) = tag else {
            return Err(over(&format!("there are {TAG_NAMES_MAX} names of tags"), TAG_NAMES_MAX));
        };
        if is_set && TAGS_MAX <= has.len() {
            return Err(over(&format!("the user has {TAGS_MAX} tags already"), TAGS_MAX));
        }
        if is_set && has.is_empty() && TAGGED_MAX <= self.tagged {
            return Err(over(&format!("{TAGGED_MAX} users have tags"), TAGGED_MAX));
        }
        let mut places = has.to_vec();
        match is_set {
            true => places.push(tag),
            false => places.retain(|place| *place != tag),
        }
        if known.is_none() {
            self.names.push((name.to_owned(), self.weight_of(name)));
        }
        let Some(shard) = self.shard_mut(user) else { return Ok(false) };
        let before = match places.is_empty() {
            true => shard.tags.remove(&user.0),
            false => shard.tags.insert(user.0, places),
        };
        let (was, is) = (before.is_some(), is_set || before.is_some_and(|tags| 1 < tags.len()));
        self.tagged = self.tagged + usize::from(is) - usize::from(was);
        Ok(true)
    }

    /// The user has no tags any more. Weights go with their follows.
    pub(crate) fn forget(&mut self, user: Ordinal) {
        if self.places(user).is_empty() {
            return;
        }
        let gone = self.shard_mut(user).and_then(|shard| shard.tags.remove(&user.0));
        self.tagged -= usize::from(gone.is_some());
    }

    /// The user's tags, as places in the list of names.
    fn places(&self, user: Ordinal) -> &[u8] {
        if self.tagged == 0 {
            return &[];
        }
        self.shard(user).and_then(|shard| shard.tags.get(&user.0)).map_or(&[], Vec::as_slice)
    }

    /// Of users and authors alike.
    fn shard(&self, user: Ordinal) -> Option<&Shard> {
        self.shards.get(user.index() % SHARDS).map(Arc::as_ref)
    }

    fn shard_mut(&mut self, user: Ordinal) -> Option<&mut Shard> {
        self.version += 1;
        self.shards.get_mut(user.index() % SHARDS).map(Arc::make_mut)
    }

    /// What the application says of a reader: the weight of their follow, and their tags.
    pub(crate) fn bonus(&self, reader: Ordinal, author: Ordinal) -> u8 {
        self.weight(reader, author) + self.tag_weight(reader)
    }

    fn tag_weight(&self, user: Ordinal) -> u8 {
        let weights = self.places(user).iter().filter_map(|tag| self.names.get(usize::from(*tag)));
        weights.fold(0, |sum: u8, (_, weight)| sum.saturating_add(*weight)).min(WEIGHT_MAX)
    }

    fn weight_of(&self, name: &str) -> u8 {
        let set = self.settings.iter().find(|(known, _)| known == name);
        set.map_or(TAG_WEIGHT_DEFAULT, |(_, weight)| *weight)
    }

    /// Sets all of it apart as it is now, at that position.
    pub(crate) fn freeze(&mut self, position: Sequence) {
        let names = self.names.iter().map(|(name, _)| name.clone()).collect();
        let (version, shards) = (self.version, self.shards.clone());
        self.frozen = Frozen { position, version, shards, names };
    }

    /// What was set apart, unless the file has it.
    pub(crate) fn to_write(&self) -> Option<Frozen> {
        let is_written = self.frozen.version == self.written.load(Ordering::Relaxed);
        (!is_written).then(|| self.frozen.clone())
    }

    /// The file has that version.
    pub(crate) fn note_written(&self, version: u64) {
        self.written.store(version, Ordering::Relaxed);
    }

    /// What is here is what the file has.
    pub(crate) fn note_read(&self) {
        self.note_written(self.version);
    }
}

fn over(what: &str, max: usize) -> Error {
    Error::limit(format!("{what}; the limit is {max}"))
}

/// Refuses names that no tag can have.
pub(crate) fn check_tag(name: &str) -> Result<()> {
    if name.is_empty() || TAG_NAME_BYTES_MAX < name.len() {
        let len = name.len();
        let what = format!("a tag of {len} bytes; it may have 1 to {TAG_NAME_BYTES_MAX}");
        return Err(Error::invalid(what));
    }
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(is_good) {
        let what = format!("tag {name:?} may have letters, digits, `.`, `_` and `-` alone");
        return Err(Error::invalid(what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: Ordinal = Ordinal(3);
    const AUTHOR: Ordinal = Ordinal(70);

    #[test]
    fn weights_and_tags_add_up() {
        let mut ranks = Ranks::default();
        ranks.set_tag_weights(&[("vip".to_owned(), 8), ("nobody".to_owned(), 0)]);
        assert_eq!(ranks.bonus(READER, AUTHOR), 0);
        ranks.set_weight(READER, AUTHOR, 15);
        ranks.set_weight(AUTHOR, READER, 4);
        assert_eq!((ranks.bonus(READER, AUTHOR), ranks.weighted()), (15, 2));
        for (tag, bonus) in [("vip", 23), ("press", 24), ("nobody", 24)] {
            assert!(ranks.set_tag(READER, tag, true).unwrap());
            assert!(!ranks.set_tag(READER, tag, true).unwrap(), "twice");
            assert_eq!(ranks.bonus(READER, AUTHOR), bonus);
        }
        assert_eq!(ranks.places(READER), [0, 1, 2]);
        ranks.set_tag_weights(&[("vip".to_owned(), 15)]);
        assert_eq!(ranks.bonus(READER, AUTHOR), 30, "tags come to 15 at most");
        assert!(ranks.set_tag(READER, "vip", false).unwrap());
        assert!(!ranks.set_tag(READER, "vip", false).unwrap());
        assert!(!ranks.set_tag(AUTHOR, "new", false).unwrap());
        assert_eq!(ranks.bonus(READER, AUTHOR), 17);
        ranks.set_weight(READER, AUTHOR, 0);
        assert_eq!((ranks.bonus(READER, AUTHOR), ranks.weighted()), (2, 1));
        for tag in ["press", "nobody"] {
            assert_eq!(ranks.tagged, 1);
            assert!(ranks.set_tag(READER, tag, false).unwrap());
        }
        assert_eq!(ranks.tagged, 0);
    }

    #[test]
    fn what_is_frozen_stays_as_it_was() {
        let mut ranks = Ranks::default();
        ranks.freeze(Sequence(1));
        assert!(ranks.to_write().is_none(), "nothing to write");
        ranks.set_weight(READER, AUTHOR, 5);
        ranks.freeze(Sequence(1));
        ranks.set_weight(READER, AUTHOR, 6);
        let frozen = ranks.to_write().unwrap();
        let weights = frozen.shards.iter().flat_map(|shard| shard.weights.values().copied());
        assert_eq!(weights.collect::<Vec<_>>(), [5]);
        ranks.note_written(frozen.version);
        assert!(ranks.to_write().is_none(), "that is written");
        ranks.freeze(Sequence(1));
        assert!(ranks.to_write().is_some());
    }

    #[test]
    fn tags_have_bounds() {
        let mut ranks = Ranks::default();
        for n in 0..TAGS_MAX {
            ranks.set_tag(READER, &format!("t{n}"), true).unwrap();
        }
        let message = ranks.set_tag(READER, "more", true).unwrap_err().to_string();
        assert!(message.contains("8 tags already; the limit is 8"), "{message}");
        for user in 100..400 {
            let name = format!("n{user}");
            let set = ranks.set_tag(Ordinal(user), &name, true);
            assert_eq!(set.is_ok(), user < 100 + 256 - 8, "{name}: {set:?}");
        }
        for bad in ["", "two words", "caf\u{e9}", &"x".repeat(33)] {
            assert!(check_tag(bad).is_err(), "{bad}");
        }
        assert!(check_tag(&"x".repeat(32)).is_ok());
    }
}
