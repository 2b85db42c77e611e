//! RocksDB as a [`Store`].

use std::path::Path;

use fanfold_benches::{Done, Scene, Store, World};
use rocksdb::{ColumnFamily, DB, ReadOptions, WriteBatch, WriteOptions};

use crate::keys;
use crate::options::{INBOX, OUTBOX, POSTS, database, families};

/// Entries of a page.
const PAGE: usize = 20;

/// Entries written together while loading and delivering.
const BATCH: usize = 10_000;

/// A database that is open.
pub(crate) struct Rocks {
    database: DB,
    /// A post: durable when it is acknowledged, if this scene asks for it.
    writes: WriteOptions,
    /// Entries of inboxes, which could be made again: without a log.
    entries: WriteOptions,
}

impl Rocks {
    pub(crate) fn open(directory: &Path, scene: Scene) -> Done<Self> {
        let opened = DB::open_cf_descriptors(&database(), directory, families());
        let database = opened.map_err(|error| error.to_string())?;
        let (mut writes, mut entries) = (WriteOptions::default(), WriteOptions::default());
        writes.set_sync(scene == Scene::Empty);
        entries.disable_wal(true);
        Ok(Self { database, writes, entries })
    }

    fn family(&self, name: &str) -> Done<&ColumnFamily> {
        self.database.cf_handle(name).ok_or_else(|| format!("there is no family {name}"))
    }

    fn write(&self, batch: WriteBatch, options: &WriteOptions) -> Done<()> {
        self.database.write_opt(batch, options).map_err(|error| error.to_string())
    }

    /// The posts of a user's page, newest first.
    fn newest(&self, user: u64) -> Done<Vec<u64>> {
        let mut found = Vec::with_capacity(PAGE);
        let mut options = ReadOptions::default();
        options.set_prefix_same_as_start(true);
        let mut entries = self.database.raw_iterator_cf_opt(self.family(INBOX)?, options);
        entries.seek(keys::prefix(user));
        while found.len() < PAGE {
            let Some(number) = entries.key().and_then(keys::number) else { break };
            found.push(number);
            entries.next();
        }
        entries.status().map_err(|error| error.to_string())?;
        Ok(found)
    }

    /// Reads posts, newest first; `each` gets their texts, oldest first.
    fn texts_of(&self, newest_first: &[u64], mut each: impl FnMut(&[u8])) -> Done<()> {
        let keys: Vec<[u8; 8]> = newest_first.iter().rev().map(|post| keys::post(*post)).collect();
        let posts = self.family(POSTS)?;
        for found in self.database.batched_multi_get_cf(posts, keys.iter(), true) {
            let post = found.map_err(|error| error.to_string())?;
            each(post.ok_or_else(|| "a post is not there".to_owned())?.get(24..).unwrap_or(&[]));
        }
        Ok(())
    }

    fn bytes_of(&self, posts: &[u64]) -> Done<u64> {
        let mut bytes = 0;
        self.texts_of(posts, |text| bytes += text.len() as u64).map(|()| bytes)
    }

    fn put_post(&self, world: &World, number: u64) -> Done<WriteBatch> {
        let mut batch = WriteBatch::default();
        batch.put_cf(self.family(POSTS)?, keys::post(number), record(world, number));
        batch.put_cf(self.family(OUTBOX)?, keys::entry(world.author(number), number), b"");
        Ok(batch)
    }

    fn bytes_on_disk(&self, family: &str) -> Done<u64> {
        let found = self
            .database
            .property_int_value_cf(self.family(family)?, "rocksdb.total-sst-files-size")
            .map_err(|error| error.to_string())?;
        Ok(found.unwrap_or(0))
    }
}

