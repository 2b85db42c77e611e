//! Writes what was gathered to view files. Nothing is published here: until the manifest names them,
//! the files mean nothing and may be left behind by a crash.

use std::sync::Arc;

use super::gather::{Gathered, Graved, Row};
use super::merge::Source;
use crate::error::Result;
use crate::ids::{DatabaseId, Sequence, UserId};
use crate::limits::NOTICES_MAX;
use crate::log::bytes::{put_u32, put_u64};
use crate::runs::audiences;
use crate::runs::bits::width_of;
use crate::runs::broadcasts::BroadcastFile;
use crate::runs::family::{Family, FamilyWriter};
use crate::runs::file::ViewFile;
use crate::runs::forgotten;
use crate::runs::groups::GroupFile;
use crate::runs::ids::{self, IdFile};
use crate::runs::layout::{family, section_part, view_kind};
use crate::runs::lists;
use crate::runs::marks;
use crate::runs::moderation;
use crate::runs::read_marks;
use crate::runs::reposts::RepostFile;
use crate::runs::revisions;
use crate::runs::run::Entry;
use crate::runs::section::Section;
use crate::runs::writer::{ViewHeader, ViewWriter};
use crate::storage::catalog::Catalog;
use crate::storage::manifest::ViewEntry;
use crate::views::audiences::AudienceRow;
use crate::views::forgotten::{Forgotten, ForgottenRow};
use crate::views::marks::MarkRow;
use crate::views::moderation::ModeratedRow;
use crate::views::notices::ReadMarkRow;
use crate::views::receipts::Remembered;
use crate::views::responses::ListRow;
use crate::views::revisions::RevisedRow;
use crate::views::users::{Ordinal, Tail};

/// The files of one flush.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// What the manifest will list.
    pub(crate) entries: Vec<ViewEntry>,
    pub(crate) users: Option<Arc<IdFile>>,
    pub(crate) posts: Option<Arc<Family>>,
    pub(crate) following: Option<Arc<Family>>,
    pub(crate) followers: Option<Arc<Family>>,
    pub(crate) responses: Option<Arc<Family>>,
    pub(crate) notices: Option<Arc<Family>>,
}

/// Builds files that cover one range of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Builder<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) database: DatabaseId,
    pub(crate) first: Sequence,
    pub(crate) last: Sequence,
}

/// Rows of one family, sorted by owner.
pub(crate) type Rows<'a> = (u8, &'a [Row]);

impl Builder<'_> {
    /// Writes the file of one view for `gathered`.
    pub(crate) fn view(&self, kind: u8, gathered: &Gathered, built: &mut Built) -> Result<()> {
        match kind {
            view_kind::GROUPS => self.groups(&gathered.groups, built),
            view_kind::RESPONSES => self.responses(gathered, built),
            view_kind::REPOSTS => self.reposts(&gathered.reposts, built),
            view_kind::AUDIENCES => self.audiences(&gathered.audiences, built),
            view_kind::NOTICES => self.notices(gathered, built),
            view_kind::MARKS => self.marks(&gathered.marks, built),
            view_kind::REVISIONS => self.revisions(&gathered.revisions, built),
            view_kind::BROADCASTS => self.broadcasts(&gathered.broadcasts, built),
            view_kind::FORGOTTEN => self.forgotten(&gathered.forgotten, built),
            view_kind::MODERATION => self.moderation(&gathered.moderation, built),
            view_kind::RECEIPTS => self.receipts(&gathered.receipts, built),
            view_kind::OUTBOX | view_kind::GRAPH | view_kind::REQUESTS => {
                self.timelines(kind, gathered, built)
            }
            // Of users and graves the log says nothing by itself.
            _ => Ok(()),
        }
    }

    /// Writes the file of groups; none if there is nothing to write.
    pub(crate) fn groups(&self, groups: &GroupFile, built: &mut Built) -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::GROUPS, |file| groups.write(file)).map(|_| ())
    }

    /// Writes the file of reposts; none if there is nothing to write.
    pub(crate) fn reposts(&self, reposts: &RepostFile, built: &mut Built) -> Result<()> {
        if reposts.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::REPOSTS, |file| reposts.write(file)).map(|_| ())
    }

    /// Writes the file of restricted posts; none if there is nothing to write.
    pub(crate) fn audiences(&self, rows: &[AudienceRow], built: &mut Built) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::AUDIENCES, |file| audiences::write(rows, file)).map(|_| ())
    }

    /// Writes the file of responses; none if there is nothing to write.
    fn responses(&self, gathered: &Gathered, built: &mut Built) -> Result<()> {
        let (lists, rows) = (&gathered.lists, &gathered.responses);
        if lists.is_empty() && rows.is_empty() {
            return Ok(());
        }
        let (kind, base) = (view_kind::RESPONSES, self.first);
        let file = self.write(built, kind, |file| {
            lists::write(file, lists)?;
            if rows.is_empty() {
                Ok(())
            } else {
                write_family(file, (family::RESPONSES, rows), base)
            }
        })?;
        built.open(kind, &file)
    }

    /// Writes the file of notices; none if there is nothing to write.
    fn notices(&self, gathered: &Gathered, built: &mut Built) -> Result<()> {
        let (marks, rows) = (&gathered.read_marks, &gathered.notices);
        if marks.is_empty() && rows.is_empty() {
            return Ok(());
        }
        let (kind, base) = (view_kind::NOTICES, self.first);
        let file = self.write(built, kind, |file| {
            read_marks::write(marks, file)?;
            if rows.is_empty() { Ok(()) } else { write_family(file, (family::NOTICES, rows), base) }
        })?;
        built.open(kind, &file)
    }

    /// Writes one file of the notices of several: of each user the newest places.
    pub(crate) fn merged_notices(
        &self,
        marks: &[ReadMarkRow],
        (places, known): (&Source<'_>, &Forgotten),
        built: &mut Built,
    ) -> Result<()> {
        let (kind, base) = (view_kind::NOTICES, self.first);
        let file = self.write(built, kind, |file| {
            read_marks::write(marks, file)?;
            let mut writer = FamilyWriter::begin(file, places.number, 0, base);
            places.each_run(|owner, places| {
                let floor = known.floor(owner);
                let gone = places.partition_point(|(place, _)| *place <= floor);
                writer.push(owner, newest(places.get(gone..).unwrap_or_default()))
            })?;
            writer.finish()
        })?;
        built.open(kind, &file)
    }

    /// Writes one file of the responses of several.
    pub(crate) fn merged_responses(
        &self,
        lists: &[ListRow],
        entries: &Source<'_>,
        built: &mut Built,
    ) -> Result<()> {
        let (kind, base, bits) = (view_kind::RESPONSES, self.first, entries.payload_bits());
        let file = self.write(built, kind, |file| {
            lists::write(file, lists)?;
            let mut writer = FamilyWriter::begin(file, entries.number, bits, base);
            entries.each_run(|owner, entries| writer.push(owner, entries))?;
            writer.finish()
        })?;
        built.open(kind, &file)
    }

    /// Writes the file of read marks; none if there is nothing to write.
    pub(crate) fn marks(&self, rows: &[MarkRow], built: &mut Built) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::MARKS, |file| marks::write(rows, file)).map(|_| ())
    }

    /// Writes the file of revised posts; none if there is nothing to write.
    pub(crate) fn revisions(&self, rows: &[RevisedRow], built: &mut Built) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::REVISIONS, |file| revisions::write(rows, file)).map(|_| ())
    }

    /// Writes the file of broadcasts; none if there is nothing to write.
    pub(crate) fn broadcasts(&self, broadcasts: &BroadcastFile, built: &mut Built) -> Result<()> {
        if broadcasts.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::BROADCASTS, |file| broadcasts.write(file)).map(|_| ())
    }

    /// Writes the file of who is or was forgotten; none if there is nothing to write.
    pub(crate) fn forgotten(&self, rows: &[ForgottenRow], built: &mut Built) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::FORGOTTEN, |file| forgotten::write(rows, file)).map(|_| ())
    }

    /// Writes the file of receipts; none if there is nothing to write.
    pub(crate) fn receipts(&self, receipts: &[Remembered], built: &mut Built) -> Result<()> {
        if receipts.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::RECEIPTS, |file| write_receipts(file, receipts)).map(|_| ())
    }

    /// Writes the file of what is moderated; none if there is nothing to write.
    pub(crate) fn moderation(&self, rows: &[ModeratedRow], built: &mut Built) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write(built, view_kind::MODERATION, |file| moderation::write(rows, file)).map(|_| ())
    }

    /// Writes the file of one timeline view for `gathered`.
    fn timelines(&self, kind: u8, gathered: &Gathered, built: &mut Built) -> Result<()> {
        let outbox = [(family::POSTS, gathered.posts.as_slice())];
        let graph: [Rows<'_>; 4] = [
            (family::FOLLOWING, &gathered.following),
            (family::FOLLOWERS, &gathered.followers),
            (family::MUTES, &gathered.mutes),
            (family::BLOCKS, &gathered.blocks),
        ];
        let requests =
            [(family::PRIVATE, &gathered.private[..]), (family::REQUESTS, &gathered.requests)];
        let rows = match kind {
            view_kind::OUTBOX => &outbox[..],
            view_kind::REQUESTS => &requests[..],
            _ => &graph[..],
        };
        match self.families(built, kind, rows)? {
            Some(file) => built.open(kind, &file),
            None => Ok(()),
        }
    }

    /// Writes the files for `gathered` and for the new `users`. A view that gets nothing gets no
    /// file.
    pub(crate) fn build(&self, gathered: &Gathered, users: Option<&Tail>) -> Result<Built> {
        let mut built = Built::default();
        if let Some(tail) = users {
            self.users(tail.start(), tail.ids(), &mut built)?;
        }
        self.timelines(view_kind::OUTBOX, gathered, &mut built)?;
        self.timelines(view_kind::GRAPH, gathered, &mut built)?;
        self.timelines(view_kind::REQUESTS, gathered, &mut built)?;
        self.groups(&gathered.groups, &mut built)?;
        self.responses(gathered, &mut built)?;
        self.reposts(&gathered.reposts, &mut built)?;
        self.audiences(&gathered.audiences, &mut built)?;
        self.notices(gathered, &mut built)?;
        self.marks(&gathered.marks, &mut built)?;
        self.revisions(&gathered.revisions, &mut built)?;
        self.broadcasts(&gathered.broadcasts, &mut built)?;
        self.forgotten(&gathered.forgotten, &mut built)?;
        self.moderation(&gathered.moderation, &mut built)?;
        self.receipts(&gathered.receipts, &mut built)?;
        Ok(built)
    }

    /// Writes the file of all graves, if there are any. Graves are of any age: their distances count
    /// from the very beginning.
    pub(crate) fn graves(&self, graves: &Graved, built: &mut Built) -> Result<()> {
        let rows: Vec<Rows<'_>> =
            graves.iter().map(|(family, rows)| (*family, rows.as_slice())).collect();
        let whole = Builder { first: Sequence(0), ..*self };
        whole.families(built, view_kind::GRAVES, &rows).map(|_| ())
    }

    /// Writes one file of users, the first of which has ordinal `start`.
    pub(crate) fn users(&self, start: Ordinal, users: &[UserId], built: &mut Built) -> Result<()> {
        let file = self.write(built, view_kind::USERS, |file| ids::write(file, users))?;
        built.users = Some(Arc::new(IdFile::open(&file, start)?));
        Ok(())
    }

    /// Writes one file of what holds of several.
    pub(crate) fn merged(&self, kind: u8, sources: &[Source<'_>], built: &mut Built) -> Result<()> {
        let base = self.first;
        let file = self.write(built, kind, |file| {
            sources.iter().try_for_each(|source| {
                let bits = source.payload_bits();
                let mut writer = FamilyWriter::begin(file, source.number, bits, base);
                source.each_run(|owner, entries| writer.push(owner, entries))?;
                writer.finish()
            })
        })?;
        built.open(kind, &file)
    }

    /// Writes one file of the families that have rows; `None` if none has.
    pub(crate) fn families(
        &self,
        built: &mut Built,
        kind: u8,
        families: &[Rows<'_>],
    ) -> Result<Option<Arc<ViewFile>>> {
        if families.iter().all(|(_, rows)| rows.is_empty()) {
            return Ok(None);
        }
        let base = self.first;
        let file = self.write(built, kind, |file| {
            let filled = families.iter().filter(|(_, rows)| !rows.is_empty());
            filled.into_iter().try_for_each(|rows| write_family(file, *rows, base))
        })?;
        Ok(Some(file))
    }

    fn write(
        &self,
        built: &mut Built,
        kind: u8,
        content: impl FnOnce(&mut ViewWriter) -> Result<()>,
    ) -> Result<Arc<ViewFile>> {
        let (storage, number) = (self.catalog.storage(), self.catalog.take_number());
        let (first, last) = (self.first, self.last);
        let mut entry = ViewEntry { kind, number, first, last, len: 0 };
        let salt = crate::random::random_u64();
        let header = ViewHeader { database: self.database, view: kind, first, last, salt };
        let name = entry.name();
        let mut writer = ViewWriter::create(storage, &name, &header)?;
        content(&mut writer)?;
        writer.finish(storage)?;
        let file = ViewFile::open(storage, &name)?;
        entry.len = file.len();
        built.entries.push(entry);
        Ok(Arc::new(file))
    }
}

impl Built {
    /// Opens the families of a new file that readers use.
    fn open(&mut self, kind: u8, file: &Arc<ViewFile>) -> Result<()> {
        let open = |number| Ok(Family::open(file, number)?.map(Arc::new));
        if kind == view_kind::OUTBOX {
            self.posts = open(family::POSTS)?;
        } else if kind == view_kind::RESPONSES {
            self.responses = open(family::RESPONSES)?;
        } else if kind == view_kind::NOTICES {
            self.notices = open(family::NOTICES)?;
        } else if kind == view_kind::GRAPH {
            self.following = open(family::FOLLOWING)?;
            self.followers = open(family::FOLLOWERS)?;
        }
        Ok(())
    }
}

/// Of places, ascending, those that may be in a window.
fn newest(places: &[Entry]) -> &[Entry] {
    places.get(places.len().saturating_sub(NOTICES_MAX)..).unwrap_or_default()
}

fn write_family(file: &mut ViewWriter, (family, rows): Rows<'_>, base: Sequence) -> Result<()> {
    let widest = rows.iter().map(|(_, (_, payload))| *payload).max().unwrap_or(0);
    let mut writer = FamilyWriter::begin(file, family, width_of(u64::from(widest)), base);
    let mut entries: Vec<Entry> = Vec::new();
    for run in rows.chunk_by(|(one, _), (other, _)| one == other) {
        entries.clear();
        entries.extend(run.iter().map(|(_, entry)| *entry));
        let owner = run.first().map_or(Ordinal(0), |(owner, _)| *owner);
        writer.push(owner, &entries)?;
    }
    writer.finish()
}

fn write_receipts(file: &mut ViewWriter, receipts: &[Remembered]) -> Result<()> {
    let offset = file.offset();
    let mut bytes = Vec::new();
    for receipt in receipts {
        put_u32(&mut bytes, receipt.scope.0);
        put_u32(&mut bytes, receipt.answered.number());
        put_u64(&mut bytes, receipt.sequence.0);
        put_u64(&mut bytes, receipt.fingerprint);
        bytes.extend_from_slice(&receipt.key.0);
    }
    file.write(&bytes)?;
    let count = receipts.len() as u64;
    let part = section_part::ARRAY;
    file.end_section(Section { family: 0, part, payload_bits: 0, count, offset, len: 0 });
    Ok(())
}