impl Store for Rocks {
    fn load(&self, world: &World) -> Done<()> {
        for number in 0..world.posts() {
            self.write(self.put_post(world, number)?, &self.entries)?;
        }
        let inbox = self.family(INBOX)?;
        let mut batch = WriteBatch::default();
        for user in 1..=world.users() {
            for number in world.inbox(user) {
                batch.put_cf(inbox, keys::entry(user, number), b"");
            }
            if BATCH <= batch.len() {
                self.write(std::mem::take(&mut batch), &self.entries)?;
            }
        }
        self.write(batch, &self.entries)?;
        for name in [POSTS, INBOX, OUTBOX] {
            let family = self.family(name)?;
            self.database.flush_cf(family).map_err(|error| error.to_string())?;
            self.database.compact_range_cf(family, None::<&[u8]>, None::<&[u8]>);
        }
        // Into the cache with all of it.
        (1..=world.users()).try_for_each(|user| self.page(user).map(drop))
    }

    fn page(&self, user: u64) -> Done<u64> {
        self.bytes_of(&self.newest(user)?)
    }

    fn texts(&self, user: u64) -> Done<Vec<Vec<u8>>> {
        let mut texts = Vec::with_capacity(PAGE);
        self.texts_of(&self.newest(user)?, |text| texts.push(text.to_vec()))?;
        texts.reverse();
        Ok(texts)
    }

    fn merged(&self, world: &World, user: u64) -> Done<u64> {
        let mut best = Vec::with_capacity(4 * PAGE);
        let mut above = 0;
        let mut options = ReadOptions::default();
        options.set_prefix_same_as_start(true);
        let mut entries = self.database.raw_iterator_cf_opt(self.family(OUTBOX)?, options);
        for author in world.followees(user) {
            entries.seek(keys::prefix(u64::from(*author)));
            // Whoever has nothing newer than the twentieth so far is left at once.
            for _ in 0..PAGE {
                match entries.key().and_then(keys::number) {
                    Some(number) if above <= number => best.push(number),
                    _ => break,
                }
                entries.next();
            }
            if 3 * PAGE <= best.len() {
                best.sort_unstable_by(|a, b| b.cmp(a));
                best.truncate(PAGE);
                above = best.last().copied().unwrap_or(0);
            }
        }
        entries.status().map_err(|error| error.to_string())?;
        best.sort_unstable_by(|a, b| b.cmp(a));
        best.truncate(PAGE);
        self.bytes_of(&best)
    }

    fn deliver(&self, world: &World, number: u64) -> Done<()> {
        self.write(self.put_post(world, number)?, &self.writes)?;
        let inbox = self.family(INBOX)?;
        for followers in world.followers(world.author(number)).chunks(BATCH) {
            let mut batch = WriteBatch::default();
            for follower in followers {
                batch.put_cf(inbox, keys::entry(u64::from(*follower), number), b"");
            }
            self.write(batch, &self.entries)?;
        }
        Ok(())
    }

    fn settle(&self) -> Done<()> {
        Ok(())
    }

    fn publish(&self, world: &World, number: u64) -> Done<()> {
        self.write(self.put_post(world, number)?, &self.writes)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are more than any size here needs")]
    fn sizes(&self, world: &World) -> Done<Vec<(String, f64)>> {
        let entries = world.inbox_entries().max(1);
        let inbox = self.bytes_on_disk(INBOX)?;
        let posts = self.bytes_on_disk(POSTS)? + self.bytes_on_disk(OUTBOX)?;
        Ok(vec![
            ("disk, an inbox entry".to_owned(), inbox as f64 / entries as f64),
            ("disk, a post".to_owned(), posts as f64 / world.posts().max(1) as f64),
        ])
    }

    fn stop(&self) -> Done<()> {
        self.database.flush_wal(true).map_err(|error| error.to_string())?;
        for name in [POSTS, INBOX, OUTBOX] {
            self.database.flush_cf(self.family(name)?).map_err(|error| error.to_string())?;
        }
        self.database.cancel_all_background_work(true);
        Ok(())
    }
}

/// A post: author and time, then the text.
fn record(world: &World, number: u64) -> Vec<u8> {
    let mut record = Vec::with_capacity(304);
    for field in [world.author(number), 1_700_000_000_000 + number, 0] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(world.text(number).as_bytes());
    record
}
